#!/usr/bin/env bash
# Sets up the environment in $1: Python 3.11 (uv fetches one where the system has none), the system
# libraries that bpy and MediaPipe load, the pinned packages, this project. Where there is no GPU
# torch is its CPU build. Idempotent; each failure is one line with its cure.
set -euo pipefail

venv=${1:-.venv}

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fetched_python
}

# A Python 3.11 of uv's, in .python. No package on PyPI carries CPython: uv itself comes from there,
# the interpreter from GitHub, or from a mirror named by UV_PYTHON_INSTALL_MIRROR.
fetched_python() {
    local base uv here=$PWD/.python
    base=$(command -v python3 || command -v python) \
        || die "no Python at all; install one with your package manager (apt-get install python3 python3-venv)"
    echo "setup: no Python 3.11 here (bpy 4.5 has wheels for no other); getting one through uv" >&2
    uv=$here/uv/bin/uv
    if [ ! -x "$uv" ]; then
        { "$base" -m venv "$here/uv" && "$here/uv/bin/python" -m pip install --quiet uv; } >/dev/null 2>&1 \
            || "$base" -m pip install --quiet --target "$here/uv" uv >/dev/null 2>&1 \
            || die "uv could not be installed from PyPI with $base; install its venv module (apt-get install python3-venv) or Python 3.11, and run make again"
    fi
    export UV_PYTHON_INSTALL_DIR=$here/installed
    "$uv" python install 3.11 >&2 \
        || die "uv could not download Python 3.11 (from GitHub; see above). Name a mirror with UV_PYTHON_INSTALL_MIRROR, or install Python 3.11 and name it with PYTHON=/path/to/python3.11"
    "$uv" python find --managed-python 3.11
}

# Shared library → Debian package.
libraries="libXrender.so.1:libxrender1 libXi.so.6:libxi6 libXfixes.so.3:libxfixes3 libXxf86vm.so.1:libxxf86vm1
libxkbcommon.so.0:libxkbcommon0 libSM.so.6:libsm6 libICE.so.6:libice6 libGL.so.1:libgl1 libEGL.so.1:libegl1
libgomp.so.1:libgomp1 libglib-2.0.so.0:libglib2.0-0"

install_libraries() {
    local entry missing="" known sudo=""
    known=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p) )
    for entry in $libraries; do
        grep -q "${entry%%:*}" <<<"$known" || missing="$missing ${entry##*:}"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "system libraries are missing:$missing; install them with your package manager"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || die "system libraries are missing; install them with: sudo apt-get install$missing"
        sudo="sudo -n"
    fi
    echo "setup: installing$missing"
    # Ubuntu 24.04 renamed libglib2.0-0 to libglib2.0-0t64; apt resolves the old name to it.
    { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null; } \
        || die "could not install$missing; install them by hand and run make again"
}

has_gpu() {
    compgen -G '/dev/nvidia[0-9]*' >/dev/null || { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }
}

# PyPI's torch for Linux brings gigabytes of CUDA packages; the CPU build is on PyTorch's own index,
# which is asked for torch alone. What stands in the environment already satisfies the lock file.
install_cpu_torch() {
    local version
    version=$(sed -n 's/^torch==//p' requirements.lock)
    "$venv/bin/python" -c "from importlib.metadata import version as v; raise SystemExit(v('torch').split('+')[0] != '$version')" 2>/dev/null && return
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --retries 1 --timeout 15 \
        --index-url "${TORCH_CPU_INDEX:-https://download.pytorch.org/whl/cpu}" "torch==$version" 2>/dev/null \
        || echo "setup: PyTorch's index of CPU builds cannot be reached; torch comes from the configured index, perhaps with CUDA packages" >&2
}

python=$(find_python)
install_libraries
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" \
    || die "python3.11 has no venv module; install python3.11-venv"
echo "setup: installing the pinned packages into $venv (about 4 GB the first time)"
has_gpu || install_cpu_torch
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.lock \
    || die "pip could not install requirements.lock; see its last lines above"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable . \
    || die "pip could not install this project; see its last lines above"
"$venv/bin/python" -c 'import bpy' 2>/dev/null \
    || die "bpy does not load: $("$venv/bin/python" -c 'import bpy' 2>&1 | tail -n 1); install the library it names"
