#!/usr/bin/env bash
# Audits the dependencies: what is installed is what requirements.lock says, and no version of it has a known
# vulnerability. Status 1: something is wrong, or the advisory service cannot be reached, so that nothing was audited.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python scripts/check_lock.py
tool=build/audit
if [ ! -x "$tool/bin/pip-audit" ]; then
    # apart, because its own dependencies are none of ours
    /usr/bin/python3 -m venv "$tool"
    "$tool/bin/python" -m pip install -qq 'pip-audit>=2.9,<3'
fi
# strict: a package that the service does not know is a failure, and so is one that could not be asked about
if ! found=$("$tool/bin/pip-audit" --strict --progress-spinner off --vulnerability-service osv \
    --no-deps --disable-pip --requirement requirements.lock 2>&1); then
    case $found in
        *ConnectionError* | *Timeout* | *'Connection error'*)
            echo 'audit: the advisory service cannot be reached; only the installed versions were checked' >&2 ;;
        *) echo "$found" >&2 ;;
    esac
    exit 1
fi
echo 'audit: no known vulnerability in requirements.lock'
