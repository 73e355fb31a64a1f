#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: rooms.sh SOURCE_DIR
#
# Proves the rule of docs/explanation/design.md: what lies below a `detail/` is in a namespace `detail`,
# and examples and the tool do without it; the other headers are each on a page of docs/reference.
# Prints one line for each fault.
set -eu
cd "$1"

faults=0
fault() {
    echo "$*"
    faults=$((faults + 1))
}

headers=$(find include/forest -name '*.hpp' | sort)
public=$(echo "$headers" | grep -v /detail/)

for header in $(echo "$headers" | grep /detail/); do
    grep -q '^namespace forest.*::detail {' "$header" || fault "$header: is in no namespace detail"
done

for file in $(find examples -name '*.hpp' -o -name '*.cpp' | sort); do
    if grep -Eq '#[[:space:]]*include[[:space:]]*<forest/.*detail/' "$file"; then
        fault "$file: includes what lies below a detail/"
    elif grep -q 'detail::' "$file"; then
        fault "$file: uses a namespace detail"
    fi
done

for header in $public; do
    grep -Fq "${header#include/}" docs/reference/*.md ||
        fault "$header: is on no page of docs/reference"
done
for named in $(grep -rhoE '\bforest/[a-z0-9_/]+\.hpp' README.md docs | sort -u); do
    [ -e "include/$named" ] || fault "docs: there is no $named"
done

# A class is defined in one header. A line that begins with it is one of a namespace's.
# shellcheck disable=SC2086 # The headers are split into words on purpose.
for twice in $(grep -hoE '^(class|struct) [a-z_0-9]+( final)?( :|( \{)|$)' $headers |
    awk '{print $2}' | sort | uniq -d); do
    # The same name in another namespace is another class.
    for namespace in $(grep -lE "^(class|struct) $twice( final)?( :| \{|$)" $headers | xargs -I {} \
        awk -v name="$twice" '/^namespace /{n=$2} $0 ~ "^(class|struct) " name "( final)?( :| [{]|$)" {print n}' {} |
        sort | uniq -d); do
        fault "$namespace::$twice: is defined in two headers"
    done
done

# The comments of the main classes have the same parts in the same order; a comment that has one of
# the parts has them all. The sentence ends its paragraph, and other paragraphs may stand between the
# example and the rest.
main_classes="health_client health_fleet datasource health_route schema_route asio_clock \
asio_transport asio_server pooled_transport sharded_fleet hmac_sha256_signer hmac_sha256_verifier"
# shellcheck disable=SC2086
comments=$(awk -v wanted="$main_classes" '
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
' $public)
while read -r found; do
    [ -z "$found" ] || fault "$found"
done <<END
$comments
END

# Inheritance that only spreads a class over files shows in these.
most=20
# shellcheck disable=SC2086
count=$(cat $headers | grep -o 'this->' | wc -l)
[ "$count" -le "$most" ] || fault "include/forest: says this-> $count times, and may $most times"

# A header with a class has a test, or its owner has: a header that includes it, or the owner of that.
tested() { find tests -name "$(basename "$1" .hpp)_test.cpp" | grep -q .; }
owned() {
    tested "$1" && return
    # shellcheck disable=SC2086
    for owner in $(grep -lF "<${1#include/}>" $headers); do
        (owned "$owner") && return
    done
    return 1
}
for header in $headers; do
    grep -Eq '^(class|struct) [a-z_0-9]+( final)?( :|( \{)|$)' "$header" || continue
    owned "$header" || fault "$header: has a class, and neither it nor what includes it has a test"
done

echo "$(echo "$headers" | wc -l) headers, $(echo "$public" | wc -l) public, $faults faults"
[ "$faults" -eq 0 ]
