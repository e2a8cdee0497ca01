#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later

set -ex

# GNU Radio's CMake files and ours are told alike which Python it is.
cmake ${CMAKE_ARGS} -G Ninja -S . -B buildconda \
    -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$PREFIX" \
    -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_PREFIX_PATH="$PREFIX" \
    -DPYTHON_EXECUTABLE="$PYTHON" \
    -DPython3_EXECUTABLE="$PYTHON" \
    -DENABLE_TESTING=OFF
cmake --build buildconda --parallel "${CPU_COUNT:-2}"
cmake --install buildconda
