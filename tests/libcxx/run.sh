#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: sh tests/libcxx/run.sh [--install] [PATTERN]
#
# With clang 19 and libc++: compiles each header of the std-only part alone, and builds and runs the tests
# of core/ and policy/ whose path matches PATTERN. It leaves out the tests that need a library which the
# system has for the other standard library only: RapidCheck and OpenSSL.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --install ]; then
    shift
    . cmake/packages.sh
    need_packages libcxx
fi
pattern=${1:-.}
compiler=${CXX:-clang++-19}
flags='-std=c++20 -stdlib=libc++ -Wall -Wextra -Wpedantic -Werror -Iinclude -Itests'
# Boost 1.74 derives from std::unary_function, which C++17 has removed.
flags="$flags -D_LIBCPP_ENABLE_CXX17_REMOVED_UNARY_BINARY_FUNCTION"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

headers=0
for header in $(find include/forest -name '*.hpp' | grep -vE '/adapters/(asio|cares|curl|fmt|httplib|microhttpd|openssl)/|/(forest|default_[a-z]+|src[a-z_]*)[.]hpp$' | grep -E "$pattern" | sort); do
    # shellcheck disable=SC2086 # Flags are split into words on purpose.
    "$compiler" $flags -fsyntax-only -x c++ "$header" -Wno-pragma-once-outside-header ||
        { echo "not with libc++: $header" >&2; exit 1; }
    headers=$((headers + 1))
done
echo "$headers headers compile alone"

objects=
tests=0
for test in $(find tests/core tests/policy -name '*_test.cpp' | grep -E "$pattern" | sort); do
    ! grep -qE 'rapidcheck|schedules[.]hpp|openssl' "$test" || { echo "left out: $test"; continue; }
    tests=$((tests + 1))
    object=$work/$tests.o
    # shellcheck disable=SC2086
    "$compiler" $flags -O0 -c "$test" -o "$object"
    objects="$objects $object"
done
[ "$tests" -gt 0 ] || exit 0
# shellcheck disable=SC2086
"$compiler" $flags -Wno-error -O0 tests/libcxx/runner.cpp $objects -o "$work/tests" -pthread
"$work/tests" --report_level=short --color_output=no
