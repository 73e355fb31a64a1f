#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# The demo with the programs that were just built: all its steps happen, a step that does not is
# named, and nothing is left behind.
set -eu

if [ -z "${FOREST_WAREHOUSE:-}" ] || [ -z "${FOREST_MASTER:-}" ] || ! command -v sqlite3; then
    echo 'This needs the programs warehouse and master, and the command sqlite3.'
    exit 77
fi

root=$(cd "$(dirname "$0")/../.." && pwd)
programs=$(mktemp -d)
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR" "$programs"' EXIT

# Everything that the demo starts has the folder of its files as its working directory.
demo() { (cd "$TMPDIR" && exec sh "$root/examples/demo.sh"); }

nothing_is_left() {
    [ -z "$(ls -A "$TMPDIR")" ] || { echo "The demo left files behind." >&2; exit 1; }
    if readlink /proc/[0-9]*/cwd | grep -qxF "$TMPDIR"; then
        echo "The demo left processes behind." >&2
        exit 1
    fi
}

# breaks STEP: the demo, faster, fails at that step with the programs that are given.
breaks() {
    if DEMO_INTERVAL_MS=200 DEMO_STEP_SECONDS_MAX=5 demo >"$programs/out" 2>&1; then
        cat "$programs/out"
        echo "The demo succeeded; it should have failed at $1." >&2
        exit 1
    fi
    grep -qF "FAILED: $1" "$programs/out" || { cat "$programs/out" >&2; exit 1; }
    nothing_is_left
}

demo
nothing_is_left

cat >"$programs/silent" <<END
#!/bin/sh
exit 0
END
cat >"$programs/deaf" <<END
#!/bin/sh
trap '' TERM
exec "$FOREST_WAREHOUSE" "\$@"
END
cat >"$programs/twice" <<END
#!/bin/sh
mkfifo "$programs/told"
sed -u '/schema_reloaded/p' <"$programs/told" &
exec "$FOREST_MASTER" "\$@" >"$programs/told"
END
chmod +x "$programs"/*
FOREST_MASTER=$programs/silent breaks 'the schema of the first warehouse, line 1 of schema_loaded'
FOREST_WAREHOUSE=$programs/deaf breaks 'the detection, line 3 of server_down'
FOREST_MASTER=$programs/twice breaks 'first: schema reloaded: 2 instead of 1'
