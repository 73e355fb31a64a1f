#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: snippets.sh SOURCE_DIR
#
# The documentation quotes programs that are built and run. A block of code under a line
# `<!-- from examples/NAME.cpp -->` must stand in that file, line by line but for the indentation,
# and every relative link must lead to a file, and to a heading of it if it names one.
set -eu
cd "$1"
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT

pages=$(find README.md CHANGELOG.md docs tests/README.md -name '*.md')

quotes() {
    awk '
        function unindented(line) { sub(/^ +/, "", line); return line }
        function content(file,   line, all) {
            all = "\n"
            while ((getline line < file) > 0) all = all unindented(line) "\n"
            close(file)
            return all
        }
        /^<!-- from .* -->$/ { source = $3; next }
        /^```/ && inside {
            if (index(content(source), block) == 0)
                print FILENAME ":" FNR ": this block is not in " source
            inside = 0; source = ""; next
        }
        inside { block = block unindented($0) "\n"; next }
        /^```cpp/ && source != "" { inside = 1; block = "\n"; next }
        source != "" && NF { print FILENAME ":" FNR ": no block of code follows the line above" ; source = "" }
        END { if (inside || source != "") print FILENAME ": ends before its last quotation does" }
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

count=0
for page in $pages; do
    quotes "$page" >>"$faults"
    links "$page" >>"$faults" || true
    count=$((count + $(grep -c '^<!-- from ' "$page" || true)))
done

cat "$faults"
[ ! -s "$faults" ] || exit 1
[ "$count" -gt 0 ] || { echo 'no page quotes a program' >&2; exit 1; }
echo "$count quotations and all links are right"
