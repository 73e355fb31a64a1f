// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_raw_client.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/core/detail/http/http_date.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using forest::asio_server;
using forest::errc;
using forest::server_limits;
using forest::server_request;
using forest::test::eventually;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;
using forest::test::tls_raw_client;

constexpr std::string_view get_health = "GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_kept = "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n";

// Takes responders out of the handler of /kept, so that a test answers when it likes.
class keeper {
public:
    explicit keeper(asio_server& server) {
        (void)server.get("/kept", [this](const server_request&, asio_server::responder respond) {
            const std::lock_guard lock{mutex_};
            kept_.push_back(std::move(respond));
            arrived_.notify_all();
        });
    }

    // The responder of the next request.
    asio_server::responder next() {
        std::unique_lock lock{mutex_};
        if (!arrived_.wait_for(lock, 20s, [this] { return taken_ < kept_.size(); }))
            throw std::runtime_error("no request came");
        return kept_[taken_++];
    }

    // Gives up the own copies of all responders.
    void forget() {
        std::vector<asio_server::responder> dropped;
        const std::lock_guard lock{mutex_};
        dropped.swap(kept_);
        taken_ = 0;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<asio_server::responder> kept_;
    std::size_t taken_ = 0;
};

struct request_form {
    std::string_view text;
    int status;
    bool closes;
};

std::ostream& operator<<(std::ostream& out, const request_form& form) {
    return out << form.text;
}

// The table of PROTOCOL.md, 2, as far as it is the server's and not the route's.
const request_form request_forms[] = {
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 200, false},
    {"GET /forest/health?verbose=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, false},
    {"GET http://a/forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 200, false},
    {"GET http://a:80/forest/health?x HTTP/1.1\r\nhost: a\r\n\r\n", 200, false},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", 200, false},
    {"GET /forest/health HTTP/1.0\r\n\r\n", 200, true},
    {"GET /forest/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
    {"GET /forest/health/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
    {"POST /elsewhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 404, false},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
    {"POST /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 405, false},
    {"DELETE /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
    {"get /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
    {"GET /forest/health HTTP/1.1\r\n\r\n", 400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, true},
    {"GET /forest/health\r\n\r\n", 400, true},
    {"GET  /forest/health HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
    {"GET /forest/health HTTP/1.1\nHost: a\n\n", 400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400, true},
    {"GET /forest/health HTTP/1.1\r\nHost : a\r\n\r\n", 400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
     400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     400, true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400,
     true},
    {"GET /forest/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, true},
    {"GET /forest/health HTTP/2.0\r\nHost: a\r\n\r\n", 505, true},
    {std::string_view{"GET /forest/health HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n", 47}, 400, true},
};

} // namespace

BOOST_AUTO_TEST_SUITE(asio_server_test)

BOOST_DATA_TEST_CASE(each_form_of_request_has_its_answer, request_forms) {
    running_server running;
    raw_client client{running.port};
    const raw_answer answer = client.ask(sample.text);
    BOOST_TEST(answer.status == sample.status);
    BOOST_TEST(answer.head.starts_with("HTTP/1.1 "));
    BOOST_TEST(answer.has_name("Date"));
    BOOST_TEST(answer.has("Content-Type: application/json"));
    BOOST_TEST(answer.has("Connection: close") == sample.closes);
    BOOST_TEST(answer.has("Allow: GET, HEAD") == (sample.status == 405));
    if (sample.status == 404)
        BOOST_TEST(answer.body == R"({"error":"Not Found"})");
    if (sample.status == 200)
        BOOST_TEST(answer.body == R"({"status":"ok"})");
    else
        BOOST_TEST(answer.body.starts_with(R"({"error":")"));
    if (sample.closes)
        BOOST_TEST(client.ended());
    else
        BOOST_TEST(client.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(head_is_answered_as_get_without_the_body) {
    running_server running;
    raw_client client{running.port};
    for (const std::string path : {"/forest/health", "/elsewhere"}) {
        client.send("HEAD " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        raw_answer head = client.read_answer(true);
        client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        raw_answer get = client.read_answer();
        BOOST_TEST(head.status == get.status);
        BOOST_TEST(!get.body.empty());
        const auto without_date = [](std::string text) {
            return text.erase(text.find("Date"), 37);
        };
        BOOST_TEST(without_date(head.head) == without_date(get.head));
    }
}

BOOST_AUTO_TEST_CASE(the_date_is_that_of_now) {
    running_server running;
    raw_client client{running.port};
    const raw_answer answer = client.ask(get_health);
    const auto begin = answer.head.find("Date: ") + 6;
    const auto date = forest::detail::parse_http_date(
        answer.head.substr(begin, answer.head.find("\r\n", begin) - begin));
    BOOST_REQUIRE(date.has_value());
    BOOST_TEST((std::chrono::abs(std::chrono::system_clock::now() - *date) < 10s));
}

BOOST_AUTO_TEST_CASE(the_handler_sees_the_request_and_gives_the_answer) {
    running_server running;
    std::promise<void> seen;
    (void)running.server->get("/seen", [&](const server_request& asked, auto respond) {
        BOOST_TEST((asked.method == forest::http_method::get));
        BOOST_TEST(asked.path == "/seen");
        BOOST_TEST(asked.fields.find("x-question").value_or("") == "why");
        BOOST_TEST((std::chrono::abs(std::chrono::system_clock::now() - asked.received) < 10s));
        forest::response answer{
            .status = 299, .content_type = "text/plain", .body = "because", .fields = {}};
        (void)answer.fields.add("X-Answer", "so");
        respond(answer);
        seen.set_value();
    });
    raw_client client{running.port};
    const raw_answer answer =
        client.ask("GET http://a/seen?b HTTP/1.1\r\nHost: a\r\nX-Question: why\r\n\r\n");
    seen.get_future().get();
    BOOST_TEST(answer.head.starts_with("HTTP/1.1 299 \r\n"));
    BOOST_TEST(answer.has("Content-Type: text/plain"));
    BOOST_TEST(answer.has("X-Answer: so"));
    BOOST_TEST(answer.body == "because");
}

BOOST_AUTO_TEST_CASE(a_handler_need_not_be_copyable) {
    running_server running;
    (void)running.server->get("/owned", [body = std::make_unique<std::string>("owned")](
                                            const server_request&, const auto& respond) {
        respond({.body = *body, .fields = {}});
    });
    BOOST_TEST(raw_client{running.port}.ask("GET /owned HTTP/1.1\r\nHost: a\r\n\r\n").body ==
               "owned");
}

BOOST_DATA_TEST_CASE(some_statuses_have_no_body, (std::vector<int>{204, 304})) {
    running_server running;
    (void)running.server->get("/empty", [status = sample](const server_request&, auto respond) {
        respond({.status = status, .body = "ignored", .fields = {}});
    });
    raw_client client{running.port};
    const raw_answer answer = client.ask("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(answer.status == sample);
    BOOST_TEST(!answer.has_name("Content-Length"));
    BOOST_TEST(!answer.has_name("Content-Type"));
    BOOST_TEST(client.ask(get_health).status == 200);
}

BOOST_DATA_TEST_CASE(a_status_that_is_no_final_one_becomes_500,
                     (std::vector<int>{-1, 0, 100, 199, 600, 1000})) {
    running_server running;
    (void)running.server->get("/odd", [status = sample](const server_request&, auto respond) {
        respond({.status = status, .content_type = "a\r\nb", .body = "x", .fields = {}});
    });
    const raw_answer answer = raw_client{running.port}.ask("GET /odd HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(!answer.has_name("Content-Type"));
}

BOOST_AUTO_TEST_CASE(a_connection_serves_many_requests) {
    running_server running;
    raw_client client{running.port};
    for (int request = 0; request < 50; ++request)
        BOOST_TEST(client.ask(get_health).status == 200);
    BOOST_TEST(running.server->connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_client_that_expects_100_gets_it_and_then_its_answer) {
    running_server running;
    raw_client client{running.port};
    client.send("POST /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n");
    BOOST_TEST(client.read_answer().head == "HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST(client.ask("ab").status == 405);
    BOOST_TEST(client.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_skipped_up_to_the_next_request) {
    running_server running;
    raw_client client{running.port};
    client.send("GET /forest/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n" +
                std::string{get_health});
    BOOST_TEST(client.read_answer().status == 200);
    BOOST_TEST(client.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(a_body_up_to_the_limit_is_accepted) {
    server_limits limits;
    limits.message = {.head_bytes_max = 100, .body_bytes_max = 50000};
    running_server running{limits};
    raw_client client{running.port};
    client.send("GET /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
    BOOST_TEST(client.ask(std::string(50000, 'x')).status == 200);
    client.send("GET /forest/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("c350\r\n" + std::string(50000, 'x') + "\r\n0\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    constexpr int requests = 100;
    running_server running;
    std::vector<std::thread> late;
    std::atomic<int> at_once = 0;
    std::atomic<int> at_once_max = 0;
    for (int number = 0; number < requests; ++number)
        (void)running.server->get("/" + std::to_string(number),
                                  [&, number](const server_request&, auto respond) {
                                      at_once_max = std::max(at_once_max.load(), ++at_once);
                                      const auto answer = [&, respond, number] {
                                          --at_once;
                                          respond({.body = std::to_string(number), .fields = {}});
                                      };
                                      if (number % 2 == 0)
                                          late.emplace_back(answer);
                                      else
                                          answer();
                                  });
    std::string text;
    for (int number = 0; number < requests; ++number)
        text += "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    raw_client client{running.port};
    client.send(text);
    for (int number = 0; number < requests; ++number)
        BOOST_TEST(client.read_answer().body == std::to_string(number));
    running.server.reset(); // After this, no handler adds a thread.
    for (std::thread& thread : late)
        thread.join();
    BOOST_TEST(late.size() == requests / 2U);
    BOOST_TEST(at_once_max == 1);
}

BOOST_AUTO_TEST_CASE(a_large_answer_arrives_whole) {
    const std::string large(8 << 20, 'z');
    running_server running;
    (void)running.server->get("/large", [&](const server_request&, auto respond) {
        respond({.body = large, .fields = {}});
    });
    raw_client client{running.port};
    BOOST_TEST((client.ask("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").body == large));
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_later_and_from_another_thread) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    auto respond = kept.next();
    BOOST_TEST(raw_client{running.port}.ask(get_health).status == 200); // meanwhile
    respond({.body = "late", .fields = {}});
    BOOST_TEST(client.read_answer().body == "late");
}

BOOST_AUTO_TEST_CASE(only_the_first_answer_counts) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    auto respond = kept.next();
    respond({.body = "first", .fields = {}});
    respond({.body = "second", .fields = {}});
    BOOST_TEST(client.read_answer().body == "first");
    client.send(get_kept);
    auto next = kept.next();
    respond({.body = "third", .fields = {}}); // It is another request that waits now.
    auto copy = respond;
    next({.body = "fourth", .fields = {}});
    BOOST_TEST(client.read_answer().body == "fourth");
}

BOOST_AUTO_TEST_CASE(threads_that_answer_at_the_same_time_give_one_answer) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    for (int round = 0; round < 20; ++round) {
        client.send(get_kept);
        const auto respond = kept.next();
        std::thread other{[respond] { respond({.body = "x", .fields = {}}); }};
        respond({.body = "x", .fields = {}});
        other.join();
        BOOST_TEST(client.read_answer().body == "x");
    }
    BOOST_TEST(client.ask(get_health).body == R"({"status":"ok"})");
}

BOOST_AUTO_TEST_CASE(a_request_that_no_one_answers_is_answered_500) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    {
        auto respond = kept.next();
        auto copy = respond;
        kept.forget();
        respond = std::move(copy);
    }
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.body == R"({"error":"Internal Server Error"})");
    BOOST_TEST(client.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_answered_500) {
    running_server running;
    (void)running.server->get("/throws", [](const server_request&, const auto&) {
        throw std::runtime_error("application");
    });
    raw_client client{running.port};
    BOOST_TEST(client.ask("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n").status == 500);
    BOOST_TEST(client.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(a_handler_that_never_answers_is_answered_503) {
    server_limits limits;
    limits.answer_timeout = 20ms;
    running_server running{limits};
    keeper kept{*running.server};
    raw_client client{running.port};
    const raw_answer answer = client.ask(get_kept);
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.ended());
    kept.next()({.body = "too late", .fields = {}});
}

BOOST_AUTO_TEST_CASE(an_answer_after_the_connection_is_gone_is_dropped) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    const auto respond = kept.next();
    client.reset();
    respond({.body = "x", .fields = {}});
    BOOST_TEST(eventually([&] { return running.server->connections() == 0; }));
    respond({.body = "x", .fields = {}});
    BOOST_TEST(raw_client{running.port}.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(a_responder_outlives_the_server_and_its_context) {
    std::optional<asio_server::responder> respond;
    {
        running_server running;
        std::promise<void> arrived;
        (void)running.server->get("/outlive", [&](const server_request&, auto given) {
            respond.emplace(std::move(given));
            arrived.set_value();
        });
        raw_client client{running.port};
        client.send("GET /outlive HTTP/1.1\r\nHost: a\r\n\r\n");
        arrived.get_future().get();
    }
    (*respond)({.body = "x", .fields = {}});
    auto copy = *respond;
    respond = std::move(copy);
    BOOST_CHECK_NO_THROW((*respond)({.body = "y", .fields = {}}));
}

BOOST_AUTO_TEST_CASE(stopping_lets_a_running_answer_finish) {
    running_server running;
    keeper kept{*running.server};
    raw_client idle{running.port};
    BOOST_TEST(idle.ask(get_health).status == 200);
    raw_client client{running.port};
    client.send(get_kept);
    const auto respond = kept.next();
    running.server->stop(20s);
    running.server->stop(30s);
    BOOST_TEST(idle.ended());
    BOOST_TEST(running.server->connections() == 1);
    BOOST_CHECK_THROW(raw_client{running.port}, std::runtime_error);
    respond({.body = "farewell", .fields = {}});
    const raw_answer answer = client.read_answer();
    BOOST_TEST(answer.body == "farewell");
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.ended());
    client.close();
    running.join(); // before the grace period ends: nothing is left to do
    BOOST_TEST(running.server->connections() == 0);
}

BOOST_AUTO_TEST_CASE(stopping_lets_a_request_that_has_begun_be_completed) {
    running_server running;
    raw_client client{running.port};
    client.send("POST /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 100); // So the server knows of the request.
    running.server->stop(20s);
    const raw_answer answer = client.ask("ab");
    BOOST_TEST(answer.status == 405);
    BOOST_TEST(answer.has("Connection: close"));
}

BOOST_AUTO_TEST_CASE(stopping_cuts_off_after_the_grace_period) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    const auto respond = kept.next();
    running.server->stop(1h);
    running.server->stop(20ms);
    BOOST_TEST(client.ended());
    BOOST_TEST(running.server->connections() == 0);
    respond({.body = "x", .fields = {}});
    running.join();
}

BOOST_AUTO_TEST_CASE(stopping_without_grace_closes_at_once_and_for_good) {
    running_server running;
    keeper kept{*running.server};
    raw_client client{running.port};
    client.send(get_kept);
    (void)kept.next();
    running.server->stop();
    running.server->stop();
    BOOST_TEST(running.server->connections() == 0);
    BOOST_TEST(client.ended());
    BOOST_TEST(running.server->port() == 0);
    BOOST_TEST(running.server->listen("127.0.0.1", 0) == errc::listen_failed);
    BOOST_TEST(running.server->listen_unix("/tmp/forest-never.sock") == errc::listen_failed);
    running.join();
}

BOOST_AUTO_TEST_CASE(destroying_the_server_waits_for_the_running_handler) {
    running_server running;
    std::promise<void> entered;
    std::promise<void> proceed;
    std::atomic<bool> left = false;
    (void)running.server->get(
        "/slow", [&, owned = std::make_shared<int>(1)](const server_request&, auto respond) {
            entered.set_value();
            proceed.get_future().get();
            respond({.body = std::to_string(*owned), .fields = {}});
            left = true;
        });
    raw_client client{running.port};
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    entered.get_future().get();
    std::thread unblocks{[&] {
        // The server closes its connections first, then waits.
        BOOST_TEST(client.ended());
        proceed.set_value();
    }};
    running.server.reset();
    BOOST_TEST(left);
    unblocks.join();
}

BOOST_AUTO_TEST_CASE(a_handler_may_stop_and_destroy_its_server) {
    running_server running;
    std::promise<void> done;
    (void)running.server->get("/end", [&](const server_request&, auto respond) {
        running.server->stop();
        running.server.reset();
        respond({.body = "x", .fields = {}});
        done.set_value();
    });
    raw_client client{running.port};
    client.send("GET /end HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.ended());
    done.get_future().get();
    running.join();
}

BOOST_AUTO_TEST_CASE(a_server_whose_context_never_runs_is_destroyed_cleanly) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    client.send(get_health);
    server.stop(1s);
    BOOST_CHECK_THROW(raw_client{server.port()}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_context_that_ends_in_the_middle_leaks_nothing) {
    std::optional<asio_server::responder> respond;
    asio::io_context io;
    asio_server server{io.get_executor()};
    (void)server.get("/kept", [&](const server_request&, auto given) {
        respond.emplace(std::move(given));
        io.stop();
    });
    BOOST_TEST(!server.listen("127.0.0.1", 0));
    raw_client idle{server.port()};
    raw_client client{server.port()};
    client.send(get_kept);
    io.run();
    BOOST_TEST(server.connections() == 2);
    (*respond)({.body = "x", .fields = {}});
}

BOOST_AUTO_TEST_CASE(handlers_run_one_at_a_time_on_several_threads) {
    std::atomic<int> inside = 0;
    std::atomic<int> overlaps = 0;
    std::atomic<int> changed = 0;
    running_server running;
    (void)running.server->get("/turn", [&](const server_request& asked, auto respond) {
        overlaps += inside++ > 0 ? 1 : 0;
        const std::string number{asked.fields.find("X-Number").value_or("")};
        respond({.body = number, .fields = {}});
        // The answer is on its way, and what was asked can still be read.
        std::this_thread::yield();
        changed += asked.fields.find("X-Number") == number ? 0 : 1;
        --inside;
    });
    std::vector<std::future<int>> clients;
    for (int client = 0; client < 8; ++client)
        clients.push_back(std::async(std::launch::async, [port = running.port, client] {
            raw_client one{port};
            int served = 0;
            for (int request = 0; request < 200; ++request) {
                const std::string number = std::to_string(1000 * client + request);
                const raw_answer answer =
                    one.ask("GET /turn HTTP/1.1\r\nHost: a\r\nX-Number: " + number + "\r\n\r\n");
                served += answer.status == 200 && answer.body == number ? 1 : 0;
            }
            return served;
        }));
    for (auto& client : clients)
        BOOST_TEST(client.get() == 200);
    running.server.reset(); // which waits for the last handler
    BOOST_TEST(overlaps == 0);
    BOOST_TEST(changed == 0);
}

BOOST_AUTO_TEST_CASE(a_handler_that_polls_its_context_is_called_once_at_a_time) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    int inside = 0;
    int deepest = 0;
    int calls = 0;
    (void)server.get("/poll", [&](const server_request&, auto respond) {
        deepest = std::max(deepest, ++inside);
        for (int polls = 0; polls < 20; ++polls)
            io.poll();
        --inside;
        respond({.body = "x", .fields = {}});
        if (++calls == 3)
            server.stop(1s);
    });
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int client = 0; client < 3; ++client) {
        clients.push_back(std::make_unique<raw_client>(server.port()));
        clients.back()->send("GET /poll HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    io.run_for(20s);
    BOOST_TEST(calls == 3);
    BOOST_TEST(deepest == 1);
}

BOOST_AUTO_TEST_CASE(a_path_is_registered_once_and_begins_with_a_slash) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    const auto handler = [](const server_request&, auto) {};
    BOOST_TEST(!server.get("/a", handler));
    for (const char* path : {"/a", "", "a", "http://a/b", "/a?b", "/a#b", "/a b", "/\x7f", "/\n"})
        BOOST_TEST(server.get(path, handler) == errc::path_invalid);
    BOOST_TEST(!server.get("/", handler));
}

BOOST_AUTO_TEST_CASE(a_server_listens_on_several_addresses) {
    running_server running;
    BOOST_TEST(!running.server->listen("localhost", 0));
    BOOST_TEST(!running.server->listen("0.0.0.0", 0));
    const auto endpoints = running.server->endpoints();
    BOOST_TEST(endpoints.size() >= 3U);
    BOOST_TEST(endpoints[0] == "http://127.0.0.1:" + std::to_string(running.port));
    const auto other = static_cast<std::uint16_t>(
        std::stoi(endpoints.back().substr(std::string_view{"http://0.0.0.0:"}.size())));
    BOOST_TEST(raw_client{other}.ask(get_health).status == 200);
    BOOST_TEST(raw_client{running.port}.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_listened_on_is_reported) {
    running_server running;
    BOOST_TEST(running.server->listen("127.0.0.1", running.port) == errc::address_in_use);
    BOOST_TEST(running.server->listen("192.0.2.1", 0) == errc::listen_failed);
    BOOST_TEST(running.server->listen("no such host", 0) == errc::resolve_failed);
}

BOOST_AUTO_TEST_CASE(limits_that_are_out_of_range_are_named) {
    const auto with = [](auto change) {
        server_limits limits;
        change(limits);
        return limits.validate();
    };
    using forest::server_limits_errc;
    BOOST_TEST(!server_limits{}.validate());
    BOOST_TEST(with([](auto& limits) { limits.message.head_bytes_max = 0; }) ==
               server_limits_errc::invalid_message);
    BOOST_TEST(with([](auto& limits) { limits.header_timeout = 0s; }) ==
               server_limits_errc::invalid_header_timeout);
    BOOST_TEST(with([](auto& limits) { limits.send_timeout = -1s; }) ==
               server_limits_errc::invalid_send_timeout);
    BOOST_TEST(with([](auto& limits) { limits.idle_timeout = 24h * 367; }) ==
               server_limits_errc::invalid_idle_timeout);
    BOOST_TEST(with([](auto& limits) { limits.answer_timeout = 0s; }) ==
               server_limits_errc::invalid_answer_timeout);
    BOOST_TEST(with([](auto& limits) { limits.connections_max = 0; }) ==
               server_limits_errc::invalid_connections_max);
    BOOST_TEST(with([](auto& limits) { limits.backlog = 0; }) ==
               server_limits_errc::invalid_backlog);
    BOOST_TEST(with([](auto& limits) { limits.memory_bytes_max = (64 << 10) - 1; }) ==
               server_limits_errc::invalid_memory_bytes_max);
    BOOST_TEST(with([](auto& limits) { limits.memory_bytes_max = (std::size_t{1} << 40U) + 1; }) ==
               server_limits_errc::invalid_memory_bytes_max);
    for (int value = 1; value <= 8; ++value) {
        const std::error_code ec = static_cast<server_limits_errc>(value);
        const std::string begin = "server_limits.";
        BOOST_TEST_REQUIRE(ec.message().starts_with(begin));
        const std::string rest = ec.message().substr(begin.size());
        BOOST_TEST(forest::name(ec) == "invalid_" + rest.substr(0, rest.find_first_of(". ")));
    }
    BOOST_TEST(std::string{make_error_code(server_limits_errc{}).category().name()} ==
               "forest.server_limits");
    asio::io_context io;
    server_limits limits;
    limits.backlog = 0;
    BOOST_CHECK_THROW((asio_server{io.get_executor(), limits}), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_served_and_removed_at_the_end) {
    const forest::test::test_certificates files; // for its directory
    const std::string path = files.directory() + "/a b.sock";
    running_server running;
    BOOST_TEST(!running.server->listen_unix(path));
    BOOST_TEST(raw_client{path}.ask(get_health).status == 200);
    BOOST_TEST(running.server->endpoints()[1].ends_with("%2Fa%20b.sock"));
    BOOST_TEST(running.server->endpoints()[1].starts_with("http+unix://%2F"));
    asio_server other{running.io.get_executor()};
    BOOST_TEST(other.listen_unix(path) == errc::address_in_use);
    BOOST_TEST(raw_client{path}.ask(get_health).status == 200);
    running.server->stop();
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_stale_socket_file_is_replaced_and_nothing_else_is) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/stale.sock";
    {
        asio::io_context io;
        asio::local::stream_protocol::acceptor dead{io, path};
    }
    BOOST_TEST(std::filesystem::exists(path));
    running_server running;
    BOOST_TEST(!running.server->listen_unix(path));
    BOOST_TEST(raw_client{path}.ask(get_health).status == 200);
    // Another process took the name over: its file stays.
    std::filesystem::remove(path);
    std::ofstream{path} << "another's";
    running.server->stop();
    BOOST_TEST(std::filesystem::exists(path));
    asio_server other{running.io.get_executor()};
    BOOST_TEST(other.listen_unix(path) == errc::address_in_use); // It is no socket.
    BOOST_TEST(std::filesystem::exists(path));
    BOOST_TEST(other.listen_unix("") == errc::path_invalid);
    BOOST_TEST(other.listen_unix(std::string(200, 'a')) == errc::path_invalid);
    BOOST_TEST(other.listen_unix(files.directory() + "/none/a.sock") == errc::listen_failed);
}

BOOST_AUTO_TEST_CASE(tls_serves_as_plain_text_does) {
    forest::test::test_certificates made;
    const auto own = made.server();
    running_server running;
    keeper kept{*running.server};
    BOOST_TEST(!running.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, {}}));
    BOOST_TEST(running.server->endpoints()[1].starts_with("https://127.0.0.1:"));
    const std::uint16_t port = forest::test::port_of(running.server->endpoints()[1]);
    tls_raw_client client{port, made.ca_file()};
    for (int request = 0; request < 3; ++request)
        BOOST_TEST(client.ask(get_health).find(R"({"status":"ok"})") != std::string::npos);
    client.send(get_kept);
    kept.next()({.body = std::string(300000, 'l'), .fields = {}});
    client.send("GET /forest/health HTTP/1.0\r\n\r\n");
    const std::string rest = client.read_to_end();
    BOOST_TEST(rest.size() > 300000U);
    BOOST_TEST(rest.find("Connection: close") != std::string::npos);
    BOOST_TEST(client.goodbye()); // Nothing was cut off.
    BOOST_TEST(raw_client{running.port}.ask(get_health).status == 200);
}

BOOST_AUTO_TEST_CASE(tls_asks_for_a_client_certificate_when_configured) {
    forest::test::test_certificates made;
    const auto own = made.server();
    running_server running;
    BOOST_TEST(
        !running.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, made.ca_file()}));
    const std::uint16_t port = forest::test::port_of(running.server->endpoints()[1]);
    const auto good = made.client();
    BOOST_TEST(!tls_raw_client(port, made.ca_file(), good).ask(get_health).empty());
    const auto unknown = made.unknown_ca_client();
    BOOST_TEST(tls_raw_client(port, made.ca_file(), unknown).ask(get_health).empty());
    BOOST_TEST(tls_raw_client(port, made.ca_file()).ask(get_health).empty());
    BOOST_TEST(eventually([&] { return running.server->connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(what_is_not_tls_is_turned_away_from_the_tls_port) {
    forest::test::test_certificates made;
    const auto own = made.server();
    running_server running;
    BOOST_TEST(!running.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, {}}));
    const std::uint16_t port = forest::test::port_of(running.server->endpoints()[1]);
    raw_client plain{port};
    plain.send(get_health);
    BOOST_TEST(plain.read_to_end().find("HTTP") == std::string::npos);
    raw_client leaves{port};
    leaves.send("\x16\x03\x01");
    leaves.close();
    BOOST_TEST(eventually([&] { return running.server->connections() == 0; }));
    BOOST_TEST(!tls_raw_client(port, made.ca_file()).ask(get_health).empty());
}

BOOST_AUTO_TEST_CASE(tls_files_that_do_not_fit_are_reported) {
    forest::test::test_certificates made;
    const auto own = made.server();
    const auto other = made.client();
    asio::io_context io;
    asio_server server{io.get_executor()};
    const std::string none = made.directory() + "/none.pem";
    const forest::tls_server_options bad[] = {{none, own.key, {}},
                                              {own.certificate, none, {}},
                                              {own.certificate, other.key, {}},
                                              {own.certificate, own.key, none},
                                              {{}, {}, {}}};
    for (const auto& options : bad)
        BOOST_TEST(server.listen_tls("127.0.0.1", 0, options) == errc::tls_configuration_invalid);
    BOOST_TEST(server.port() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
