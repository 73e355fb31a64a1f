#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: troubleshooting.sh SOURCE_DIR
#
# docs/how-to/troubleshooting.md has one entry for each error of `errc`, under a heading with its name:
# a paragraph that says what it means, and what to do. No entry is for an error that does not exist.
set -eu
errors=$1/include/forest/core/error.hpp
page=$1/docs/how-to/troubleshooting.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The names between the braces of the enumeration.
sed -n '/^enum class errc {/,/^};/p' "$errors" | sed 's,//.*,,' |
    sed -n 's/^ *\([a-z][a-z0-9_]*\)\( *=[^,]*\)\{0,1\},.*/\1/p' | sort >"$work/errors"
[ -s "$work/errors" ] || { echo "include/forest/core/error.hpp: errc has no error" >&2; exit 1; }

sed -n 's/^### \(.*\)/\1/p' "$page" | sort >"$work/entries"

{
    uniq -d "$work/entries" | sed 's,^,docs/how-to/troubleshooting.md: two entries for ,'
    sort -u "$work/entries" >"$work/entries_once"
    comm -23 "$work/errors" "$work/entries_once" |
        sed 's,^,docs/how-to/troubleshooting.md: no entry for ,'
    comm -13 "$work/errors" "$work/entries_once" |
        sed 's,^,docs/how-to/troubleshooting.md: there is no error ,'
    # Each part has text.
    awk '
        function finish() {
            if (entry != "" && !(means && todo))
                print "docs/how-to/troubleshooting.md: " entry " lacks " (means ? "what to do" : "what it means")
            entry = ""
        }
        /^##/ { finish() }
        /^### / { entry = $2; means = todo = 0 }
        /^\*\*Means:\*\* ...../ { means = 1 }
        /^\*\*To do:\*\* ...../ { todo = 1 }
        END { finish() }
    ' "$page"
} >"$work/faults"
cat "$work/faults"
[ ! -s "$work/faults" ] || exit 1
echo "$(wc -l <"$work/errors") errors have an entry"
