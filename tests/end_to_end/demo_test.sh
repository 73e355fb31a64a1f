#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# The demo with the tool that was just built: all its steps happen, and nothing is left behind.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

sh "$root/examples/demo.sh"

[ -z "$(ls -A "$TMPDIR")" ] || { echo "The demo left files behind." >&2; exit 1; }

# A step that does not happen is named.
cat >"$TMPDIR/tool" <<END
#!/bin/sh
[ "\$1" != watch ] || exit 0
exec "$FOREST_HEALTH" "\$@"
END
chmod +x "$TMPDIR/tool"
if FOREST_HEALTH=$TMPDIR/tool DEMO_STEP_SECONDS_MAX=3 sh "$root/examples/demo.sh" >"$TMPDIR/out" 2>&1; then
    echo "The demo succeeded without a watch." >&2
    exit 1
fi
grep -q 'FAILED: the first healthy answer' "$TMPDIR/out" || { cat "$TMPDIR/out" >&2; exit 1; }
