#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: costs.sh headers|programs SOURCE_DIR BUILD_DIR COMPILER [--renew]
#
# What a file pays that includes a public header, or uses a main class as the programs in
# benchmarks/compile-cost/programs do: lines after the preprocessor (see lines.awk), and functions that
# the compiler makes without optimisation. For a header the program is an empty main(); so these are
# the functions that come with each file. The test also shows that each header compiles alone, with the
# warnings of a strict build.
#
# The numbers are exact while the compiler and the packages are the same. So they are compared with
# costs_of_headers.txt or costs_of_programs.txt, and what grew is named. With a compiler or packages
# other than those in the first line of that file, the numbers are only printed. A smaller number is
# refused, too: otherwise it could grow again without notice. --renew writes the file anew.
#
# To save time, headers are compiled in chains (see chains.awk). The last one of a chain has all
# functions of the others. If their number is not that of the file, the others are compiled, too.
set -eu

# Called by itself for each measurement: `lines NAME`, or `functions NAME...` of which the last counts.
case $1 in lines | functions)
    measured=$1
    shift
    . "$SOURCE/tests/headers/compile.sh"
    for name; do unit=$work/$(echo "$name" | tr / _); done
    source() {
        case $1 in
        *.hpp) printf '#include <%s>\n' "$@" && echo 'int main() {}' ;;
        *) cat "$SOURCE/benchmarks/compile-cost/programs/$1" ;;
        esac
    }
    functions() {
        source "$@" | compile -O0 -S -o "$unit.s" -x c++ - 2>"$unit.log" && grep -c '@function$' "$unit.s"
    }
    if [ $measured = lines ]; then
        source "$@" | compile -E -x c++ - 2>/dev/null | awk -f "$SOURCE/tests/headers/lines.awk" >"$unit.lines"
    elif ! functions "$@" >"$unit.functions"; then
        for name; do
            functions "$name" >"$unit.functions" || { echo "$name: does not compile alone:" && cat "$unit.log"; }
        done >"$unit.failed"
        [ -s "$unit.failed" ] || echo "$*: do not compile one after the other" >"$unit.failed"
    fi
    exit
    ;;
esac

what=$1 build=$3 renew=${5:-}
export SOURCE="$2" CXX="$4"
table=$SOURCE/tests/headers/costs_of_$what.txt
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
. "$SOURCE/tests/headers/compile.sh"

versions() {
    printf '#include <%s>\n' version asio/version.hpp fmt/core.h openssl/opensslv.h |
        compile -E -dM -x c++ - | awk '
            { value[$2] = $3 }
            END {
                print ("__clang__" in value ? "clang" : "g++ " value["__GNUC__"] "." value["__GNUC_MINOR__"]) \
                    ", libstdc++ " value["__GLIBCXX__"] ", glibc " value["__GLIBC__"] "." value["__GLIBC_MINOR__"] \
                    ", Asio " value["ASIO_VERSION"] ", fmt " value["FMT_VERSION"] \
                    ", OpenSSL " value["OPENSSL_VERSION_MAJOR"] "." value["OPENSSL_VERSION_MINOR"] \
                    ("__x86_64__" in value ? ", x86-64" : ", another processor")
            }'
}

case $what in
headers) public_headers "$build" ;;
programs) (cd "$SOURCE/benchmarks/compile-cost/programs" && ls) ;;
esac >"$work/names"
if [ $what = headers ] && [ -z "$renew" ]; then
    chains header_only <"$work/names" >"$work/chains"
else
    cp "$work/names" "$work/chains"
fi
in_parallel "$0" lines <"$work/names"
in_parallel "$0" functions <"$work/chains"

# Lines of `LINES FUNCTIONS NAME`, with `-` for functions that were not counted.
results() {
    while read -r name; do
        unit=$work/$(echo "$name" | tr / _)
        echo "$(cat "$unit.lines") $(cat "$unit.functions" 2>/dev/null || echo -) $name"
    done <"$work/names"
}

if [ -n "$renew" ]; then
    ! cat "$work"/*.failed 2>/dev/null || exit 1
    {
        versions
        echo
        echo '   lines functions'
        results | awk '{ printf "%8d %9d %s\n", $1, $2, $3 }'
    } >"$table"
    exit
fi

# The headers to be compiled alone because the last header of their chain has another number than in
# the file: that last header itself, or the others.
rest() {
    results | awk -v which="$1" '
        FILENAME ~ /[.]txt$/ { functions[$3] = $2; next }
        FILENAME == "-" { now[$3] = $2; next }
        now[$NF] == functions[$NF] { next }
        which == "last" { if (NF > 1) print $NF; next }
        { for (i = 1; i < NF; ++i) print $i }
    ' "$table" - "$work/chains" >"$work/rest"
    [ ! -s "$work/rest" ] || in_parallel "$0" functions <"$work/rest"
}
# Another order of the same headers may make a few more functions of Asio.
rest last
rest others

! cat "$work"/*.failed 2>/dev/null || exit 1
here=$(versions)
there=$(head -n 1 "$table")
results | awk -v exact="$([ "$here" = "$there" ] && echo 1)" -v table="$table" '
    FILENAME ~ /[.]txt$/ { if (FNR > 3) lines[$3] = $1; functions[$3] = $2; next }
    function compare(name, what, before, now) {
        if (now == before || now == "-") return
        printf("%s: has %s %s: %d, and in %s %d\n", name, now > before ? "more" : "fewer", what, now, table, before)
        ++faults
    }
    {
        seen[$3] = 1
        if (!($3 in lines)) { print $3 ": is not in " table; ++faults; next }
        compare($3, "lines after the preprocessor", lines[$3] + 0, $1)
        compare($3, "functions", functions[$3] + 0, $2)
    }
    END {
        for (name in lines)
            if (!(name in seen) && name !~ /\/(cares|curl|httplib|microhttpd)\//) { print name ": is in " table ", and not there"; ++faults }
        exit faults > 0 && exact
    }
' "$table" - && status=0 || status=1
if [ "$here" != "$there" ]; then
    echo "The file is for $there."
    echo "Here is $here: so nothing was compared."
elif [ $status -ne 0 ]; then
    echo "If that must be so: sh tests/headers/costs.sh $what $SOURCE $build $CXX --renew"
fi
exit $status
