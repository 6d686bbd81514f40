#!/usr/bin/env bash
# Writes requirements.lock: the newest versions that pyproject.toml allows, as pip's constraints for `make setup` and CI.
# PyGObject is not included: it comes from Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 -m venv "$work/venv"  # without Debian's packages, so that each dependency gets a version here
"$work/venv/bin/python" -m pip install -qq '.[dev]'
"$work/venv/bin/python" -m pip install -qq --no-deps 'PyGObject-stubs>=2.11,<3'
{
    echo '# Made by `make lock`: the versions that `make setup` installs, for pip install --constraint.'
    "$work/venv/bin/python" -m pip freeze --exclude foresight
} > "$work/requirements.lock"
if grep -nE '@|/' <(grep -v '^#' "$work/requirements.lock"); then
    echo 'lock: a dependency came from a file or an address' >&2
    exit 1
fi
mv "$work/requirements.lock" requirements.lock
