// SPDX-License-Identifier: BSL-1.0
#include <forest/route_table.hpp>

#include <forest/health_route.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

using namespace forest;

namespace {

struct sent {
    int count = 0;
    int status = 0;
    std::string body;
    std::string fields;

    route_responder responder() {
        return route_responder{[this](const response& answer) {
            ++count;
            status = answer.status;
            body = answer.body;
            fields = answer.fields.text();
        }};
    }
};

received_request usual(std::string_view method = "GET", std::string_view target = "/a") {
    received_request request{method, target};
    request.add_field("Host", "a");
    return request;
}

// Has one handler, of /a, which answers 200 with the fields that it has got.
struct with_one_route {
    route_table table;
    http_method method{};
    std::string path;

    with_one_route() {
        BOOST_TEST_REQUIRE(!table.get("/a", [this](const server_request& asked, auto respond) {
            method = asked.method;
            path = asked.path;
            respond({.body = asked.fields.text(), .fields = {}});
        }));
    }

    sent ask(const received_request& request) const {
        sent answer;
        table.serve(request, answer.responder());
        BOOST_TEST(answer.count == 1);
        return answer;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(route_table_test)

BOOST_AUTO_TEST_CASE(a_request_reaches_its_handler_with_its_fields) {
    with_one_route on;
    received_request request{"HEAD", "http://a/a?b=/c"};
    for (const auto& [name, value] :
         {std::pair{"Host", "a"}, {"x-b", "2"}, {"X-A", ""}, {"X-B", "1"}})
        request.add_field(name, value);
    BOOST_TEST(request.path() == "/a");
    BOOST_TEST(!request.has_body());
    const sent answer = on.ask(request);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == "Host: a\r\nx-b: 2\r\nX-A: \r\nX-B: 1\r\n");
    BOOST_TEST((on.method == http_method::head));
    BOOST_TEST(on.path == "/a");
    BOOST_TEST(on.table.has("/a?x"));
    BOOST_TEST(!on.table.has("/a/"));
}

BOOST_AUTO_TEST_CASE(other_paths_and_methods_are_answered_by_the_table) {
    with_one_route on;
    const sent missing = on.ask(usual("GET", "/b"));
    BOOST_TEST(missing.status == 404);
    BOOST_TEST(missing.body == R"({"error":"Not Found"})");
    const sent refused = on.ask(usual("POST"));
    BOOST_TEST(refused.status == 405);
    BOOST_TEST(refused.fields == "Allow: GET, HEAD\r\n");
    BOOST_TEST(on.path.empty());
}

// Each could be understood differently by another reader.
BOOST_AUTO_TEST_CASE(a_malformed_request_is_refused) {
    with_one_route on;
    const std::vector<std::vector<std::pair<std::string, std::string>>> malformed{
        {},
        {{"Host", "a"}, {"HOST", "b"}},
        {{"Host", "a b"}},
        {{"Host", "a"}, {"X Y", "1"}},
        {{"Host", "a"}, {"X-Y ", "1"}},
        {{"Host", "a"}, {"", "1"}},
        {{"Host", "a"}, {"X-Y", "1\r\nX-Z: 2"}},
        {{"Host", "a"}, {"X-Y", std::string(1, '\0')}},
        {{"Host", "a"}, {"Content-Length", "x"}},
        {{"Host", "a"}, {"Content-Length", "1"}, {"Content-Length", "2"}},
        {{"Host", "a"}, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
        {{"Host", "a"}, {"Transfer-Encoding", "chunked, chunked"}}};
    for (const auto& fields : malformed) {
        received_request request{"GET", "/a"};
        for (const auto& [name, value] : fields)
            request.add_field(name, value);
        BOOST_TEST(request.malformed());
        BOOST_TEST(on.ask(request).status == 400);
    }
    BOOST_TEST(on.path.empty());
    received_request older{"GET", "/a", 0};
    BOOST_TEST(!older.malformed()); // HTTP/1.0 needs no host
    BOOST_TEST(on.ask(older).status == 200);
    older.add_field("Transfer-Encoding", "chunked");
    BOOST_TEST(older.malformed());
}

BOOST_AUTO_TEST_CASE(a_body_is_seen_in_the_fields) {
    received_request sized = usual();
    sized.add_field("Content-Length", "0");
    BOOST_TEST(!sized.has_body());
    sized = usual();
    sized.add_field("Content-Length", "1");
    BOOST_TEST(sized.has_body());
    received_request chunked = usual();
    chunked.add_field("transfer-encoding", "chunked");
    BOOST_TEST(chunked.has_body());
}

BOOST_AUTO_TEST_CASE(a_request_has_the_time_at_which_it_came) {
    route_table table;
    wall_time received{};
    BOOST_TEST_REQUIRE(!table.get("/a", [&](const server_request& asked, auto respond) {
        received = asked.received;
        respond({.fields = {}});
    }));
    const auto before = std::chrono::system_clock::now() - std::chrono::milliseconds{1};
    sent answer;
    table.serve(usual(), answer.responder());
    BOOST_TEST((before <= received && received <= std::chrono::system_clock::now()));
}

BOOST_AUTO_TEST_CASE(a_path_is_taken_once_and_must_be_one) {
    route_table table;
    const auto nothing = [](const server_request&, const auto&) {};
    BOOST_TEST(table.get("/a", nothing) == std::error_code{});
    for (const std::string path : {"/a", "", "a", "/a?b", "/a b", "/a#b", "http://a/b"})
        BOOST_TEST(table.get(path, nothing) == make_error_code(errc::path_invalid), path);
}

BOOST_AUTO_TEST_CASE(only_the_first_answer_is_sent) {
    sent answer;
    const route_responder respond = answer.responder();
    const route_responder copy = respond;
    copy({.status = 201, .fields = {}});
    respond({.status = 500, .fields = {}});
    copy({.status = 500, .fields = {}});
    BOOST_TEST(answer.count == 1);
    BOOST_TEST(answer.status == 201);
}

BOOST_AUTO_TEST_CASE(the_last_copy_sends_500_if_none_was_called) {
    sent answer;
    std::optional<route_responder> first = answer.responder();
    std::optional<route_responder> second = first;
    first.reset();
    BOOST_TEST(answer.count == 0);
    second.reset();
    BOOST_TEST(answer.count == 1);
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.body == R"({"error":"Internal Server Error"})");
}

BOOST_AUTO_TEST_CASE(a_status_that_is_not_final_becomes_500) {
    for (const int status : {-1, 0, 99, 100, 199, 600}) {
        sent answer;
        answer.responder()({.status = status, .body = "kept", .fields = {}});
        BOOST_TEST(answer.status == 500);
        BOOST_TEST(answer.body == "kept");
    }
    for (const int status : {200, 599}) {
        sent answer;
        answer.responder()({.status = status, .fields = {}});
        BOOST_TEST(answer.status == status);
    }
}

BOOST_AUTO_TEST_CASE(a_send_that_throws_is_called_again_with_500) {
    std::vector<int> sent_statuses;
    route_responder{[&](const response& answer) {
        sent_statuses.push_back(answer.status);
        throw std::bad_alloc{};
    }}({.status = 200, .fields = {}});
    BOOST_TEST(sent_statuses == (std::vector<int>{200, 500}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_handler_becomes_500) {
    route_table table;
    BOOST_TEST_REQUIRE(!table.get("/a", [](const server_request&, const auto&) { throw 1; }));
    sent answer;
    table.serve(usual(), answer.responder());
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.count == 1);
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_later_on_another_thread) {
    std::optional<route_responder> kept;
    sent answer;
    {
        route_table table;
        BOOST_TEST_REQUIRE(
            !table.get("/a", [&](const server_request&, auto respond) { kept = respond; }));
        table.serve(usual(), answer.responder());
    }
    BOOST_TEST(answer.count == 0);
    std::jthread{[&] { (*kept)({.status = 200, .body = "late", .fields = {}}); }}.join();
    kept.reset();
    BOOST_TEST(answer.count == 1);
    BOOST_TEST(answer.body == "late");
}

BOOST_AUTO_TEST_CASE(B20_a_health_route_is_served_by_it) {
    route_table table;
    basic_health_route route{table, accept_unsigned, {.path = "/a", .version = "2"}};
    sent answer;
    table.serve(usual(), answer.responder());
    BOOST_TEST(answer.body == R"({"status":"ok","version":"2"})");
    route.drain();
    table.serve(usual(), answer.responder());
    BOOST_TEST(answer.status == 503);
    BOOST_CHECK_THROW((basic_health_route{table, accept_unsigned, {.path = "/a"}}),
                      std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
