#!/usr/bin/env bash
# Installs Debian's PostgreSQL for the tests that run the ledger on a real server. The tests start
# a private cluster of their own. Where it cannot be installed, says why: those tests then skip.
set -uo pipefail

skip() { printf 'postgres: %s; the tests on PostgreSQL will be skipped\n' "$*" >&2; exit 0; }

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
command -v initdb >/dev/null && exit 0
command -v apt-get >/dev/null || skip "not installed, and there is no apt-get; install it with your package manager"

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skip "not installed (sudo apt-get install postgresql)"
    sudo=(sudo -n)
fi
echo "postgres: installing postgresql for the tests"
{ "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } \
    || skip "apt-get could not install postgresql (see above)"
