#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# The warehouse against Ruby's own client, where there is a Ruby; with Faraday, too, where that is.
# ctest gives the path of the warehouse.
set -eu

command -v ruby >/dev/null || { echo "There is no ruby." >&2; exit 77; }
[ -n "${FOREST_WAREHOUSE:-}" ] || { echo "The warehouse is not built." >&2; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ruby -W "$(dirname "$0")/ruby_client.rb" "$folder"
