// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_raw_client.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// Many strangers at once (B23), who want to keep out those that have a signature, or to have the
// server run out of memory. Nothing here depends on how fast the machine is: it counts who is
// served.

namespace {

using namespace std::chrono_literals;
using forest::asio_server;
using forest::server_limits;
using forest::server_request;
using forest::test::eventually;
using forest::test::raw_answer;
using forest::test::raw_client;
using forest::test::running_server;
using forest::test::tls_raw_client;

constexpr std::string_view signed_check = "GET /signed HTTP/1.1\r\nHost: a\r\nSigned: yes\r\n\r\n";
constexpr std::string_view unsigned_check = "GET /signed HTTP/1.1\r\nHost: a\r\n\r\n";

// A route as those that verify a signature, from the server's point of view.
void answer_signed(asio_server& server, std::function<void(bool)> told = {}) {
    (void)server.get("/signed", [told](const server_request& asked, auto respond) {
        const bool is_signed = asked.fields.find("Signed").has_value();
        if (told)
            told(is_signed);
        respond({.status = is_signed ? 200 : 401, .body = "{}", .fields = {}});
    });
}

// A body that all who ask for it share.
void answer_shared(asio_server& server, const std::shared_ptr<const std::string>& body) {
    (void)server.get("/shared", [body](const server_request&, auto respond) {
        forest::response answer;
        answer.body = *body;
        answer.body_owner = body;
        respond(answer);
    });
}

constexpr std::string_view get_shared = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n";

enum class stranger { silent, dripping, half_closed, unread, unfinished_body, gone };

constexpr stranger all_strangers[] = {stranger::silent,          stranger::dripping,
                                      stranger::half_closed,     stranger::unread,
                                      stranger::unfinished_body, stranger::gone};

std::ostream& operator<<(std::ostream& out, stranger kind) {
    constexpr const char* names[] = {"silent", "dripping",        "half closed",
                                     "unread", "unfinished body", "gone"};
    return out << names[static_cast<int>(kind)];
}

// Strangers of one kind, or of each in turn, that stay connected.
class mob {
public:
    explicit mob(std::uint16_t port) : port_{port} {}

    void add(stranger kind) {
        raw_client& added = all_.emplace_back(port_);
        switch (kind) {
        case stranger::silent: break;
        case stranger::dripping: added.send("G"); break;
        case stranger::half_closed: added.shutdown_sending(); break;
        case stranger::unread:
            for (int request = 0; request < 20; ++request)
                added.send(unsigned_check);
            break;
        case stranger::unfinished_body:
            added.send("POST /signed HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nabc");
            break;
        case stranger::gone: all_.pop_back();
        }
        // Those that drip go on while the server allows it.
        if (kind == stranger::dripping) {
            for (std::size_t back = 0; back < std::min<std::size_t>(all_.size(), 8); ++back)
                all_[all_.size() - 1 - back].send("E");
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    std::uint16_t port_;
    std::vector<raw_client> all_;
};

server_limits places(std::size_t count) {
    server_limits limits;
    limits.connections_max = count;
    return limits;
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_attack_test)

BOOST_DATA_TEST_CASE(a_signed_check_is_answered_among_strangers_of_each_kind, all_strangers) {
    running_server running{places(8)};
    answer_signed(*running.server);
    mob strangers{running.port};
    for (int round = 0; round < 10; ++round) {
        for (int each = 0; each < 20; ++each)
            strangers.add(sample);
        BOOST_TEST(raw_client{running.port}.ask(signed_check).status == 200);
        BOOST_TEST(running.server->connections() <= 8U);
    }
}

BOOST_DATA_TEST_CASE(a_signed_check_is_answered_among_a_mix_of_strangers,
                     (std::vector<std::size_t>{1, 2, 3, 20})) {
    running_server running{places(sample)};
    answer_signed(*running.server);
    mob strangers{running.port};
    for (int round = 0; round < 10; ++round) {
        for (int each = 0; each < 3; ++each) {
            for (const stranger kind : all_strangers)
                strangers.add(kind);
        }
        BOOST_TEST(raw_client{running.port}.ask(signed_check).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(a_check_over_tls_is_answered_among_strangers) {
    forest::test::test_certificates made;
    const auto own = made.server();
    running_server running{places(16)};
    answer_signed(*running.server);
    BOOST_TEST(!running.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, {}}));
    const std::uint16_t port = forest::test::port_of(running.server->endpoints()[1]);
    mob strangers{port};
    for (int round = 0; round < 5; ++round) {
        for (int each = 0; each < 20; ++each)
            strangers.add(each % 2 == 0 ? stranger::silent : stranger::dripping);
        BOOST_TEST(
            tls_raw_client(port, made.ca_file()).ask(signed_check).starts_with("HTTP/1.1 200"));
    }
}

// Strangers 200, check, strangers 200, all of them connected before the server begins.
BOOST_AUTO_TEST_CASE(what_came_with_a_connection_is_answered_before_the_next_is_accepted) {
    asio::io_context io;
    asio_server server{io.get_executor(), places(4)};
    std::vector<bool> order;
    answer_signed(server, [&](bool is_signed) { order.push_back(is_signed); });
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    constexpr std::size_t strangers = 200;
    std::vector<raw_client> all;
    const auto connect = [&](std::string_view request) {
        all.emplace_back(server.port());
        all.back().send(request);
    };
    for (std::size_t each = 0; each < strangers; ++each)
        connect(unsigned_check);
    connect(signed_check);
    for (std::size_t each = 0; each < strangers; ++each)
        connect(unsigned_check);
    BOOST_TEST(eventually([&] {
        io.poll();
        return order.size() == 2 * strangers + 1;
    }));
    BOOST_TEST((std::find(order.begin(), order.end(), true) - order.begin()) == 200);
    BOOST_TEST(all[strangers].read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(what_has_arrived_is_read_before_a_connection_is_closed_for_another) {
    asio::io_context io;
    asio_server server{io.get_executor(), places(1)};
    int answered = 0;
    answer_signed(server, [&](bool) { ++answered; });
    BOOST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client first{server.port()};
    BOOST_TEST(eventually([&] {
        io.poll();
        return server.connections() == 1;
    }));
    raw_client second{server.port()}; // So that it is the listener whose turn comes first.
    second.send(signed_check);
    first.send(signed_check);
    BOOST_TEST(eventually([&] {
        io.poll();
        return answered == 2;
    }));
    BOOST_TEST(first.read_answer().status == 200);
    BOOST_TEST(second.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(a_client_with_a_signature_keeps_its_connection_among_strangers) {
    running_server running{places(4)};
    answer_signed(*running.server);
    raw_client client{running.port};
    BOOST_TEST(client.ask(signed_check).status == 200);
    mob strangers{running.port};
    for (int round = 0; round < 20; ++round) {
        for (const stranger kind : all_strangers)
            strangers.add(kind);
        BOOST_TEST(client.ask(signed_check).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(clients_give_way_only_when_there_is_no_stranger) {
    running_server running{places(2)};
    answer_signed(*running.server);
    raw_client first{running.port};
    BOOST_TEST(first.ask(signed_check).status == 200);
    raw_client second{running.port};
    BOOST_TEST(second.ask(signed_check).status == 200);
    BOOST_TEST(first.ask(signed_check).status == 200);
    raw_client third{running.port};
    BOOST_TEST(third.ask(signed_check).status == 200);
    BOOST_TEST(second.ended()); // which has waited the longest
    BOOST_TEST(first.ask(signed_check).status == 200);
}

BOOST_AUTO_TEST_CASE(requests_without_a_signature_do_not_make_a_stranger_younger) {
    running_server running{places(2)};
    answer_signed(*running.server);
    raw_client older{running.port};
    BOOST_TEST(older.ask(unsigned_check).status == 401);
    raw_client younger{running.port};
    BOOST_TEST(younger.ask(unsigned_check).status == 401);
    BOOST_TEST(older.ask(unsigned_check).status == 401);
    raw_client newest{running.port};
    BOOST_TEST(newest.ask(unsigned_check).status == 401);
    BOOST_TEST(older.ended());
    BOOST_TEST(younger.ask(unsigned_check).status == 401);
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_signature_is_not_cut_off_by_strangers) {
    server_limits limits = places(3);
    limits.send_timeout = 1h;
    running_server running{limits};
    answer_signed(*running.server);
    const auto body = std::make_shared<const std::string>(std::size_t{16} << 20U, 'z');
    answer_shared(*running.server, body);
    raw_client reading{running.port};
    reading.send(get_shared);
    BOOST_TEST(eventually([&] { return body.use_count() > 2; }));
    mob strangers{running.port};
    for (int each = 0; each < 60; ++each)
        strangers.add(all_strangers[static_cast<std::size_t>(each) % std::size(all_strangers)]);
    BOOST_TEST(raw_client{running.port}.ask(signed_check).status == 200);
    BOOST_TEST(reading.read_answer().body.size() == body->size());
}

BOOST_AUTO_TEST_CASE(a_client_that_takes_its_answer_too_slowly_gives_way_at_last) {
    server_limits limits = places(1);
    limits.send_timeout = 50ms;
    running_server running{limits};
    answer_signed(*running.server);
    const auto body = std::make_shared<const std::string>(std::size_t{64} << 20U, 'z');
    answer_shared(*running.server, body);
    raw_client slow{running.port};
    slow.send(get_shared);
    BOOST_TEST(eventually([&] { return body.use_count() > 2; }));
    raw_client check{running.port};
    check.send(signed_check);
    // It takes a little all the time, and would do so for long.
    BOOST_TEST(eventually([&] {
        slow.read_more(10 * 1024);
        return check.has_received();
    }));
    BOOST_TEST(check.read_answer().status == 200);
    BOOST_TEST(slow.read_to_end().size() < body->size());
}

BOOST_AUTO_TEST_CASE(the_owner_of_an_answer_may_ask_the_server_when_it_goes) {
    running_server running;
    std::atomic<int> gone = 0;
    const auto on_end = [&](const std::string* body) {
        (void)running.server->connections();
        delete body;
        ++gone;
    };
    (void)running.server->get("/owned", [&](const server_request&, auto respond) {
        forest::response answer;
        const std::shared_ptr<const std::string> body{new std::string(std::size_t{16} << 20U, 'z'),
                                                      on_end};
        answer.body = *body;
        answer.body_owner = body;
        respond(answer);
    });
    constexpr std::string_view get_owned = "GET /owned HTTP/1.1\r\nHost: a\r\n\r\n";
    raw_client reading{running.port};
    BOOST_TEST(reading.ask(get_owned).status == 200);
    BOOST_TEST(eventually([&] { return gone == 1; }));
    raw_client unread{running.port};
    unread.send(get_owned);
    BOOST_TEST(eventually([&] { return unread.has_received(); }));
    running.server->stop();
    BOOST_TEST(eventually([&] { return gone == 2; }));
}

BOOST_AUTO_TEST_CASE(a_place_that_becomes_free_is_taken_at_once) {
    running_server running{places(1)};
    answer_signed(*running.server);
    std::optional<asio_server::responder> kept;
    std::promise<void> arrived;
    (void)running.server->get("/kept", [&](const server_request&, auto respond) {
        kept.emplace(std::move(respond));
        arrived.set_value();
    });
    raw_client first{running.port};
    first.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    arrived.get_future().get();
    std::vector<raw_client> waiting;
    for (int client = 0; client < 50; ++client) {
        waiting.emplace_back(running.port);
        waiting.back().send(signed_check);
    }
    (*kept)({.body = "x", .fields = {}});
    for (raw_client& client : waiting)
        BOOST_TEST(client.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(bodies_of_strangers_are_not_held) {
    constexpr std::size_t strangers = 100;
    server_limits limits;
    limits.memory_bytes_max = std::size_t{1} << 20U; // a sixth of the bodies
    running_server running{limits};
    answer_signed(*running.server);
    const std::string half(32 * 1024, 'x');
    std::vector<raw_client> posting;
    for (std::size_t each = 0; each < strangers; ++each) {
        posting.emplace_back(running.port);
        posting.back().send("POST /signed HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" +
                            half);
    }
    BOOST_TEST(eventually([&] { return running.server->connections() == strangers; }));
    BOOST_TEST(raw_client{running.port}.ask(signed_check).status == 200);
    for (raw_client& each : posting)
        BOOST_TEST(each.ask(half).status == 405);
}

BOOST_AUTO_TEST_CASE(heads_of_strangers_have_a_bound_in_all) {
    server_limits limits;
    limits.memory_bytes_max = std::size_t{256} << 10U;
    running_server running{limits};
    answer_signed(*running.server);
    raw_client client{running.port};
    BOOST_TEST(client.ask(signed_check).status == 200);
    std::vector<raw_client> dripping;
    for (int each = 0; each < 100; ++each) {
        dripping.emplace_back(running.port);
        dripping.back().send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(15000, 'x'));
    }
    BOOST_TEST(raw_client{running.port}.ask(signed_check).status == 200);
    BOOST_TEST(client.ask(signed_check).status == 200);
    BOOST_TEST(eventually([&] { return running.server->connections() <= 18U; }));
    // The youngest are still served.
    BOOST_TEST(dripping.back().ask("\r\n\r\n").status == 404);
}

BOOST_AUTO_TEST_CASE(an_answer_is_held_once_by_all_connections_that_send_it) {
    constexpr std::size_t clients = 60;
    constexpr std::size_t reading = 5;
    server_limits limits;
    limits.send_timeout = 1h;
    limits.memory_bytes_max = std::size_t{1} << 20U;
    running_server running{limits};
    const auto body = std::make_shared<const std::string>(std::size_t{6} << 20U, 'z');
    answer_shared(*running.server, body);
    std::vector<raw_client> unread;
    for (std::size_t each = 0; each < clients; ++each) {
        unread.emplace_back(running.port);
        unread.back().send(get_shared);
    }
    BOOST_TEST(
        eventually([&] { return static_cast<std::size_t>(body.use_count()) >= clients + 2; }));
    for (std::size_t each = 0; each < reading; ++each)
        BOOST_TEST(unread[each].read_answer().body.size() == body->size());
    unread.clear();
    BOOST_TEST(eventually([&] { return body.use_count() == 2; }));
}

BOOST_AUTO_TEST_CASE(an_answer_over_tls_is_held_once_and_encrypted_piece_by_piece) {
    constexpr std::size_t clients = 5;
    forest::test::test_certificates made;
    const auto own = made.server();
    server_limits limits;
    limits.send_timeout = 1h;
    limits.memory_bytes_max = std::size_t{1} << 20U;
    running_server running{limits};
    const auto body = std::make_shared<const std::string>(std::size_t{6} << 20U, 'z');
    answer_shared(*running.server, body);
    BOOST_TEST(!running.server->listen_tls("127.0.0.1", 0, {own.certificate, own.key, {}}));
    const std::uint16_t port = forest::test::port_of(running.server->endpoints()[1]);
    std::vector<std::unique_ptr<tls_raw_client>> unread;
    for (std::size_t each = 0; each < clients; ++each) {
        unread.push_back(std::make_unique<tls_raw_client>(port, made.ca_file()));
        unread.back()->send("GET /shared HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    BOOST_TEST(
        eventually([&] { return static_cast<std::size_t>(body.use_count()) >= clients + 2; }));
    for (const auto& each : unread) {
        BOOST_TEST(each->read_to_end().size() > body->size());
        BOOST_TEST(each->goodbye());
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_would_have_to_be_copied_beyond_the_bound_is_503) {
    server_limits limits;
    limits.memory_bytes_max = std::size_t{1} << 20U;
    running_server running{limits};
    (void)running.server->get("/copied", [body = std::string(std::size_t{400} << 10U, 'z')](
                                             const server_request&, auto respond) {
        respond({.body = body, .fields = {}});
    });
    (void)running.server->get("/large", [body = std::string(std::size_t{2} << 20U, 'z')](
                                            const server_request&, auto respond) {
        respond({.body = body, .fields = {}});
    });
    raw_client large{running.port};
    const raw_answer refused = large.ask("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(refused.status == 503);
    BOOST_TEST(refused.has("Connection: close"));
    BOOST_TEST(large.ended());
    raw_client copied{running.port};
    BOOST_TEST(copied.ask("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n").body.size() == 400U << 10U);
    BOOST_TEST(copied.ask("GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
