#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# The warehouse and the master against Node's own client and server, where there is a Node. ctest
# gives the paths of our programs.
set -eu

command -v node >/dev/null || { echo "There is no node." >&2; exit 77; }
if [ -z "${FOREST_WAREHOUSE:-}" ] || [ -z "${FOREST_MASTER:-}" ]; then
    echo "The warehouse is not built." >&2
    exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node "$(dirname "$0")/node_peers.js" "$folder"
