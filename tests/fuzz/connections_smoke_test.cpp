// SPDX-License-Identifier: BSL-1.0
#include <fuzz/chunked_target.hpp>
#include <fuzz/client_target.hpp>
#include <fuzz/mutator.hpp>
#include <fuzz/server_target.hpp>
#include <fuzz/signed_head_target.hpp>
#include <fuzz/tls_records_target.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// The targets with a corpus. The fuzzers begin with the same files. Here each of them is replayed,
// and then mutations of them.

using namespace forest_fuzz;

namespace {

constexpr int rounds_over_sockets = 3'000;
constexpr int rounds_of_handshakes = 500;
constexpr int rounds_of_parsers = 6'000;

samples corpus(const char* target) {
    const std::filesystem::path folder =
        std::filesystem::path{FOREST_SOURCE_DIR} / "tests/fuzz/corpus" / target;
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator{folder})
        files.push_back(file.path());
    std::sort(files.begin(), files.end()); // the order of a directory is arbitrary
    samples inputs;
    for (const auto& file : files) {
        std::ifstream stream{file, std::ios::binary};
        inputs.emplace_back(std::istreambuf_iterator<char>{stream},
                            std::istreambuf_iterator<char>{});
    }
    BOOST_REQUIRE(!inputs.empty());
    return inputs;
}

template <class Target>
void replay(Target&& target, const samples& inputs, samples pieces, int rounds) {
    for (const std::string& input : inputs)
        require_accepted(target, input, "the corpus");
    drive(target, {inputs, std::move(pieces)}, rounds);
}

} // namespace

BOOST_AUTO_TEST_SUITE(connections_smoke_test)

BOOST_AUTO_TEST_CASE(a_server_gives_the_same_answers_however_the_bytes_come) {
    samples pieces = http_pieces;
    pieces.insert(pieces.end(), {"GET ", "HEAD ", "/l", "/b", "/2", "\xfe", "\r\n\r\n",
                                 "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"});
    replay(server_target, corpus("server"), pieces, rounds_over_sockets);
}

BOOST_AUTO_TEST_CASE(a_client_gets_the_reply_of_the_parser_however_the_bytes_come) {
    samples pieces = http_pieces;
    pieces.insert(pieces.end(), {"\xfd", "\xfe", "\r\n\r\n", "HTTP/1.1 100 \r\n\r\n", "204",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"});
    replay(client_target, corpus("client"), pieces, rounds_over_sockets);
}

BOOST_AUTO_TEST_CASE(chunked_bodies_are_decoded_as_by_the_reference) {
    replay(chunked_target, corpus("chunked"),
           {"\x03", "\x10\x03", "\x04\x0c", "\x71", "\x13\x0b", "\x05", "\x9e\x0c", "\xfd"},
           rounds_of_parsers);
}

BOOST_AUTO_TEST_CASE(tls_sessions_receive_only_what_was_sent) {
    replay(tls_records_target, corpus("tls_records"),
           {"\x03", "\x13", "\x02", "\x12", "\x13\x03\x13", "\x04\x20", "\x19\x01", "\x0c\x01\x28"},
           rounds_of_handshakes);
}

BOOST_AUTO_TEST_CASE(signed_heads_are_accepted_as_by_the_reference) {
    samples pieces{"\r\n",
                   "X_TIMESTAMP: ",
                   "X_SIGNATURE: ",
                   "x-timestamp:",
                   "X-Signature:\t",
                   "\xf1",
                   "\xf2",
                   "\xfd",
                   "Z",
                   "+02:00",
                   "-0330",
                   "2025-12-09T12:00",
                   " ",
                   "0"};
    for (const char which : {'\0', '\2', '\5', '\x08', '\x24', '\x30', '\x3d'})
        pieces.push_back(std::string{"\xf0"} + which);
    replay(signed_head_target, corpus("signed_head"), pieces, rounds_of_parsers);
}

BOOST_AUTO_TEST_SUITE_END()
