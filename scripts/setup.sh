#!/usr/bin/env bash
# Sets up a bare Debian for running Foresight (setup.sh run), or for developing and testing it (setup.sh dev):
# missing system packages, .venv, and the package itself, in the versions of requirements.lock.
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
# shellcheck disable=SC2086  # one word per package
installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sort -u)
missing=$(comm -23 <(echo "$wanted") <(echo "$installed"))
if [ -n "$missing" ]; then
    echo "setup: installing" $missing
    as_root apt-get update -qq
    # RUNLEVEL=1: do not start services that the packages contain
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# a stamp for each part names the files from which it was installed; dev includes run
fingerprint=$(cat pyproject.toml requirements.lock scripts/setup.sh | sha256sum | cut -d' ' -f1)
is_done() { [ "$(cat ".venv/.foresight-$1" 2>/dev/null || true)" = "$fingerprint" ]; }
if ! is_done dev && ! is_done "$part"; then
    echo "setup: building .venv ($part)"
    [ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
    .venv/bin/python -m pip install -qq --constraint requirements.lock --editable ".$extras"
    if [ "$part" = dev ]; then
        # separately, because its dependency would build another PyGObject beside Debian's
        .venv/bin/python -m pip install -qq --constraint requirements.lock --no-deps PyGObject-stubs
    fi
    echo "$fingerprint" > ".venv/.foresight-$part"
fi
