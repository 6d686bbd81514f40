#!/usr/bin/env bash
# Brings a bare Debian to where Foresight runs (setup.sh run) or is developed and tested (setup.sh dev):
# system packages where missing, .venv, the package itself, in the versions of requirements.lock.
# Idempotent: a second call with nothing to do returns in well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

part=${1:-dev}
case $part in
    run) lists=(scripts/packages-run.txt) extras='' ;;
    dev) lists=(scripts/packages-run.txt scripts/packages-dev.txt) extras='[dev]' ;;
    *) echo "setup: $part is neither run nor dev" >&2; exit 2 ;;
esac

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

wanted=$(sed '/^#/d; /^$/d' "${lists[@]}" | sort)
# shellcheck disable=SC2086  # one word a package
installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sort -u)
missing=$(comm -23 <(echo "$wanted") <(echo "$installed"))
if [ -n "$missing" ]; then
    echo "setup: installing" $missing
    as_root apt-get update -qq
    # RUNLEVEL=1: nothing that the packages bring is started as a service
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# a stamp for each part: what is there was installed from these files; dev includes run
fingerprint=$(cat pyproject.toml requirements.lock scripts/setup.sh | sha256sum | cut -d' ' -f1)
is_done() { [ "$(cat ".venv/.foresight-$1" 2>/dev/null || true)" = "$fingerprint" ]; }
if ! is_done dev && ! is_done "$part"; then
    echo "setup: building .venv ($part)"
    [ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
    .venv/bin/python -m pip install -qq --constraint requirements.lock --editable ".$extras"
    if [ "$part" = dev ]; then
        # alone, because its dependency would build PyGObject anew beside Debian's
        .venv/bin/python -m pip install -qq --constraint requirements.lock --no-deps PyGObject-stubs
    fi
    echo "$fingerprint" > ".venv/.foresight-$part"
fi
