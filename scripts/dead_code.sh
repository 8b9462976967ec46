#!/usr/bin/env bash
# Functions, methods, classes and imports that nothing uses (settings: pyproject.toml). Variables and
# attributes are left out: fields of models and of Blender's objects are read by other programs.
set -euo pipefail
vulture=${1:-.venv/bin/vulture}
status=0
found=$("$vulture") || status=$?
case $status in
0 | 3) ;; # 3: something was found
*)
    echo "$found" >&2
    exit "$status"
    ;;
esac
if grep -vE "unused (variable|attribute) " <<<"$found" | grep .; then
    echo "dead code: remove it, or use it" >&2
    exit 1
fi
