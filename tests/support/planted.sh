# shellcheck shell=sh
# SPDX-License-Identifier: BSL-1.0

# Helps to test a check. A test that sources this has the functions `clean_tree`, which makes a tree
# without faults and goes there, and `run`, which runs the check on it and writes to "$output".

output=$(mktemp)
trap 'rm -rf "$tree" "$output"' EXIT
tree=$(mktemp -d)

# The check must pass on the clean tree.
accept_clean_tree() {
    clean_tree
    if ! run; then
        echo "the clean tree was refused:"
        cat "$output"
        exit 1
    fi
}

# planted PLACE [WHAT]: what was planted since clean_tree must make the check fail, and name PLACE.
planted=0
planted() {
    if run; then
        echo "not found: ${2:-what was planted} in $1"
        exit 1
    elif ! grep -q "^$1: " "$output"; then
        echo "${2:-what was planted} in $1 was refused for another reason:"
        cat "$output"
        exit 1
    fi
    planted=$((planted + 1))
    clean_tree
}
