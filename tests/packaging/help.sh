#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: help.sh SOURCE_DIR TOOL
#
# The manual page and the completions, which packaging/from_help.py makes, have each option of the tool's
# help, are without faults for mandoc and the shells, and complete. What is not installed is not run, and
# that is said.
set -eu
source=$1 tool=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }
there() { command -v "$1" >/dev/null || { echo "not run: there is no $1"; return 1; }; }

for kind in man bash zsh fish; do
    python3 "$source/packaging/from_help.py" "$tool" "$kind" >"$work/$kind"
done

count=0
for command in check watch serve sign simulate; do
    "$tool" "$command" --help | grep -oE '^  (-.,)?--[a-z-]+' | sed 's/.*--/--/' >"$work/options"
    count=$((count + $(wc -l <"$work/options")))
    # What each has for the command, one option a line.
    sed -n "/^.SH \"$(echo "$command" | tr '[:lower:]' '[:upper:]')\"/,/^.SH/p" "$work/man" |
        grep '^\\f[B]\\-' | sed 's/\\-/-/g' | grep -oE -- '--[a-z-]+' >"$work/man.$command"
    grep "^    $command) COMPREPLY" "$work/bash" | grep -oE -- "--[a-z-]+[ ']" | tr -d " '" >"$work/bash.$command"
    sed -n "/^    $command) _arguments/,/;;/p" "$work/zsh" | grep -oE -- "^ *'[*]?--[a-z-]+\[" |
        tr -d " '*[" >"$work/zsh.$command"
    grep "seen_subcommand_from $command'" "$work/fish" | sed 's/.* -l \([a-z-]*\) .*/--\1/' >"$work/fish.$command"
    for kind in man bash zsh fish; do
        cmp -s "$work/options" "$work/$kind.$command" ||
            { diff "$work/options" "$work/$kind.$command"; fail "$kind has other options of $command"; }
    done
done
[ "$count" -gt 50 ] || fail "only $count options were found"

if there mandoc; then
    mandoc -T lint -W warning "$work/man" || fail 'mandoc finds faults'
    mandoc -T utf8 "$work/man" | col -b >"$work/text" 2>/dev/null || mandoc -T ascii "$work/man" >"$work/text"
    grep -q 'forest-health check \[OPTIONS\] URL' "$work/text" || fail 'the manual page has no synopsis'
fi

if there bash; then
    # shellcheck disable=SC2016 # For the other shell.
    completed=$(bash --norc -c '
        . "$1"
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _forest_health; echo "${COMPREPLY[*]}"; }
        try forest-health s; try forest-health watch --ba; try forest-health watch --backoff ""' _ "$work/bash")
    [ "$completed" = 'serve sign simulate
--backoff
exponential constant' ] || fail "bash completes: $completed"
fi
if there zsh; then zsh -n "$work/zsh" || fail 'zsh finds faults'; fi
if there fish; then
    completed=$(fish --no-config -c 'source $argv[1]; complete -C "forest-health watch --backoff "' "$work/fish" |
        cut -f1 | sort | tr '\n' ' ')
    [ "$completed" = 'constant exponential ' ] || fail "fish completes: $completed"
fi
echo "$count options, in the manual page and three completions"
