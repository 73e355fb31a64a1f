#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: digests.sh TESTS_DIR INCLUDE_DIR COMPILER LEVEL
#
# Prints and checks the digests of simulations in a program that is optimised by LEVEL, as -O3.
set -eu
tests=$1 include=$2 compiler=$3 level=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c++20 "$level" -Wall -Wextra -Werror -Wno-unknown-warning-option -Wno-restrict \
    -I "$include" -I "$tests" -o "$work/digests" "$tests/sim/trace/digests.cpp"
"$work/digests"
