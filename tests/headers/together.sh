#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: together.sh strict|twice SOURCE_DIR BUILD_DIR COMPILER [LIBRARY]
#
# All headers in one file, by everything.hpp in BUILD_DIR. `strict`: taken in with -I as a user may,
# under the warnings of a strict build, with what is instantiated, since templates warn only then.
# `twice`: in two files of one program; what is not inline is defined twice and does not link. LIBRARY is one that some headers need
# and not all builds have.
set -eu
way=$1 source=$2 build=$3 compiler=$4
shift 4
here=$source/tests/headers

compile() {
    "$compiler" -std=c++20 -I "$source/include" -I "$build" -DASIO_STANDALONE \
        -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE "$@"
}

case $way in
strict)
    # clang does not have this warning.
    extra=$("$compiler" --version | grep -q clang || echo -Wuseless-cast)
    # shellcheck disable=SC2086 # Nothing or one word.
    compile -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor \
        -Wold-style-cast $extra -Werror "$here/strict.cpp"
    ;;
twice)
    compile -O0 -Wall -Wextra -Werror -o "$build/twice" "$here/main.cpp" "$here/other.cpp" \
        -lssl -lcrypto -lfmt -pthread "$@"
    "$build/twice"
    ;;
esac
