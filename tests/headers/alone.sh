#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: alone.sh SOURCE_DIR BUILD_DIR COMPILER [OPTION...]
#
# Each header of everything.hpp in BUILD_DIR compiles alone, with the options, which may choose the form
# of the library. One file for a chain of headers shows that for all of them: see chains.awk. Only if
# one of these files does not compile, its headers are compiled one by one.
set -eu
if [ "$1" != chain ]; then
    export SOURCE="$1" CXX="$3"
    build=$2
    shift 3
    export OPTIONS="$*"
    work=$(mktemp -d)
    export work
    trap 'rm -rf "$work"' EXIT
    . "$SOURCE/tests/headers/compile.sh"
    form=header_only
    case " $OPTIONS " in *' -DFOREST_SEPARATE_COMPILATION '*) form=separate_compilation ;; esac
    all_headers "$build" | chains $form | in_parallel "$0" chain
    cat "$work"/*.failed 2>/dev/null && exit 1
    echo "$(all_headers "$build" | wc -l) headers compile alone"
    exit
fi

# One chain, in a process of its own.
shift
. "$SOURCE/tests/headers/compile.sh"
log=$(mktemp "$work/XXXXXX")
asio_first='#if defined(ASIO_DETAIL_CONFIG_HPP) && !defined(ASIO_HAS_STD_ALIGNED_ALLOC)
#error "Asio comes before the standard library"
#endif'
try() {
    # shellcheck disable=SC2086 # Words.
    { printf '#include <%s>\n' "$@" && echo "$asio_first"; } |
        compile $OPTIONS -fsyntax-only -x c++ - >"$log" 2>&1
}
try "$@" && exit
for header; do
    try "$header" || { echo "$header: does not compile alone:" && cat "$log"; }
done >"$log.failed"
# What each compiles alone, and all of them do not.
[ -s "$log.failed" ] || { try "$@" || echo "$*: do not compile together:" && cat "$log"; } >"$log.failed"
