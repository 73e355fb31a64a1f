#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: check.sh COMPILER PROJECT_DIR FILE
#
# FILE must not compile, and what the compiler says must match every extended regular expression on
# its `// expect:` lines; those on its `// first:` lines must match within the first 15 lines of
# that, where a user looks. With FOREST_COMPILE_OK defined it must compile, so that the refusal has
# the reason it claims.
set -eu
compiler=$1 project=$2 file=$3

compile() {
    "$compiler" -std=c++20 -fsyntax-only -I "$project/include" -I "$project/tests" \
        -DFOREST_SEPARATE_COMPILATION -DASIO_STANDALONE -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE "$@" "$file" 2>&1
}

if ! said=$(compile -DFOREST_COMPILE_OK); then
    echo "$said"
    echo "$file: with FOREST_COMPILE_OK it must compile"
    exit 1
fi

if said=$(compile); then
    echo "$file: compiles, but must not"
    exit 1
fi

expected=0
while read -r slashes keyword pattern; do
    case "$slashes $keyword" in
    '// expect:') lines=$(echo "$said" | wc -l) ;;
    '// first:') lines=15 ;;
    *) continue ;;
    esac
    expected=$((expected + 1))
    if ! echo "$said" | head -n "$lines" | grep -Eq -- "$pattern"; then
        echo "$said"
        echo "$file: the compiler says nothing that matches: $pattern"
        exit 1
    fi
done <"$file"

if [ "$expected" -eq 0 ]; then
    echo "$file: has no line '// expect: REGEX' or '// first: REGEX'"
    exit 1
fi
