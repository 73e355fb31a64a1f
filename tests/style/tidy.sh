#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: tidy.sh SOURCE_DIR BUILD_DIR
#
# clang-tidy 19 finds nothing in include/, by the checks in .clang-tidy. All headers are in
# everything.hpp of BUILD_DIR, but for those on packages that are not installed, and for the sources
# of the compiled form, which have nothing that the headers do not include in the other form.
set -eu
source=$1 build=$2
command -v clang-tidy-19 >/dev/null || { echo "skipped: there is no clang-tidy-19"; exit 77; }

faults=0
optional=
for adapter in cares curl httplib microhttpd; do
    grep -q "forest/adapters/$adapter/" "$build/everything.hpp" || optional="$optional forest/adapters/$adapter/"
done
for header in $(cd "$source/include" && find forest -name '*.hpp'); do
    case $header in forest/src.hpp | forest/src_*.hpp) continue ;; esac
    case "$optional " in *" ${header%"${header#forest/adapters/*/}"} "*) continue ;; esac
    grep -qxF "#include <$header>" "$build/everything.hpp" && continue
    echo "include/$header: is not in everything.hpp"
    faults=1
done
[ $faults -eq 0 ] || exit 1

cp "$build/everything.hpp" "$build/tidy.cpp"
clang-tidy-19 --quiet --config-file="$source/.clang-tidy" "$build/tidy.cpp" -- -std=c++20 \
    -I "$source/include" -DASIO_STANDALONE -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE
