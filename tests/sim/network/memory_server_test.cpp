// SPDX-License-Identifier: BSL-1.0
#include <forest/sim/network/memory_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace {

namespace data = boost::unit_test::data;
using namespace forest;

} // namespace

BOOST_AUTO_TEST_SUITE(memory_server_test)

BOOST_DATA_TEST_CASE(a_204_and_a_304_have_no_body_whatever_the_handler_says,
                     data::make({204, 304}) * data::make({"GET", "HEAD"}), status, method) {
    sim::event_queue queue;
    sim::memory_server server{sim::virtual_clock{queue}};
    server.get("/", [&](const server_request&, const auto& respond) {
        response given{.status = status, .body = "{}", .fields = {}};
        BOOST_TEST(!given.fields.add("ETag", "\"a\""));
        respond(given);
    });
    std::string answer;
    std::string asked = std::string{method} + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    server.serve(asked, [&](std::string_view bytes) { answer = bytes; });
    BOOST_TEST(answer == "HTTP/1.1 " + std::to_string(status) +
                             " \r\n"
                             "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                             "Connection: close\r\n"
                             "ETag: \"a\"\r\n"
                             "\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
