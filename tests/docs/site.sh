#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: site.sh SOURCE_DIR
#
# The site of the documentation is made without a warning, with all its links. Each public name has
# documentation, or is in undocumented.txt. A name there that is documented, or is gone, is a fault, too:
# so the list gets shorter only. Status 77 means skipped: there is no Doxygen.
set -eu
root=$1
command -v doxygen >/dev/null && [ -d /usr/share/doxygen-awesome-css ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
known=$root/tests/docs/undocumented.txt

FOREST_SKIP_PACKAGES=1 FOREST_SITE_NAMES=$work/names sh "$root/docs/build.sh" "$work" >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
grep 'links within the site' "$work/log"

# Not counted: copies and moves, what is defaulted or deleted, and overloads that exist for the message
# of the compiler about a misspelt member.
sed -E -e '/any_member|of_wrong_types|=default|=delete| operator=\(/d' \
    -e 's/^Compound (.*)$/\1/' \
    -e 's/^Member (.*) \([a-z ]*\) of [a-z]* ([^ ]*)$/\2: \1/' "$work/names" |
    grep -vE '^(.*::)?([a-z_]+)(<.*>)?: \2\((const )?\2 ?&' |
    LC_ALL=C sort -u >"$work/undocumented"
sed '/^#/d' "$known" | LC_ALL=C sort -u >"$work/known"
if [ "${FOREST_UPDATE:-}" = 1 ]; then
    { sed -n '/^#/p' "$known"; cat "$work/undocumented"; } >"$work/renewed"
    cp "$work/renewed" "$known"
    exit
fi
LC_ALL=C comm -23 "$work/undocumented" "$work/known" | sed 's/^/no documentation: /' >"$work/faults"
LC_ALL=C comm -13 "$work/undocumented" "$work/known" |
    sed 's,^,to be deleted from tests/docs/undocumented.txt: ,' >>"$work/faults"
cat "$work/faults"
[ ! -s "$work/faults" ]
