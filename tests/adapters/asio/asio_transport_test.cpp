// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>
#include <forest/version.hpp>

#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;

// A directory that goes away.
class scratch {
public:
    scratch() {
        std::string name =
            (std::filesystem::temp_directory_path() / "forest-transport-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error{errno, std::system_category(), "no temporary directory"};
        directory_ = name;
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::string path(const std::string& name) const { return directory_ / name; }

    static std::string url_of(std::string path) {
        for (std::size_t slash = 0; (slash = path.find('/', slash)) != std::string::npos;)
            path.replace(slash, 1, "%2F");
        return "http+unix://" + path + "/forest/health";
    }

private:
    std::filesystem::path directory_;
};

// Runs everything on an io_context until the test takes its memory away.
class exhaustible_executor {
public:
    exhaustible_executor(asio::io_context& io, const bool& exhausted)
        : io_{&io}, exhausted_{&exhausted} {}

    asio::execution_context& query(asio::execution::context_t) const noexcept { return *io_; }
    static constexpr asio::execution::blocking_t::never_t
    query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking_t::never;
    }

    template <typename Function>
    void execute(Function function) const {
        if (*exhausted_)
            throw std::bad_alloc{};
        asio::post(*io_, std::move(function));
    }

    bool operator==(const exhaustible_executor&) const = default;

private:
    asio::io_context* io_;
    const bool* exhausted_;
};

// What a whole client makes of one answer.
struct outcome {
    event_kind kind{};
    std::error_code error;
    int status = 0;
    std::string version;
};

outcome first_check(const std::string& target) {
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    basic_health_client client{asio_transport{clock}, clock,       unsigned_requests{},
                               exponential_backoff{}, url{target}, options{.timeout = deadline}};
    std::optional<outcome> result;
    client.on_event([&](const event& happened) {
        if (happened.check == nullptr)
            return;
        result = {happened.kind, happened.check->error, happened.check->status,
                  std::string{happened.check->version()}};
        client.stop();
    });
    client.start();
    io.run_for(deadline + margin);
    BOOST_TEST_REQUIRE(result.has_value());
    return *result;
}

struct protocol_row {
    const char* name;
    std::string answer;
    errc expected;
    const char* version = "";
};

std::ostream& operator<<(std::ostream& out, const protocol_row& row) {
    return out << row.name;
}

std::string answer(const std::string& status, const std::string& fields, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string with_body(const std::string& body) {
    return answer("200 OK", "Content-Type: application/json\r\n", body);
}

const std::string ok = R"({"status":"ok"})";

constexpr errc healthy{};

// PROTOCOL.md, 1: what the client counts as healthy, row by row.
const protocol_row protocol_rows[] = {
    {"the answer of a real server", std::string{healthy_answer}, healthy, "1.16.10"},
    {"201", answer("201 Created", "", ok), healthy},
    {"299", answer("299 Whatever", "", ok), healthy},
    {"no Content-Type", answer("200 OK", "", ok), healthy},
    {"another Content-Type", answer("200 OK", "Content-Type: text/plain\r\n", ok), healthy},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n" + ok + "\r\n0\r\n\r\n",
     healthy},
    {"chunks with extensions and trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "7;a=b;c=\"d\"\r\n{\"statu\r\n8 ; e\r\ns\":\"ok\"}\r\n0;f\r\nTrailer: value\r\n\r\n",
     healthy},
    {"close-delimited HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + ok, healthy},
    {"close-delimited HTTP/1.1", "HTTP/1.1 200 OK\r\n\r\n" + ok, healthy},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + with_body(ok), healthy},
    {"103 first", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_body(ok), healthy},
    {"no reason phrase", answer("200 ", "", ok), healthy},
    {"no reason phrase and no blank", answer("200", "", ok), healthy},
    {"a header with an empty value", answer("200 OK", "Empty:\r\n", ok), healthy},
    {"equal lengths", answer("200 OK", "Content-Length: 15\r\n", ok), healthy},
    {"the last of two keys says ok", with_body(R"({"status":"no","status":"ok"})"), healthy},
    {"a version that is no string", with_body(R"({"status":"ok","version":[1,{"a":null}]})"),
     healthy},
    {"blanks around the object", with_body(" \t\r\n{\"status\" : \"ok\"}\n"), healthy},
    {"an escaped ok", with_body(R"({"status":"\u006fk"})"), healthy},
    {"identity encoding", answer("200 OK", "Content-Encoding: identity\r\n", ok), healthy},
    {"a header section of 16 KiB",
     answer("200 OK", "Padding: " + std::string(16 * 1024 - 60, 'x') + "\r\n", ok), healthy},
    {"a body of 64 KiB", with_body(ok + std::string(64 * 1024 - ok.size(), ' ')), healthy},

    {"204", "HTTP/1.1 204 No Content\r\n\r\n", errc::malformed_body},
    {"an empty body", with_body(""), errc::malformed_body},
    {"301", answer("301 Moved", "Location: /elsewhere\r\n", ok), errc::unexpected_status},
    {"302", answer("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), errc::unexpected_status},
    {"304", "HTTP/1.1 304 Not Modified\r\n\r\n", errc::unexpected_status},
    {"401", answer("401 Unauthorized", "", R"({"error":"Unauthorized"})"), errc::unauthorized},
    {"401 with an ok body", answer("401 Unauthorized", "", ok), errc::unauthorized},
    {"403", answer("403 Forbidden", "", R"({"errors":[]})"), errc::unauthorized},
    {"404", answer("404 Not Found", "", R"({"error":"Not Found"})"), errc::unexpected_status},
    {"500", answer("500 Internal Server Error", "", ""), errc::unexpected_status},
    {"500 with an ok body", answer("500 Internal Server Error", "", ok), errc::unexpected_status},
    {"503", answer("503 Service Unavailable", "", ok), errc::unexpected_status},
    {"B9 a farewell", answer("503 Service Unavailable", "", R"({"status":"stopping"})"),
     errc::stopping},
    {"the string OK", with_body(R"("OK")"), errc::malformed_body},
    {"status OK in capitals", with_body(R"({"status":"OK"})"), errc::not_ok},
    {"status true", with_body(R"({"status":true})"), errc::not_ok},
    {"no status", with_body("{}"), errc::not_ok},
    {"status stopping with 200", with_body(R"({"status":"stopping"})"), errc::not_ok},
    {"the last of two keys says no", with_body(R"({"status":"ok","status":"no"})"), errc::not_ok},
    {"an array", with_body(R"([{"status":"ok"}])"), errc::malformed_body},
    {"null", with_body("null"), errc::malformed_body},
    {"a byte order mark", with_body("\xef\xbb\xbf" + ok), errc::malformed_body},
    {"trailing junk", with_body(ok + "x"), errc::malformed_body},
    {"a second object", with_body(ok + ok), errc::malformed_body},
    {"a JSON comment", with_body("{/* */\"status\":\"ok\"}"), errc::malformed_body},
    {"a truncated body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + ok,
     errc::connection_lost},
    {"lengths in conflict", answer("200 OK", "Content-Length: 14\r\n", ok),
     errc::malformed_response},
    {"a length and chunks", answer("200 OK", "Transfer-Encoding: chunked\r\n", ok),
     errc::malformed_response},
    {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 15\n\n" + ok, errc::malformed_response},
    {"a folded line", answer("200 OK", "A: b\r\n c\r\n", ok), errc::malformed_response},
    {"a zero in a header", answer("200 OK", std::string("A: b\0c\r\n", 8), ok),
     errc::malformed_response},
    {"no HTTP", "220 smtp.example ESMTP\r\n", errc::other_protocol},
    {"a header section over 16 KiB",
     answer("200 OK", "Padding: " + std::string(16 * 1024, 'x') + "\r\n", ok),
     errc::response_too_large},
    {"a body over 64 KiB", with_body(ok + std::string(64 * 1024 + 1 - ok.size(), ' ')),
     errc::response_too_large},
    {"a compressed body", answer("200 OK", "Content-Encoding: gzip\r\n", ok),
     errc::unsupported_encoding},
};

void check_row(const protocol_row& row, const bad_peer& server) {
    const outcome result = first_check(server.url());
    if (row.expected == healthy) {
        BOOST_TEST((result.kind == event_kind::check_succeeded));
        BOOST_TEST(result.error == std::error_code{});
        BOOST_TEST(result.version == row.version);
    } else {
        BOOST_TEST((result.kind == event_kind::check_failed));
        BOOST_TEST(result.error == make_error_code(row.expected));
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(asio_transport_test)

BOOST_DATA_TEST_CASE(B5_the_client_judges_an_answer_as_the_protocol_says, protocol_rows) {
    bad_peer server{answering_once(sample.answer)};
    check_row(sample, server);
}

BOOST_DATA_TEST_CASE(B5_the_client_judges_the_same_when_every_byte_comes_alone, protocol_rows) {
    const std::string& bytes = sample.answer;
    bad_peer server{[&](peer_connection& client) {
        if (!client.read_request().empty())
            client.drip(bytes, bytes.size() < 512 ? 20us : 0us);
    }};
    check_row(sample, server);
}

BOOST_AUTO_TEST_CASE(the_request_on_the_wire_is_the_golden_one) {
    std::mutex mutex;
    std::string received;
    bad_peer server{[&](peer_connection& client) {
        const std::string text = client.read_request();
        {
            const std::lock_guard lock{mutex};
            received = text;
        }
        client.send(healthy_answer);
    }};
    getter client;
    client.asked.target = server.url("http", "localhost");
    hmac_sha256_signer signer{"test-secret-key"};
    // 2025-12-09T12:00:00.000Z
    signer.sign(client.asked, wall_time{1765281600000ms}, client.asked.fields);
    BOOST_TEST(client.get(client.asked, deadline).error == std::error_code{});
    const std::lock_guard lock{mutex};
    BOOST_TEST(received ==
               "GET /forest/health HTTP/1.1\r\n"
               "Host: localhost:" +
                   std::to_string(server.port()) +
                   "\r\n"
                   "User-Agent: forest/" +
                   std::string{version} +
                   "\r\n"
                   "Accept: application/json\r\n"
                   "X_TIMESTAMP: 2025-12-09T12:00:00.000Z\r\n"
                   "X_SIGNATURE: b1fa47dd01adb84e4dcb6b8a5aad1b7b9ce8228ecdbd912aa6e888b7582cf6e2"
                   "\r\n"
                   "Connection: close\r\n"
                   "\r\n");
}

BOOST_AUTO_TEST_CASE(every_check_has_a_connection_of_its_own_by_default) {
    bad_peer server{answering(std::string{healthy_answer})};
    getter client;
    for (int check = 1; check <= 3; ++check) {
        BOOST_TEST(client.get(server.url(), deadline).error == std::error_code{});
        BOOST_TEST(server.accepted() == check);
    }
}

BOOST_AUTO_TEST_CASE(B5_a_reply_tells_how_long_each_phase_took) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const phase_timings by_name = get_once(server.url("http", "localhost"), deadline).timings;
    BOOST_TEST(by_name.resolve.has_value());
    BOOST_TEST(by_name.connect.has_value());
    BOOST_TEST(!by_name.tls.has_value());
    BOOST_TEST(by_name.first_byte.has_value());
    BOOST_TEST_REQUIRE(by_name.total.has_value());
    BOOST_TEST((*by_name.total >= *by_name.resolve + *by_name.connect + *by_name.first_byte));
    const phase_timings by_address = get_once(server.url(), deadline).timings;
    BOOST_TEST(!by_address.resolve.has_value());
}

// `localhost` has two addresses, and each of these servers listens on one of them.
BOOST_DATA_TEST_CASE(all_addresses_of_a_name_are_tried,
                     (boost::unit_test::data::make({AF_INET, AF_INET6}))) {
    std::optional<bad_peer> server;
    try {
        server.emplace(answering_once(std::string{healthy_answer}), sample);
    } catch (const std::system_error&) {
        BOOST_TEST_MESSAGE("this machine has no such loopback address");
        return;
    }
    const kept_reply result = get_once(server->url("http", "localhost"), deadline);
    // A machine may name only one of the two in its hosts file.
    if (sample == AF_INET)
        BOOST_TEST(result.error == std::error_code{});
    else
        BOOST_TEST((!result.error || result.error == errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(an_IPv6_address_needs_no_name) {
    std::optional<bad_peer> server;
    try {
        server.emplace(answering_once(std::string{healthy_answer}), AF_INET6);
    } catch (const std::system_error&) {
        BOOST_TEST_MESSAGE("this machine has no IPv6");
        return;
    }
    BOOST_TEST(get_once(server->url("http", "[::1]"), deadline).error == std::error_code{});
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_as_good_as_a_port) {
    const scratch directory;
    const std::string path = directory.path("good.sock");
    std::mutex mutex;
    std::string received;
    bad_peer server{[&](peer_connection& client) {
                        const std::string text = client.read_request();
                        const std::lock_guard lock{mutex};
                        received = text;
                        client.send(healthy_answer);
                    },
                    path};
    const kept_reply result = get_once(scratch::url_of(path), deadline);
    BOOST_TEST(result.error == std::error_code{});
    BOOST_TEST(result.body == healthy_body);
    const std::lock_guard lock{mutex};
    BOOST_TEST(received.find("GET /forest/health HTTP/1.1\r\nHost: localhost\r\n") == 0U);
}

BOOST_AUTO_TEST_CASE(B5_a_unix_socket_that_is_missing_refuses) {
    const scratch directory;
    BOOST_TEST(get_once(scratch::url_of(directory.path("missing.sock")), deadline).error ==
               make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(B5_a_file_that_is_no_socket_refuses) {
    const scratch directory;
    std::ofstream{directory.path("plain.txt")} << "text";
    BOOST_TEST(get_once(scratch::url_of(directory.path("plain.txt")), deadline).error ==
               make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(B5_a_socket_file_whose_server_is_gone_refuses) {
    const scratch directory;
    const std::string path = directory.path("gone.sock");
    {
        bad_peer server{answering_once(std::string{healthy_answer}), path};
    }
    BOOST_TEST(get_once(scratch::url_of(path), deadline).error ==
               make_error_code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE(cancelling_ends_a_pending_get_and_a_second_cancel_does_nothing) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    getter client;
    client.asked.target = server.url();
    int calls = 0;
    client.transport.async_get(client.asked, deadline, [&](const reply& result) {
        ++calls;
        BOOST_TEST(result.error == make_error_code(errc::operation_canceled));
    });
    client.transport.cancel();
    client.transport.cancel();
    BOOST_TEST(calls == 0);
    client.io.run_for(margin);
    BOOST_TEST(client.io.stopped());
    BOOST_TEST(calls == 1);
    client.transport.cancel();
}

BOOST_AUTO_TEST_CASE(the_longest_timeout_there_is_does_not_end_at_once) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    getter client;
    client.asked.target = server.url("http", "localhost");
    std::optional<std::error_code> error;
    client.transport.async_get(client.asked, duration::max(),
                               [&](const reply& result) { error = result.error; });
    client.io.run_for(deadline);
    BOOST_TEST_REQUIRE(error.has_value());
    BOOST_TEST(*error == std::error_code{});
}

BOOST_AUTO_TEST_CASE(the_least_timeout_there_is_ends_at_once) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    getter client;
    client.asked.target = server.url();
    std::error_code error;
    client.transport.async_get(client.asked, duration::min(),
                               [&](const reply& result) { error = result.error; });
    client.io.run_for(deadline);
    BOOST_TEST(error == make_error_code(errc::timed_out));
}

BOOST_AUTO_TEST_CASE(cancelling_without_a_get_does_nothing) {
    getter client;
    client.transport.cancel();
    client.io.run_for(margin);
    BOOST_TEST(client.io.stopped());
}

BOOST_AUTO_TEST_CASE(a_transport_works_again_after_a_cancel) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    getter client;
    client.asked.target = server.url();
    std::error_code first;
    client.transport.async_get(client.asked, deadline,
                               [&](const reply& result) { first = result.error; });
    client.transport.cancel();
    const kept_reply second = client.get(client.asked, deadline);
    BOOST_TEST(first == make_error_code(errc::operation_canceled));
    BOOST_TEST(second.error == std::error_code{});
}

BOOST_AUTO_TEST_CASE(destroying_a_transport_cancels) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    asio::io_context io;
    std::optional<asio_transport> transport{asio_clock{io.get_executor()}};
    request asked;
    asked.target = server.url();
    std::error_code error;
    transport->async_get(asked, deadline, [&](const reply& result) { error = result.error; });
    transport.reset();
    io.run_for(margin);
    BOOST_TEST(io.stopped());
    BOOST_TEST(error == make_error_code(errc::operation_canceled));
}

BOOST_AUTO_TEST_CASE(cancelling_without_memory_drops_the_handler_and_does_not_throw) {
    bad_peer server{[](peer_connection& client) { client.wait_for_close(); }};
    asio::io_context io;
    bool exhausted = false;
    std::optional<asio_transport> transport{asio_clock{exhaustible_executor{io, exhausted}}};
    request asked;
    asked.target = server.url();
    const auto held = std::make_shared<int>(1);
    int calls = 0;
    transport->async_get(asked, deadline, [held, &calls](const reply&) { ++calls; });
    exhausted = true;
    transport->cancel();
    BOOST_TEST(held.use_count() == 1);
    exhausted = false;
    transport->async_get(asked, deadline, [held, &calls](const reply&) { ++calls; });
    exhausted = true;
    transport.reset();
    BOOST_TEST(held.use_count() == 1);
    exhausted = false;
    io.run_for(margin);
    BOOST_TEST(io.stopped());
    BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_CASE(a_moved_transport_goes_on) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    asio::io_context io;
    asio_transport first{asio_clock{io.get_executor()}};
    request asked;
    asked.target = server.url();
    std::error_code error = make_error_code(errc::operation_canceled);
    first.async_get(asked, deadline, [&](const reply& result) { error = result.error; });
    const asio_transport second{std::move(first)};
    io.run_for(deadline);
    BOOST_TEST(error == std::error_code{});
}

BOOST_AUTO_TEST_CASE(a_get_may_be_started_from_the_handler_of_another) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    getter client;
    client.asked.target = server.url();
    int succeeded = 0;
    client.transport.async_get(client.asked, deadline, [&](const reply& first) {
        succeeded += first.error ? 0 : 1;
        client.transport.async_get(client.asked, deadline,
                                   [&](const reply& second) { succeeded += second.error ? 0 : 1; });
    });
    client.io.run_for(deadline);
    BOOST_TEST(succeeded == 2);
}

BOOST_AUTO_TEST_SUITE_END()
