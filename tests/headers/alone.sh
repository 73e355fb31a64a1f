#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Compiles every header of the library alone, in its own build directory so that nothing collides
# with the build that runs this test. No code is generated: what is not inline is found elsewhere. The
# flag for that is one of a build type, as what CMake itself tries is to be linked.
set -eu
source=$1 build=$2 compiler=$3

cmake -S "$source" -B "$build" -G Ninja \
    -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_EXTENSIONS=OFF \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror" \
    -DCMAKE_BUILD_TYPE=Syntax -DCMAKE_CXX_FLAGS_SYNTAX=-fsyntax-only \
    -DFOREST_BUILD_TESTS=OFF -DFOREST_BUILD_EXAMPLES=OFF -DFOREST_BUILD_TOOL=OFF \
    -DFOREST_BUILD_WAREHOUSE=OFF
cmake --build "$build" --target all_verify_interface_header_sets -- -k 0
