# SPDX-License-Identifier: BSL-1.0

# usage: awk -f chains.awk [-v form=separate_compilation] LIST, in the folder include/
#
# LIST has the names of headers, one on each line. Prints them in chains, one on each line, in which
# each header includes the one before it, directly or through others. Including the headers of a chain
# one after the other in one file shows of each header that it compiles alone: what was included
# before it is what it includes itself. So a few files show that for all headers. There are as few
# chains as possible: it is a matching of each header with one that follows it (Kuhn's algorithm).

function read_includes(header, file,   line) {
    while ((getline line < file) > 0)
        if (line ~ /^#include <forest\/.*[.]hpp>/) {
            gsub(/^#include <|>.*/, "", line)
            if (line != header) includes[header] = includes[header] " " line
        }
    close(file)
}

# The headers that one includes, directly or through others, in the order in which they end.
function visit(header, into,   list, i, n, body) {
    if ((into, header) in reached) return
    reached[into, header] = 1
    if (!(header in read)) {
        read[header] = 1
        read_includes(header, header)
        if (form != "separate_compilation") {
            body = header
            sub(/[^\/]*$/, "impl/&", body)
            sub(/[.]hpp$/, ".ipp", body)
            read_includes(header, body)
        }
    }
    n = split(includes[header], list, " ")
    for (i = 1; i <= n; ++i) visit(list[i], into)
    if (header in wanted && header != into) below[into] = header " " below[into]
}

function match_one(header, round,   list, i, n) {
    n = split(below[header], list, " ")
    for (i = 1; i <= n; ++i) {
        if (tried[list[i]] == round) continue
        tried[list[i]] = round
        if (!(list[i] in follower) || match_one(follower[list[i]], round)) {
            follower[list[i]] = header
            return 1
        }
    }
    return 0
}

{ wanted[$1] = 1; all[++count] = $1 }

END {
    for (i = 1; i <= count; ++i) visit(all[i], all[i])
    for (i = 1; i <= count; ++i) match_one(all[i], i)
    for (header in follower) follows[follower[header]] = 1
    for (i = 1; i <= count; ++i) {
        if (all[i] in follows) continue
        chain = ""
        for (header = all[i]; header != ""; header = header in follower ? follower[header] : "")
            chain = chain (chain == "" ? "" : " ") header
        print chain
    }
}
