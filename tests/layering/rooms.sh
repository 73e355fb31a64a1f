#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: rooms.sh SOURCE_DIR
#
# Proves the rule of docs/explanation/design.md: what lies below a `detail/` is in a namespace `detail`
# and in no other, and examples and the tool do without it; the other headers are each on a page of
# docs/reference. Everything is in the inline namespace of form.hpp. The functions that the compiled
# form compiles once are in the files impl/*.ipp, all of which a src_*.hpp includes. No header includes
# itself, and each class has a test. Prints one line for each fault.
set -eu
cd "$1"

faults=0
fault() {
    echo "$*"
    faults=$((faults + 1))
}

headers=$(find include/forest -name '*.hpp' | sort)
public=$(echo "$headers" | grep -v /detail/)
compiled=$(find include/forest -name '*.ipp' | sort)

# report FAULTS: one fault for each line.
report() {
    while read -r found; do
        [ -z "$found" ] || fault "$found"
    done <<END
$1
END
}

# shellcheck disable=SC2046,SC2086 # Lists are split into words on purpose, here and below.
report "$(awk '
    function finish() { if (file != "" && !inside) print file ": is in no namespace detail" }
    FNR == 1 { finish(); file = FILENAME; inside = 0 }
    /^[[:space:]]*(inline[[:space:]]+)?namespace([[:space:]{]|$)/ {
        if (/^namespace forest::inline FOREST_FORM(::[a-z_]+)*::detail [{]$/) inside = 1
        else print FILENAME ": has another namespace than detail: " $0
    }
    END { finish() }
' $(echo "$headers" "$compiled" | tr ' ' '\n' | grep /detail/) /dev/null)"

# The inline namespace is a macro of form.hpp: without that header it would be a name. An .ipp gets it
# from its own header, which includes it last, and in one form only. Its functions are in the other form
# compiled once. So each begins with FOREST_DECL, which says that, and the file has nothing else but
# assertions, aliases, classes and templates.
report "$(awk '
    function finish() {
        if (file ~ /[.]ipp$/) included[file] = include
        else last[file] = line[(count - 4) % 5] line[(count - 3) % 5] line[(count - 2) % 5] line[(count - 1) % 5] line[count % 5]
        if (uses && !form && file ~ /[.]hpp$/ && file !~ /forest\/(form|src_[a-z]+)[.]hpp$/)
            print file ": does not include forest/form.hpp"
    }
    FNR == 1 { if (file != "") finish(); file = FILENAME; uses = form = 0; include = ""; split("", line) }
    { line[FNR % 5] = $0; count = FNR }
    /^#include/ { include = include $2 }
    /FOREST_(FORM|DECL)/ { uses = 1 }
    /^#include <forest\/form[.]hpp>$/ { form = 1 }
    # The errors are the same in both forms.
    /^namespace forest::any_form [{]$/ && FILENAME ~ /forest\/(core\/error|fwd)[.]hpp$/ { next }
    /^[[:space:]]*namespace[[:space:]]+forest/ &&
        !/^namespace forest::inline FOREST_FORM(::[a-z_]+)* [{]$/ {
        print FILENAME ": has another namespace than the form of the library: " $0
    }
    END {
        finish()
        for (file in included) {
            header = file
            sub(/impl\/[^\/]*$/, substr(header, match(header, /[^\/]*$/)), header); sub(/[.]ipp$/, ".hpp", header)
            own = header; sub(/^include\//, "", own)
            if (!index(included[file], "<" own ">")) print file ": does not include its header " header
            sub(/^include\//, "", file)
            if (header in last &&
                last[header] != "#ifndef FOREST_SEPARATE_COMPILATION#include <" file ">#endif#endif")
                print header ": does not end with " file ", unless FOREST_SEPARATE_COMPILATION is defined"
        }
    }
' $headers $compiled)"
[ -z "$compiled" ] || report "$(awk '
    # A line at the margin that does not go on with the one before begins a declaration.
    FNR == 1 { ended = 1 }
    /^ *(static |constexpr )*inline / && !/FOREST_DECL/ { print FILENAME ":" FNR ": has an inline function without FOREST_DECL: " $0; next }
    /^namespace / && !/^namespace forest::inline FOREST_FORM(::[a-z_]+)* [{]$/ {
        print FILENAME ": has another namespace than the form of the library: " $0
    }
    ended && /^[^ #\/}]/ && !/^(FOREST_DECL|extern "C" FOREST_DECL|namespace|static_assert|using|template|requires|class|struct|enum|public:|private:|protected:)[ (<]?/ {
        print FILENAME ":" FNR ": begins without FOREST_DECL: " $0
    }
    { ended = /^(#|\/\/)|[;{}]$|^} \/\/|^$/ }
' $compiled)"

# Each of them is in one source of the compiled form: in that of its package, or in that of the core.
report "$({ echo "$compiled" && grep -o '^#include <.*[.]ipp>' include/forest/src*.hpp /dev/null; } | awk '
    function source(file) {
        if (match(file, /\/adapters\/(cares|curl|httplib|microhttpd)\//))
            return "include/forest/src_" substr(file, RSTART + 10, RLENGTH - 11) ".hpp"
        if (file ~ /\/adapters\/(asio|fmt|openssl)\//) return "include/forest/src_stack.hpp"
        return "include/forest/src_core.hpp"
    }
    !/#/ { there[$0] = 1; next }
    {
        split($0, part, /:#include <|>$/)
        file = "include/" part[2]
        if (file in included) print part[1] ": includes " file " a second time"
        else if (!(file in there)) print part[1] ": includes " file ", which is not there"
        else if (source(file) != part[1]) print part[1] ": includes " file ", which belongs to " source(file)
        included[file] = 1
    }
    END { for (file in there) if (!(file in included)) print source(file) ": does not include " file }')"

for file in $(find examples -name '*.hpp' -o -name '*.cpp' | sort); do
    if grep -Eq '#[[:space:]]*include[[:space:]]*<forest/.*(detail|impl)/' "$file"; then
        fault "$file: includes what lies below a detail/ or an impl/"
    elif grep -Eq 'detail::|(::|namespace[[:space:]]+)detail([^a-z_0-9]|$)' "$file"; then
        fault "$file: uses a namespace detail"
    fi
done

for file in $(grep -rlE '#[[:space:]]*include.*[.]ipp' --include='*.[chi]pp' tests examples benchmarks); do
    fault "$file: includes an .ipp"
done

report "$({ grep -rhoE '\bforest/[a-z0-9_/]+\.hpp' docs/reference && echo "$public"; } | awk '
    /^include/ && !(substr($0, 9) in named) { print $0 ": is on no page of docs/reference" }
    { named[$0] = 1 }')"
for named in $(grep -rhoE '\bforest/[a-z0-9_/]+\.hpp' README.md docs | sort -u); do
    [ -e "include/$named" ] || fault "docs: there is no $named"
done

# A class is defined in one header. A line that begins with it is one of a namespace's, whose end says
# so in a comment. The same name in another namespace is another class.
# shellcheck disable=SC2086 # The headers are split into words on purpose.
report "$(awk '
    FNR == 1 { depth = 0 }
    /^namespace .*[{]$/ {
        name = $0; gsub(/^namespace |::inline FOREST_FORM| [{]$/, "", name)
        ++depth; within[depth] = within[depth - 1] name "::"
    }
    /^} \/\/ namespace/ { --depth }
    /^(class|struct) [a-z_0-9]+( final)?( :|( [{])|$)/ {
        if (++defined[within[depth] $2] == 2) print within[depth] $2 ": is defined in two headers"
    }
' $headers $compiled)"

# The comments of the main classes have the same parts in the same order; a comment that has one of
# the parts has them all. The sentence ends its paragraph, and other paragraphs may stand between the
# example and the rest.
main_classes="health_client health_fleet datasource health_route schema_route asio_clock \
asio_transport asio_server pooled_transport sharded_fleet hmac_sha256_signer hmac_sha256_verifier"
# shellcheck disable=SC2086
report "$(awk -v wanted="$main_classes" '
    BEGIN { count = split(wanted, list, " "); for (i in list) must[list[i]] = 1 }
    # The parts so far: s(entence), p(aragraph), e(xample), t(hread safety), l(ifetime), (e)r(rors).
    function add(part) { if (part != "p" || parts !~ /p$/) parts = parts part }
    FNR == 1 { comment = 0; parts = "" }
    /^\/\/\// {
        if (!comment) { parts = ""; first = ""; opening = 1 }
        comment = 1
        if ($0 ~ /^\/\/\/ From [^ ]+:$/) add("e")
        else if ($0 ~ /^\/\/\/ \*\*Thread safety:\*\* /) add("t")
        else if ($0 ~ /^\/\/\/ \*\*Lifetime:\*\* /) add("l")
        else if ($0 ~ /^\/\/\/ \*\*Errors:\*\* /) add("r")
        else if (opening && $0 != "///") first = first substr($0, 4)
        if (opening && ($0 == "///" || parts != "")) {
            opening = 0
            parts = (first ~ /[.]$/ && first !~ /[.] / ? "s" : "p") parts
        }
        next
    }
    { comment = 0 }
    /^(class|struct) [a-z_0-9]+( final)?( :|( [{])|$)/ {
        name = $2; sub(/^basic_/, "", name)
        seen[name] = 1
        if ((parts ~ /[etlr]/ || name in must) && parts !~ /^se+tlr$/)
            print FILENAME ": the comment of " $2 " is not one sentence, an example with its file, " \
                "and paragraphs on thread safety, lifetime and errors"
    }
    /^(template|requires| )/ { next }
    { parts = "" }
    END { for (i = 1; i <= count; ++i)
        if (!(list[i] in seen)) print "include/forest: has no class " list[i] }
' $public)"

# Inheritance that only spreads a class over files shows in these.
most=20
# shellcheck disable=SC2086
count=$(cat $headers $compiled | grep -o 'this->' | wc -l)
[ "$count" -le "$most" ] || fault "include/forest: says this-> $count times, and may $most times"

# Two rules on what includes what.
#
# No header includes itself, directly or through others. In the header-only form a header is followed by
# its .ipp: what that includes must not include the header itself. Two of them may include each
# other by their .ipp files, since both headers are then complete.
#
# A header with a class has a test: at its own place below tests/, which mirrors include/forest, or
# at the place of its owner, a header of the same layer that includes it. Where neither is there,
# tested_elsewhere.txt names the test, which must reach the header by its includes. A test at the place
# of a header includes that header.
elsewhere=tests/layering/tested_elsewhere.txt
# shellcheck disable=SC2086
report "$(find tests -name '*_test.cpp' -o -path 'tests/compile_fail/*.cpp' | awk -v elsewhere=$elsewhere '
    FILENAME !~ /[.][hi]pp$/ { is_test[$0] = 1; next }
    # The includes of an .ipp are those of its header.
    FNR == 1 {
        header = FILENAME
        if (!sub(/[.]ipp$/, ".hpp", header)) all[++count] = header
        else sub(/impl\/[^\/]*$/, substr(header, match(header, /[^\/]*$/)), header)
    }
    /^[[:space:]]*#[[:space:]]*include[[:space:]]*<forest\/.*[.]hpp>/ {
        name = included($0)
        if (FILENAME == header) itself[header] = itself[header] " " name
        if (FILENAME == header || name != header) includes[header] = includes[header] " " name
    }
    FILENAME ~ /[.]ipp$/ { next }
    /^(class|struct) [a-z_0-9]+( final)?( :|( [{])|$)/ { has_class[FILENAME] = 1 }

    function included(line) { gsub(/.*<|>.*/, "", line); return "include/" line }

    # Breadth first from what the header itself includes, to where that leads back to it.
    function visit(header,   list, i, n, queue, first, last, from, at, way) {
        n = split(itself[header], list, " ")
        for (i = 1; i <= n; ++i) if (!(list[i] in from)) { from[list[i]] = header; queue[++last] = list[i] }
        while (first < last && !(header in from)) {
            at = queue[++first]
            n = split(includes[at], list, " ")
            for (i = 1; i <= n; ++i) if (!(list[i] in from)) { from[list[i]] = at; queue[++last] = list[i] }
        }
        if (!(header in from)) return
        at = header
        do { at = from[at]; way = " " at way } while (at != header)
        print header ": includes itself:" way " " header
    }

    # Layers, and beside them each of the adapters.
    function layer(header,   part) {
        split(header, part, "/")
        if (part[3] == "adapters") return part[4]
        return part[3] ~ /^(core|policy|sim)$/ ? part[3] : "assemblies"
    }
    function mirror(header) {
        sub(/^include\/forest\//, layer(header) == "assemblies" ? "tests/assemblies/" : "tests/", header)
        sub(/[.]hpp$/, "_test.cpp", header)
        return header
    }
    function owned(header,   i) {
        for (i = 1; i <= count; ++i)
            if (layer(all[i]) == layer(header) && mirror(all[i]) in is_test &&
                index(includes[all[i]] " ", " " header " "))
                return 1
        return 0
    }

    # Whether `from` reaches the header by its includes. forest.hpp would reach nearly all.
    function reaches(from, header, seen,   list, i, n) {
        if (from == header) return 1
        if (from in seen || from == "include/forest/forest.hpp") return 0
        seen[from] = 1
        n = split(includes[from], list, " ")
        for (i = 1; i <= n; ++i) if (reaches(list[i], header, seen)) return 1
        return 0
    }
    function read_test(test,   line) {
        if (test in read) return
        read[test] = 1
        while ((getline line < test) > 0)
            if (line ~ /^#include <forest\//) includes[test] = includes[test] " " included(line)
        close(test)
    }

    END {
        for (i = 1; i <= count; ++i) visit(all[i])
        while ((getline line < elsewhere) > 0) {
            if (line ~ /^(#|$)/) continue
            split(line, word, " ")
            header = "include/forest/" word[1]; test = "tests/" word[2]
            split("", seen)
            if (header in listed) print elsewhere ": has " word[1] " twice"
            listed[header] = 1
            if (!(header in has_class)) print elsewhere ": there is no class in " word[1]
            else if (mirror(header) in is_test || owned(header)) print elsewhere ": does not need " word[1]
            if (!(test in is_test)) { print elsewhere ": there is no " test; continue }
            read_test(test)
            if (!reaches(test, header, seen)) print elsewhere ": " test " does not include " word[1]
        }
        for (i = 1; i <= count; ++i) {
            header = all[i]; test = mirror(header)
            if (test in is_test) {
                read_test(test)
                if (!index(includes[test] " ", " " header " "))
                    print test ": does not include " header
            }
            if (header in has_class && !(mirror(header) in is_test) && !owned(header) && !(header in listed))
                print header ": has a class, and neither it nor its owner has a test"
        }
    }
' - $headers $compiled)"

# A room of sim with more than five headers explains itself in a few lines, whose links lead to files
# and whose headers are there: beside the page, or by their paths.
rooms_max=5 lines_max=15
for room in include/forest/sim/*/; do
    page=${room}README.md
    count=$(echo "$headers" | grep -c "^$room" || true)
    if [ ! -e "$page" ]; then
        [ "$count" -le $rooms_max ] || fault "$page: is missing, for $count headers"
        continue
    fi
    [ "$(wc -l <"$page")" -le $lines_max ] || fault "$page: has more than $lines_max lines"
    for named in $(grep -oE '[A-Za-z0-9_./]+\.hpp' "$page" | sort -u) \
        $(grep -o '](\([^)#]*\)' "$page" | sed 's/^](//'); do
        [ -e "$room$named" ] || [ -e "include/$named" ] || fault "$page: there is no $named"
    done
done

# What lies in tests/ itself concerns all tests; each folder is in the README.
for file in tests/*; do
    name=${file#tests/}
    if [ -d "$file" ]; then
        grep -Eq "(^|[^a-z_])$name/" tests/README.md || fault "tests/README.md: says nothing of $name/"
    else
        case $name in
        README.md | CMakeLists.txt | run.sh | mutants.sh) ;;
        *) fault "$file: lies in none of the folders of tests/" ;;
        esac
    fi
done

echo "$(echo "$headers" | wc -l) headers, $(echo "$public" | wc -l) public, $faults faults"
[ "$faults" -eq 0 ]
