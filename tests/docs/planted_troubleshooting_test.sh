#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Tests troubleshooting.sh: on a clean tree it passes, and each planted fault makes it fail.
set -eu
check=$(cd "$(dirname "$0")" && pwd)/troubleshooting.sh
# shellcheck source=tests/support/planted.sh
. "$(dirname "$0")/../support/planted.sh"

page=docs/how-to/troubleshooting.md

clean_tree() {
    rm -rf "$tree/project"
    mkdir -p "$tree/project/docs/how-to" "$tree/project/include/forest/core"
    cd "$tree/project"
    printf 'enum class errc {\n    // Why.\n    timed_out = 1,\n    not_ok, // says no\n};\nint other,\n' \
        >include/forest/core/error.hpp
    for error in timed_out not_ok; do
        printf '### %s\n**Means:** It has failed.\n**To do:** Mend the server.\n\n' "$error"
    done >$page
}
run() { sh "$check" "$tree/project" >"$output" 2>&1; }

accept_clean_tree
grep -qx '2 errors have an entry' "$output"

sed -i 's/not_ok,/not_ok, new_error,/; s/not_ok, new/not_ok,\n    new/' include/forest/core/error.hpp
planted $page 'an error without an entry'
sed -i 's/### not_ok/### not_good/' $page
planted $page 'an entry with another name'
sed -i 's/### not_ok/### timed_out/' $page
planted $page 'an entry twice'
sed -i '/To do/d' $page
planted $page 'an entry without what to do'
sed -i 's/It has failed[.]//' $page
planted $page 'an entry without what it means'

echo "$planted planted faults, all found"
