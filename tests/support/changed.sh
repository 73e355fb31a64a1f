#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: changed.sh [--list] BASE
#
# Called by `sh tests/run.sh --changed` in the root folder, when build/dev is configured. Builds and
# runs what tests a file that was changed since BASE: see the usage of run.sh. A test binary is linked
# from the needed test files alone, by the command of the build without the others. --list only prints
# the test files.
set -eu
list=
[ "$1" != --list ] || { list=1 && shift; }
base=$(git merge-base HEAD "$1")
build=build/dev
work=$build/changed
rm -rf $work
mkdir -p $work

{ git diff --name-only "$base" && git ls-files --others --exclude-standard; } |
    sort -u >$work/files

# The headers that were changed, by their names in #include; an .ipp is a part of its header.
sed -n 's,^include/,,p; s,^tests/\(.*\.hpp\)$,\1,p' $work/files |
    sed 's,impl/\([^/]*\)\.ipp$,\1.hpp,' | grep '\.hpp$' | sort -u >$work/headers || true

# The test files that were changed, that include such a header themselves, or that test it by their place.
{
    grep -E '^tests/.*_test\.cpp$' $work/files || true
    while read -r header; do
        grep -rlF "#include <$header>" tests --include='*_test.cpp' || true
        place=$(echo "$header" | sed -E 's,^forest/(detail/|[^/]*$),forest/assemblies/\1,; s,^forest/,,; s,\.hpp$,_test.cpp,')
        echo "tests/$place"
        awk -v header="${header#forest/}" '$1 == header { print "tests/" $2 }' tests/layering/tested_elsewhere.txt
    done <$work/headers
} | sort -u | while read -r file; do [ ! -e "$file" ] || echo "$file"; done >$work/tests
if [ -n "$list" ]; then
    cat $work/tests
    exit
fi

status=0
for name in header_only core policy sim assemblies fuzz adapters names; do
    target=forest_${name}_tests
    ninja -C $build -t commands tests/$target | tail -n 1 >$work/whole
    # The needed test files that this binary has.
    while read -r file; do
        grep -qF "/${target}.dir/${file#tests/}.o" $work/whole && echo "$file"
    done <$work/tests >$work/chosen || true
    [ -s $work/chosen ] || continue
    echo "==> $name: $(sed 's,.*/,,; s,\.cpp$,,' $work/chosen | tr '\n' ' ')"
    awk -v chosen=$work/chosen -v binary=tests/$target '
        BEGIN { while ((getline line < chosen) > 0) { sub(/^tests\//, "", line); wanted[line ".o"] = 1 } }
        {
            for (i = 1; i <= NF; ++i) {
                object = $i
                sub(/.*_tests[.]dir\//, "", object)
                if ($i ~ /_test[.]cpp[.]o$/ && !(object in wanted)) continue
                printf "%s ", $i == binary ? binary ".changed" : $i
            }
            print ""
        }' $work/whole >$work/link
    # What it links has to be built before.
    tr ' ' '\n' <$work/link | grep -E '\.(o|a)$' | grep -v '^/' | xargs ninja -C $build
    (cd $build && sh changed/link)
    while read -r file; do
        suite=$(basename "$file" .cpp)
        $build/tests/$target.changed --run_test="$suite" --report_level=short --color_output=no ||
            { echo "==> Failed: $file" && status=1; }
    done <$work/chosen
done

# The changed headers alone, in both forms.
if grep -q '^forest/' $work/headers; then
    grep '^forest/' $work/headers | grep -v '^forest/src' | while read -r header; do
        [ ! -e "include/$header" ] || echo "#include <$header>"
    done >$work/everything.hpp
    for form in '' -DFOREST_SEPARATE_COMPILATION; do
        # shellcheck disable=SC2086 # A word or none.
        sh tests/headers/alone.sh "$PWD" $work g++ $form || status=1
    done
fi
# The layers are those of the lines with #include.
layers=
! git diff "$base" -- include | grep -q '^[+-]#include' || layers='layers|'
ctest --preset dev -R "^(layering[.](${layers}rooms)|docs[.]quotes_and_links|style[.]format)\$" || status=1
exit $status
