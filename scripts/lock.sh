#!/usr/bin/env bash
# Renews requirements.lock: resolves pyproject.toml in an empty environment and freezes it.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3.11}" -m venv "$scratch/env"
"$scratch/env/bin/python" -m pip install --quiet --upgrade "pip>=25.1"
"$scratch/env/bin/python" -m pip install --quiet . --group dev
{
    echo "# Every package of the environment, pinned; renewed by scripts/lock.sh from pyproject.toml."
    # A local version (2.13.0+cpu) is on no index; its public version is.
    "$scratch/env/bin/python" -m pip freeze --exclude hoi-platform | sed -E 's/\+[a-z0-9.]+$//'
} > requirements.lock
