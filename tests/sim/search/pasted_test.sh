#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: pasted_test.sh TESTS_DIR INCLUDE_DIR COMPILER
#
# What a swarm prints is a test. So it is pasted into a program, and built without assertions.
set -eu
tests=$1 include=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build() { "$compiler" -std=c++20 -Wall -Wextra -I "$include" -I "$tests" "$@"; }

build -O1 -o "$work/write" "$tests/sim/search/pasted.cpp"
"$work/write" >"$work/pasted.cpp"
build -DNDEBUG -o "$work/pasted" "$work/pasted.cpp" || { cat "$work/pasted.cpp"; exit 1; }
"$work/pasted" || { cat "$work/pasted.cpp"; exit 1; }
