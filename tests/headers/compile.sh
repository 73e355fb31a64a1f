# shellcheck shell=sh
# SPDX-License-Identifier: BSL-1.0

# How the tests of headers compile. For scripts that have SOURCE, CXX and an empty folder `work` in
# their environment.

# compile ARGUMENT...: under the warnings of a strict build, with the library taken in with -I.
compile() {
    # shellcheck disable=SC2086 # Words.
    "$CXX" -std=c++20 -I "$SOURCE/include" -DASIO_STANDALONE $coroutines \
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror "$@"
}

# Asio 1.22 looks for <experimental/coroutine> on clang.
coroutines=
case $("$CXX" --version) in *clang*) coroutines='-DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE' ;; esac

# The public headers, or all of them, by everything.hpp in a build folder: those on packages that are
# not installed are not there.
all_headers() { sed -n 's/^#include <\(.*\)>$/\1/p' "$1/everything.hpp"; }
public_headers() { all_headers "$1" | grep -v /detail/; }

# chains FORM <HEADERS: see chains.awk.
chains() (
    cat >"$work/list"
    cd "$SOURCE/include"
    awk -v form="$1" -f "$SOURCE/tests/headers/chains.awk" "$work/list"
)

# in_parallel SCRIPT ACTION <LINES: calls the script with the action and the words of a line, two lines at
# a time.
in_parallel() { xargs -P 2 -L 1 sh "$@"; }
