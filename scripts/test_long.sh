#!/usr/bin/env bash
# Runs the long tests in parts of at most an hour. A part that passed on this commit, with a clean
# working tree, is not repeated. PYTEST names pytest, PART one part (default: all).
set -uo pipefail
cd "$(dirname "$0")/.."

parts="signals:hoi_platform_tests/platform/test_signals.py
chains:hoi_platform_tests/platform
payments:hoi_platform_tests/services/video
ledger:hoi_platform_tests/services/ledger
services:hoi_platform_tests/services
core:hoi_platform_tests/core"

commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain)" ] || commit=""
passed=".long/$commit"

paths_of() {
    case $1 in
        chains) echo "hoi_platform_tests/platform --ignore=hoi_platform_tests/platform/test_signals.py" ;;
        services) echo "hoi_platform_tests/services --ignore=hoi_platform_tests/services/video --ignore=hoi_platform_tests/services/ledger" ;;
        *) sed -n "s/^$1://p" <<<"$parts" ;;
    esac
}

run_part() {
    if [ -n "$commit" ] && [ -e "$passed/$1" ]; then
        echo "long tests, part $1: passed on this commit already"
        return 0
    fi
    echo "long tests, part $1"
    # shellcheck disable=SC2046 # a list of arguments
    timeout 3600 "${PYTEST:-pytest}" -m long --timeout 3500 $(paths_of "$1")
    local status=$?
    [ $status -eq 5 ] && status=0  # no test of this part is a long one
    [ $status -eq 124 ] && echo "long tests, part $1: took more than an hour"
    [ $status -ne 0 ] || [ -z "$commit" ] || { mkdir -p "$passed" && touch "$passed/$1"; }
    return $status
}

names=$(cut -d: -f1 <<<"$parts")
if [ -n "${PART:-}" ]; then
    grep -qx "$PART" <<<"$names" || { echo "test_long: no part $PART; there are: ${names//$'\n'/ }" >&2; exit 2; }
    names=$PART
fi
failed=""
for name in $names; do
    run_part "$name" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "long tests failed in:$failed" >&2; exit 1; }
