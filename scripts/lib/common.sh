# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the scripts have in common. Sourced, not run.
#
# Environment:
#   BUILD_DIR   build folder (default: build)
#   JOBS        parallel compilations (default: processors, fewer where memory is short)
#   NO_INSTALL  set to leave the system's packages alone
# A script may set `not_needed`, a regular expression of packages that it leaves out, and
# `build_targets`, what it builds instead of everything.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath -m "${BUILD_DIR:-$root/build}")
python=/usr/bin/python3
build_targets=()

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# listed_packages FILE: its lines without comments, "NAME" or "NAME | ALTERNATIVE".
listed_packages() {
    sed -e 's/#.*//' -e 's/[[:space:]]*|[[:space:]]*/|/g' -e '/^[[:space:]]*$/d' \
        "$root/scripts/$1"
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

is_known() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# Print the lines of which no alternative is installed.
missing_packages() {
    local line name
    while read -r line; do
        [[ -z "${not_needed:-}" || ! "$line" =~ $not_needed ]] || continue
        for name in ${line//|/ }; do
            is_installed "$name" && continue 2
        done
        echo "$line"
    done < <(listed_packages packages.txt)
}

# as_root COMMAND...
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends "$@"
}

install_packages() {
    local line name missing wanted=() unknown=()
    [ -z "${NO_INSTALL:-}" ] || return 0
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
        die "this is not Debian or Ubuntu: install what scripts/packages.txt names" \
            "by hand, then run with NO_INSTALL=1"
    missing=$(missing_packages)
    if [ -z "$missing" ]; then
        say "All packages are installed"
        return 0
    fi

    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        die "packages are missing and neither root nor sudo is at hand: ${missing//$'\n'/ }"
    say "Installing packages"
    as_root apt-get update -q
    while read -r line; do
        for name in ${line//|/ }; do
            if is_known "$name"; then
                wanted+=("$name")
                continue 2
            fi
        done
        unknown+=("$line")
    done <<<"$missing"
    [ ${#unknown[@]} -eq 0 ] ||
        die "this release has no package ${unknown[*]} (scripts/packages.txt)"
    apt_install "${wanted[@]}"
}

# install_optional NAME...: what cannot be installed is left out.
install_optional() {
    local name
    [ -z "${NO_INSTALL:-}" ] && command -v apt-get >/dev/null || return 0
    for name; do
        is_installed "$name" && continue
        say "Installing $name (optional)"
        { is_known "$name" && apt_install "$name"; } || echo "$name cannot be installed"
    done
}

# Compilations at a time: each takes up to 2 GB with LibTorch's headers.
jobs_at_a_time() {
    local processors memory
    processors=$(nproc)
    memory=$(awk '/^MemAvailable:/ {print int($2 / 2000000)}' /proc/meminfo)
    [ "$memory" -ge 1 ] || memory=1
    echo "${JOBS:-$((processors < memory ? processors : memory))}"
}

# limited COMMAND...: a script with a time limit replaces this and `in_time`.
limited() { "$@"; }

# To be called before the outcome of a limited command is recorded.
in_time() { :; }

# configure_and_build [CMAKE-OPTION...]
configure_and_build() {
    local generator=() only=()
    if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then
        generator=(-G Ninja)
    fi
    say "Configuring $build"
    [ ${#build_targets[@]} -eq 0 ] || only=(--target "${build_targets[@]}")
    limited cmake "${generator[@]}" -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release "$@" &&
        say "Building" && limited cmake --build "$build" --parallel "$(jobs_at_a_time)" \
        "${only[@]}"
}

# Let Python, grcc, SoapySDR and the programs find the build tree's modules before installed
# ones.
use_build_tree() {
    export PYTHONPATH="$build/test_modules${PYTHONPATH:+:$PYTHONPATH}"
    export LD_LIBRARY_PATH="$build/lib/blocks:$build/lib/blocks/qt:$build/lib/cfisac${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export SOAPY_SDR_PLUGIN_PATH="$build/lib/radio${SOAPY_SDR_PLUGIN_PATH:+:$SOAPY_SDR_PLUGIN_PATH}"
    export GRC_BLOCKS_PATH="$root/grc${GRC_BLOCKS_PATH:+:$GRC_BLOCKS_PATH}"
    export CFISAC_SOURCE_DIR="$root"
    export CFISAC_BINARY_DIR="$build"
    export MPLBACKEND="${MPLBACKEND:-Agg}"
    # Volk and GRC warn where they cannot write.
    if [ ! -w "${HOME:-/nonexistent}" ]; then
        HOME=$(mktemp -d)
        export HOME
    fi
}
