#!/usr/bin/env bash
# Brings a bare Debian to where Foresight runs: system packages where missing, .venv, the package itself.
# Idempotent: a second call with nothing to do returns in well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

wanted=$(grep -vE '^\s*(#|$)' scripts/packages.txt)
missing=()
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    as_root apt-get update -qq
    # policy-rc.d answers 101: nothing that the packages bring is started as a service
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

stamp=.venv/.foresight-stamp
fingerprint=$(cat pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$fingerprint" ]; then
    echo "setup: building .venv"
    [ -x .venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages .venv
    .venv/bin/python -m pip install -qq --editable '.[dev]'
    # alone, because its dependency would build PyGObject anew beside Debian's
    .venv/bin/python -m pip install -qq --no-deps 'PyGObject-stubs>=2.11'
    echo "$fingerprint" > "$stamp"
fi
