// SPDX-License-Identifier: BSL-1.0
#include <fuzz/client_target.hpp>
#include <fuzz/mutator.hpp>
#include <fuzz/server_target.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// The targets that have a corpus, from which the fuzzers begin, too: each of its inputs, and then
// mutations of them.

using namespace forest_fuzz;

namespace {

constexpr int rounds_over_sockets = 2'000;

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

BOOST_AUTO_TEST_SUITE_END()
