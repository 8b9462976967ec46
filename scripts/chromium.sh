#!/usr/bin/env bash
# Installs Debian's Chromium for the tests that open the gallery. Where it cannot be installed, says
# why: those tests then skip.
set -uo pipefail

skip() { printf 'chromium: %s; the tests in a browser will be skipped\n' "$*" >&2; exit 0; }

command -v chromium >/dev/null || command -v chromium-browser >/dev/null && exit 0
command -v apt-get >/dev/null || skip "not installed, and there is no apt-get; install it with your package manager"

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skip "not installed (sudo apt-get install chromium)"
    sudo=(sudo -n)
fi
echo "chromium: installing chromium for the tests"
{ "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
    || skip "apt-get could not install chromium (see above)"
