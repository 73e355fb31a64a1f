#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Measures what it costs to compile programs with the library; see usage below.
set -eu

usage() {
    cat <<END
usage: sh benchmarks/compile-cost.sh [--rounds N] [--fresh]

Makes docs/reference/compile-cost.md: the CPU time and the memory that g++ takes for programs with
forest, beside those of programs that use the same packages without it. Each round compiles every
program once, in turn; so what else the machine does meets all of them. The page has the medians of
$rounds rounds, and the ratios of these medians.

  --rounds N  the number of rounds
  --fresh     measure again what build/compile-cost has already; otherwise the script continues
              there, unless a file of the library or of the programs has changed
  --help      print this
END
}

rounds=5
fresh=
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=$2 && shift ;;
    --fresh) fresh=1 ;;
    --help) usage && exit ;;
    *) echo "compile-cost.sh: unknown option: $1" >&2 && usage >&2 && exit 2 ;;
    esac
    shift
done

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=cmake/packages.sh
. cmake/packages.sh
need_packages build costs

page=docs/reference/compile-cost.md
build=build/compile-cost
results=$build/results.txt
mkdir -p $build

state=$(find include benchmarks/compile-cost examples/tutorial/01_watch_one_server.cpp -type f |
    sort | xargs cat | cksum)
[ -z "$fresh" ] && [ "$(cat $build/state 2>/dev/null)" = "$state" ] || rm -f $results
echo "$state" >$build/state
touch $results

# What is compiled: a name, the file, and the options.
separate=-DFOREST_SEPARATE_COMPILATION
client=benchmarks/compile-cost/programs/health_client.cpp
example=examples/tutorial/01_watch_one_server.cpp
header() { printf '#include <%s>\n\nint main() {}\n' "$2" >"$build/$1.cpp"; }
header health_client forest/health_client.hpp
header world forest/sim/world/world.hpp
header forest forest/forest.hpp
header fwd forest/fwd.hpp
units="std benchmarks/compile-cost/std_headers.cpp
io_context benchmarks/compile-cost/asio_io_context.cpp
asio benchmarks/compile-cost/asio_whole.cpp
bare benchmarks/compile-cost/bare_asio_http_client.cpp
client $client
client_compiled $client $separate
example $example
example_compiled $example $separate
health_client.hpp $build/health_client.cpp
health_client.hpp_compiled $build/health_client.cpp $separate
world.hpp $build/world.cpp
world.hpp_compiled $build/world.cpp $separate
fwd.hpp $build/fwd.cpp
forest.hpp $build/forest.cpp
forest.hpp_compiled $build/forest.cpp $separate"
# What a program compiles once, and only in the compiled form: one round will do.
for part in core stack; do
    echo "#include <forest/src_$part.hpp>" >$build/src_$part.cpp
done
once="src_core $build/src_core.cpp $separate
src_stack $build/src_stack.cpp $separate"

# measure ROUND: a line `ROUND LEVEL NAME CPU-SECONDS KILOBYTES` for each unit that has none yet.
measure() {
    while read -r name file options; do
        for level in 0 2; do
            grep -q "^$1 $level $name " $results && continue
            echo "==> Round $1: $name, -O$level"
            # shellcheck disable=SC2086 # Words.
            command time -f '%U %S %M' -o $build/time g++ -std=c++20 -I include -DASIO_STANDALONE \
                -O$level $options -c -o $build/object.o "$file"
            awk -v key="$1 $level $name" '{ print key, $1 + $2, $3 }' $build/time >>$results
        done
    done
}
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    echo "$units" | measure $round
done
echo "$once" | measure 1

# The tables. `median` sorts by insertion.
tables() {
    awk -v rounds="$rounds" '
        $1 <= rounds {
            key = $2 " " $3
            n = ++count[key]
            for (i = n; i > 1 && seconds[key, i - 1] > $4; --i) seconds[key, i] = seconds[key, i - 1]
            seconds[key, i] = $4
            if ($5 > memory[key]) memory[key] = $5
        }
        function median(key, n) {
            n = count[key]
            return n % 2 ? seconds[key, (n + 1) / 2] : (seconds[key, n / 2] + seconds[key, n / 2 + 1]) / 2
        }
        function seconds_of(name) { return sprintf("%.1f | %.1f", median("0 " name), median("2 " name)) }
        function ratios(name, to) {
            return sprintf("%.2f | %.2f", median("0 " name) / median("0 " to), median("2 " name) / median("2 " to))
        }
        function megabytes(name) { return sprintf("%.0f", memory["2 " name] / 1000) }
        function row(label, name, to, bound) {
            print "| " label " | " seconds_of(name) " | " ratios(name, to) " | " bound " | " megabytes(name) " |"
        }
        function group(label, to) {
            print "\n## " label "\n"
            print "| file | -O0, s | -O2, s | ratio, -O0 | ratio, -O2 | goal | memory, MB |"
            print "|---|---|---|---|---|---|---|"
        }
        END {
            group("Compared with an HTTP client on bare Asio")
            row("`bare_asio_http_client.cpp`", "bare", "bare", "")
            row("`health_client.cpp`, header-only", "client", "bare", "1.2")
            row("`01_watch_one_server.cpp`, header-only", "example", "bare", "1.5, 400 MB")
            row("the same, compiled form", "example_compiled", "bare", "")
            row("`<asio.hpp>` and `<asio/ssl.hpp>`, an empty `main()`", "asio", "bare", "")
            row("`forest/forest.hpp`, an empty `main()`, header-only", "forest.hpp", "bare", "")
            row("the same, compiled form", "forest.hpp_compiled", "bare", "")
            group("Compared with `<asio/io_context.hpp>`")
            row("`<asio/io_context.hpp>`, an empty `main()`", "io_context", "io_context", "")
            row("`health_client.cpp`, compiled form", "client_compiled", "io_context", "1.2")
            group("Compared with `<functional>`, `<string>` and `<chrono>`")
            row("these three, an empty `main()`", "std", "std", "")
            row("`forest/fwd.hpp`, an empty `main()`", "fwd.hpp", "std", "")
            row("`forest/health_client.hpp`, an empty `main()`, header-only", "health_client.hpp", "std", "1.3")
            row("the same, compiled form", "health_client.hpp_compiled", "std", "")
            row("`forest/sim/world/world.hpp`, an empty `main()`, header-only", "world.hpp", "std", "2")
            row("the same, compiled form", "world.hpp_compiled", "std", "")
            print "\n## Once for a program, in the compiled form\n"
            print "| file | -O0, s | -O2, s | memory, MB |\n|---|---|---|---|"
            print "| `forest/src_core.hpp` | " seconds_of("src_core") " | " megabytes("src_core") " |"
            print "| `forest/src_stack.hpp` | " seconds_of("src_stack") " | " megabytes("src_stack") " |"
        }' $results
}

counts() {
    awk 'FNR > 3 { printf "| `%s` | %d | %d |\n", $3, $1, $2 }' "tests/headers/costs_of_$1.txt"
}

{
    cat <<END
# What it costs to compile

Made by \`sh benchmarks/compile-cost.sh\`; change that script instead of this page. The numbers are of
$(g++ --version | head -n 1), Asio $(dpkg-query -W -f '${Version}' libasio-dev), on
$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(date -u +%Y-%m-%d), at a load of $(cut -d ' ' -f 1 /proc/loadavg).

## How to read it
Seconds are the CPU time of the compiler for one file, user and system together: the median of $rounds rounds. They
depend on the machine and on what else it does. So read the ratios: each is to the first row of its table, and all
files of a round are compiled in turn. Memory is the largest that the compiler took at -O2. The files are in
[benchmarks/compile-cost](../../benchmarks/compile-cost), but for
[01_watch_one_server.cpp](../../examples/tutorial/01_watch_one_server.cpp), which has a server and a client. \`goal\` is
what the ratios should be at most.

The [last two tables](#each-public-header) have numbers that do not depend on the machine. The tests compare them with
each change: \`tests/headers/costs.sh\`.

## How to pay less
- Include the header of the part that you use, such as \`forest/default_client.hpp\`, and not \`forest/forest.hpp\`.
- A header of yours that only takes a \`health_client&\` needs \`forest/fwd.hpp\` alone. The file that makes the client
  includes the rest.
- Use the compiled form if several files use the library: link \`forest::compiled\` in place of \`forest::forest\` with CMake.
  Without CMake, define \`FOREST_SEPARATE_COMPILATION\` for all files, and include \`forest/src.hpp\` in one of them. Then the
  functions of the library and its default policies are compiled once. Files of both forms do not link if they share a
  type of the library: the message of the linker then names \`header_only\` or \`separate_compilation\`.
- Asio has such a form, too: \`ASIO_SEPARATE_COMPILATION\` and \`asio/impl/src.hpp\`. Whether to use it is your choice: the
  library works with both.
- A precompiled header with \`<asio.hpp>\` and \`<forest/forest.hpp>\` is of use where many files of one target include both.
END
    tables
    cat <<END

## Each public header
What a file pays that includes a header alone, with an empty \`main()\`, in the header-only form: lines after the preprocessor,
and functions that the compiler makes at -O0. Empty lines are not counted. A header of the C library, of the kernel or of
OpenSSL counts as one line, since their updates change their lines.

| header | lines | functions |
|---|---|---|
END
    counts headers
    cat <<END

## Small programs
The same for the programs in \`benchmarks/compile-cost/programs\`, each of which uses one of the main classes.

| program | lines | functions |
|---|---|---|
END
    counts programs
} >$build/page.md
mv $build/page.md $page
echo "==> $page"
