#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: sh docs/build.sh [FOLDER]
#
# Makes the site of the documentation in FOLDER/html, by default build/site/html: the pages of docs/ in
# their four kinds, and the reference of all public names, with a search over both. Then each link is
# checked. FOREST_SITE_NAMES=FILE also writes the public names that have no documentation to FILE.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
site=$root/docs/site
. "$root/cmake/packages.sh"
need_packages site
output=${1:-$root/build/site}
mkdir -p "$output"
output=$(cd "$output" && pwd)
rm -rf "$output/html" "$output/pages" "$output/warnings.txt"
mkdir "$output/pages"

python3 "$site/pages.py" "$root" "$output/pages"
cd "$output/pages"
doxygen -w html header.html footer.html style.css
sed -i 's,^</head>,<script type="text/javascript" src="$relpath^doxygen-awesome-darkmode-toggle.js"></script>\
<script type="text/javascript" src="$relpath^forest.js"></script>\
</head>,' header.html
version=$(sed -n 's/.*string_view version = "\([0-9.]*\)".*/\1/p' "$root/include/forest/version.hpp")
undocumented=NO
[ -z "${FOREST_SITE_NAMES:-}" ] || undocumented=YES
sed "s,@root@,$root,g; s,@pages@,$output/pages,g; s,@output@,$output,; s,@version@,$version,
    s,@undocumented@,$undocumented,; s,@awesome@,/usr/share/doxygen-awesome-css,g" \
    "$site/Doxyfile.in" >Doxyfile
doxygen Doxyfile

# Doxygen 1.9.4 knows no specialisations in namespace std, which it then leaves out.
warnings=$output/warnings.txt
sed -i '/Internal inconsistency: scope for class std::/d' "$warnings"
if [ -n "${FOREST_SITE_NAMES:-}" ]; then
    sed -n 's/^[^ ]*: warning: \(.*\) is not documented[.]$/\1/p' "$warnings" >"$FOREST_SITE_NAMES"
    sed -i '/ is not documented[.]$/d' "$warnings"
fi
if [ -s "$warnings" ]; then
    cat "$warnings"
    echo 'build.sh: the pages above have faults' >&2
    exit 1
fi
cp -R files "$output/html/files"
python3 "$site/links.py" "$output/html"
echo "The site begins at $output/html/index.html"
