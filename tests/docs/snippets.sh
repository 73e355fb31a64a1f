#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: snippets.sh SOURCE_DIR
#
# Pages and headers quote programs and tests that are built and run. A block of code under a line
# `<!-- from examples/NAME.cpp -->` of a page, or `/// From examples/NAME.cpp:` of a header, must
# stand in that file, line by line but for the indentation. In a header its lines begin with `///`
# and five blanks. Every relative link of a page must lead to a file, and to a heading of it if it
# names one. A quoted file must be one that is built.
set -eu
cd "$1"
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT

pages=$(find README.md CHANGELOG.md docs tests/README.md -name '*.md')

# What both kinds of quotations need.
library='
    function unindented(line) { sub(/^ +/, "", line); return line }
    function content(file,   line, all) {
        all = "\n"
        while ((getline line < file) > 0) all = all unindented(line) "\n"
        close(file)
        return all
    }
    function compare(place) {
        if (index(content(source), block) == 0)
            print place ": this block is not in " source
    }
'

quotes() {
    awk "$library"'
        /^<!-- from .* -->$/ { source = $3; next }
        /^```/ && inside {
            compare(FILENAME ":" FNR)
            inside = 0; source = ""; next
        }
        inside { block = block unindented($0) "\n"; next }
        /^```cpp/ && source != "" { inside = 1; block = "\n"; next }
        source != "" && NF { print FILENAME ":" FNR ": no block of code follows the line above" ; source = "" }
        END { if (inside || source != "") print FILENAME ": ends before its last quotation does" }
    ' "$1"
}

# An empty comment line belongs to a block if code follows it.
header_quotes() {
    awk "$library"'
        function finish() {
            if (source == "") return
            if (block == "\n") print place ": no block of code follows this line"
            else compare(place)
            source = ""
        }
        /^ *\/\/\/ From [^ ]+:$/ {
            finish()
            source = $3; sub(/:$/, "", source)
            place = FILENAME ":" FNR; block = "\n"; empty = ""
            next
        }
        source == "" { next }
        { line = $0 }
        sub(/^ *\/\/\/     /, "", line) { block = block empty unindented(line) "\n"; empty = ""; next }
        /^ *\/\/\/$/ && block != "\n" { empty = empty "\n"; next }
        { finish() }
        END { finish() }
    ' "$1"
}

# Headings as their anchors: lower case, blanks as dashes, no punctuation.
anchors() {
    sed -n 's/^#\{1,6\} //p' "$1" | tr '[:upper:] ' '[:lower:]-' | tr -cd 'a-z0-9_\n-'
}

links() {
    awk '/^```/ { inside = !inside } !inside' "$1" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//' | while read -r link; do
        case $link in http://* | https://* | mailto:*) continue ;; esac
        file=${link%%#*}
        target=$1
        [ -z "$file" ] || target=$(dirname "$1")/$file
        if [ ! -e "$target" ]; then
            echo "$1: there is no $link"
        elif [ "$link" != "$file" ] && ! anchors "$target" | grep -qx -- "${link#*#}"; then
            echo "$1: there is no heading $link"
        fi
    done
}

# built FILE: whether CMake, or a script that is run as a test, compiles it. The CMakeLists.txt or the
# script is in its folder or above, and has the file by its name or by a pattern. A header is built if
# a file that includes it is.
built() {
    name=${1##*/} folder=${1%/*}
    case $1 in
    examples/*.hpp | tests/*.hpp | benchmarks/*.hpp)
        grep -rlE "^#include [<\"](.*/)?${name}[>\"]" --include='*.cpp' "${1%%/*}" | {
            while read -r includer; do
                built "$includer" && exit
            done
            exit 1
        }
        return
        ;;
    tests/*_test.cpp)
        part=${1#tests/}
        grep -Eq "^set\(FOREST_TEST_FOLDERS.*[ (]${part%%/*}[ )]" tests/CMakeLists.txt
        return
        ;;
    examples/*.cpp | tests/*.cpp | benchmarks/*.cpp) ;;
    *) return 1 ;;
    esac
    while [ "$folder" != . ]; do
        below=${1#"$folder"/}
        case $below in
        */*) beside="${below%/*}/\*\.cpp" above="${below%%/*}/\*\.cpp" ;;
        *) beside='\*\.cpp' above='\*\.cpp' ;;
        esac
        # Recipes and peers are named without their endings.
        pattern="[ /(](${below%.cpp}\.cpp|$beside)[ )\"]|GLOB_RECURSE [^)]* ${above}[ )]"
        pattern="$pattern|forest_add_(recipe|peer)\(${name%.cpp}[ )]"
        for file in "$folder"/CMakeLists.txt "$folder"/*.sh; do
            [ -e "$file" ] || continue
            grep -v '^ *#' "$file" | tr '\n' ' ' | grep -Eq "$pattern" && return
        done
        folder=$(dirname "$folder")
    done
    return 1
}

{
    # shellcheck disable=SC2086 # Pages are words.
    sed -n 's/^<!-- from \(.*\) -->$/\1/p' $pages
    grep -rhoE '^ */// From [^ ]+:$' --include='*.hpp' include | sed 's/.* From //; s/:$//'
} | sort -u | while read -r quoted; do
    if [ ! -e "$quoted" ]; then
        echo "$quoted: is quoted, and is not there"
    elif ! built "$quoted"; then
        echo "$quoted: is quoted, and is not built"
    fi
done >>"$faults"

count=0
for page in $pages; do
    quotes "$page" >>"$faults"
    links "$page" >>"$faults" || true
    count=$((count + $(grep -c '^<!-- from ' "$page" || true)))
done

headers=0
for header in $(grep -rlE '^ */// From [^ ]+:$' --include='*.hpp' include); do
    header_quotes "$header" >>"$faults"
    headers=$((headers + $(grep -cE '^ */// From [^ ]+:$' "$header")))
done

cat "$faults"
[ ! -s "$faults" ] || exit 1
[ "$count" -gt 0 ] || { echo 'no page quotes a program' >&2; exit 1; }
[ "$headers" -gt 0 ] || { echo 'no header quotes a program' >&2; exit 1; }
echo "$count quotations of pages, $headers of headers and all links are right"
