// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/test_certificates.hpp>
#include <adapters/support/tls_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/detail/get/get_operation_pool.hpp>
#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/adapters/asio/detail/pool/socket_pool.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
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

// What transports of one pool have of each other. What each does whatever its peer does is in the
// tests of asio_transport, which takes the same steps and whose suites are built for both.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
constexpr auto short_deadline = 100ms;
// How late something may be on a busy machine, sanitizers and all.
constexpr auto margin = 5s;
const std::error_code none;

// A transport and the GET that it performs.
struct running_get {
    explicit running_get(const asio_connection_pool& of) : transport{of} {}

    void begin(std::string_view target, duration timeout = deadline) {
        asked.target = target;
        ended = false;
        inside = true;
        began = std::chrono::steady_clock::now();
        transport->async_get(asked, timeout, [this](const reply& answer) {
            BOOST_TEST(!inside);
            BOOST_TEST(!ended);
            ended = true;
            error = answer.error;
            body = answer.body;
            kept = answer.connections_opened == 0;
            took = std::chrono::steady_clock::now() - began;
            if (then)
                then();
        });
        inside = false;
    }

    void cancel() {
        inside = true;
        transport->cancel();
        inside = false;
    }

    std::optional<pooled_transport> transport;
    request asked;
    std::function<void()> then;
    std::chrono::steady_clock::time_point began;
    bool inside = false; // of a call of the transport's
    bool ended = false;
    std::error_code error;
    std::string body;
    bool kept = false;
    duration took{};
};

struct one_thread {
    explicit one_thread(const transport_options& settings = {}, duration tick = 5ms)
        : pool{asio_connection_pool{clock, settings, tick}} {}

    // Until all has ended, which leaves nothing pending.
    void run(duration bound = deadline) {
        io.restart();
        io.run_for(bound + margin);
        BOOST_TEST(io.stopped());
    }

    // Answers how many handlers have run.
    std::size_t run_for(duration span) {
        io.restart();
        return io.run_for(span);
    }

    void run_while(const running_get& begun) {
        const auto end = std::chrono::steady_clock::now() + margin;
        while (!begun.ended && std::chrono::steady_clock::now() < end)
            run_for(1ms);
        BOOST_TEST(begun.ended);
    }

    void run_until(const std::atomic<bool>& holds) {
        const auto end = std::chrono::steady_clock::now() + margin;
        io.restart();
        while (!holds && std::chrono::steady_clock::now() < end) {
            io.run_for(1ms);
            io.restart();
        }
        BOOST_TEST(holds);
    }

    asio::io_context io;
    asio_clock clock{io.get_executor()};
    std::optional<asio_connection_pool> pool;
};

void wait_for(const std::atomic<bool>& holds) {
    const auto end = std::chrono::steady_clock::now() + margin;
    while (!holds && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    BOOST_TEST(holds);
}

const bad_peer::script silent = [](peer_connection& client) { client.wait_for_close(); };

// A listener whose queue is full, so that a client has to wait until the system tries again.
class busy_listener {
public:
    busy_listener() {
        auto* const plain = reinterpret_cast<sockaddr*>(&address_);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 0) != 0 ||
            ::getsockname(listener_, plain, &size) != 0 || ::connect(first_, plain, size) != 0)
            throw std::system_error{errno, std::system_category(), "no listening socket"};
    }
    busy_listener(const busy_listener&) = delete;
    busy_listener& operator=(const busy_listener&) = delete;
    ~busy_listener() {
        ::shutdown(listener_, SHUT_RDWR);
        if (thread_.joinable())
            thread_.join();
        ::close(first_);
        ::close(listener_);
    }

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/forest/health";
    }

    /// Makes room, and runs `plan` on the connection that comes next.
    void admit(bad_peer::script plan) {
        thread_ = std::thread{[this, plan = std::move(plan)] {
            ::close(::accept(listener_, nullptr, nullptr));
            const int next = ::accept(listener_, nullptr, nullptr);
            if (next < 0)
                return;
            peer_connection client{next};
            plan(client);
        }};
    }

private:
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int first_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address_{};
    std::thread thread_;
};

// How the client ended a connection, as its peer sees it.
enum class ending { unknown, fin, reset };

ending ending_of(peer_connection& client) {
    std::array<char, 4096> bytes;
    for (;;) {
        const auto count = ::recv(client.native_handle(), bytes.data(), bytes.size(), 0);
        if (count == 0)
            return ending::fin;
        if (count < 0)
            return errno == ECONNRESET ? ending::reset : ending::unknown;
    }
}

// Answers one request, then notes how the client ends the connection.
bad_peer::script noting(std::atomic<ending>& seen, std::string answer) {
    return [&seen, answer = std::move(answer)](peer_connection& client) {
        client.read_request();
        client.send(answer);
        seen = ending_of(client);
    };
}

void wait_for(const std::atomic<ending>& seen) {
    const auto end = std::chrono::steady_clock::now() + margin;
    while (seen == ending::unknown && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator{"/proc/self/fd"})
        ++count;
    return count;
}

} // namespace

BOOST_AUTO_TEST_SUITE(pooled_transport_test)

BOOST_AUTO_TEST_CASE(many_GETs_at_a_time_each_get_their_answer) {
    constexpr int count = 300;
    // One after the other on the side of the server, and more than are reported in one wake-up.
    bad_peer server{[](peer_connection& client) {
        const std::string asked = client.read_request();
        const std::string path = asked.substr(5, asked.find(' ', 5) - 5);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(path.size()) +
                    "\r\n\r\n" + path);
    }};
    one_thread on;
    std::deque<running_get> gets;
    for (int number = 0; number < count; ++number) {
        gets.emplace_back(*on.pool).begin("http://127.0.0.1:" + std::to_string(server.port()) +
                                          "/" + std::to_string(number));
    }
    on.run();
    for (int number = 0; number < count; ++number) {
        const running_get& each = gets[static_cast<std::size_t>(number)];
        BOOST_TEST(each.ended);
        BOOST_TEST(each.error == none);
        BOOST_TEST(each.body == std::to_string(number));
    }
    BOOST_TEST(server.accepted() == count);
}

BOOST_AUTO_TEST_CASE(one_transport_goes_from_target_to_target) {
    bad_peer first{answering_once(std::string{healthy_answer})};
    bad_peer second{answering_once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother")};
    one_thread on;
    running_get one{*on.pool};
    for (int round = 0; round < 3; ++round) {
        one.begin(first.url());
        on.run();
        BOOST_TEST(one.body == healthy_body);
        one.begin(second.url("http", "localhost"));
        on.run();
        BOOST_TEST(one.body == "other");
    }
}

BOOST_AUTO_TEST_CASE(B5_each_failure_is_named) {
    bad_peer garbage{answering_once("garbage\r\n")};
    bad_peer cut{[](peer_connection& client) { client.read_request(); }};
    bad_peer mute{silent};
    one_thread on;
    std::deque<running_get> gets;
    const std::pair<std::string, errc> rows[] = {
        {"http://127.0.0.1:" + std::to_string(refused_port()) + "/", errc::connection_refused},
        {"http+unix://%2Fnonexistent%2Fsocket/", errc::connection_refused},
        {"http://does-not-exist.invalid/", errc::resolve_failed},
        {garbage.url(), errc::malformed_response},
        {cut.url(), errc::connection_lost},
        {mute.url("https"), errc::timed_out},
        {mute.url(), errc::timed_out},
    };
    for (const auto& [target, expected] : rows)
        gets.emplace_back(*on.pool).begin(
            target, expected == errc::timed_out ? duration{short_deadline} : duration{deadline});
    on.run();
    for (std::size_t index = 0; index < std::size(rows); ++index) {
        BOOST_TEST_CONTEXT(rows[index].first) {
            BOOST_TEST(gets[index].ended);
            BOOST_TEST(gets[index].error == make_error_code(rows[index].second));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_long_URL_arrives_whole) {
    std::mutex mutex;
    std::string asked;
    bad_peer server{[&](peer_connection& client) {
        const std::string text = client.read_request();
        const std::lock_guard lock{mutex};
        asked = text.substr(0, text.find("\r\n"));
        client.send(healthy_answer);
    }};
    one_thread on;
    running_get one{*on.pool};
    const std::string query(1500, 'q');
    one.begin(server.url() + "?" + query);
    on.run();
    BOOST_TEST(one.error == none);
    const std::lock_guard lock{mutex};
    BOOST_TEST(asked == "GET /forest/health?" + query + " HTTP/1.1");
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_at_most_a_tick_late_and_never_early) {
    bad_peer server{silent};
    one_thread on{{}, 40ms};
    std::deque<running_get> gets;
    for (int number = 0; number < 20; ++number)
        gets.emplace_back(*on.pool).begin(server.url(), number * 7ms);
    on.run();
    for (int number = 0; number < 20; ++number) {
        const running_get& each = gets[static_cast<std::size_t>(number)];
        BOOST_TEST(each.error == make_error_code(errc::timed_out));
        BOOST_TEST((each.took >= number * 7ms));
        BOOST_TEST((each.took < number * 7ms + 40ms + margin));
    }
}

BOOST_AUTO_TEST_CASE(deadlines_within_a_tick_end_together) {
    bad_peer server{silent};
    one_thread on{{}, 1s};
    std::deque<running_get> gets;
    for (int number = 0; number < 50; ++number)
        gets.emplace_back(*on.pool).begin(server.url(), 1ms);
    on.io.restart();
    std::size_t wake_ups = 0;
    while (on.io.run_one_for(margin) > 0)
        ++wake_ups;
    for (const running_get& each : gets)
        BOOST_TEST(each.error == make_error_code(errc::timed_out));
    // Sockets are waited for together, too: two waits, what ends them, and a second tick if the
    // first one was about to end.
    BOOST_TEST(wake_ups <= 6U);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_has_become_void_wakes_nobody_if_something_else_does) {
    std::atomic<bool> asked = false;
    bad_peer quick{answering_once(std::string{healthy_answer})};
    bad_peer mute{[&](peer_connection& client) {
        asked = true;
        client.wait_for_close();
    }};
    one_thread on;
    running_get slow{*on.pool};
    running_get first{*on.pool};
    running_get second{*on.pool};
    slow.begin(mute.url());
    on.run_until(asked);
    first.begin(quick.url(), 600ms);
    on.run_while(first);
    on.run_for(400ms); // Into the second half of what the first one had.
    second.begin(quick.url());
    on.run_while(second);
    BOOST_TEST(second.error == none);
    on.run_for(1ms); // what was cancelled
    BOOST_TEST(on.run_for(400ms) == 0U);
    slow.cancel();
    on.run();
}

BOOST_AUTO_TEST_CASE(the_deadline_of_a_check_that_has_ended_ends_no_other) {
    bad_peer quick{answering_once(std::string{healthy_answer})};
    bad_peer mute{silent};
    one_thread on;
    running_get first{*on.pool};
    running_get second{*on.pool};
    first.begin(quick.url(), 100ms);
    on.run();
    BOOST_TEST(first.error == none);
    first.begin(mute.url(), 400ms);
    second.begin(mute.url(), 200ms);
    on.run();
    BOOST_TEST((first.took >= 400ms));
    BOOST_TEST((second.took >= 200ms));
}

BOOST_AUTO_TEST_CASE(cancelling_one_leaves_the_others_alone) {
    std::atomic<bool> go = false;
    bad_peer held{[&](peer_connection& client) {
        client.read_request();
        while (!go)
            std::this_thread::yield();
        client.send(healthy_answer);
    }};
    bad_peer mute{silent};
    one_thread on;
    running_get first{*on.pool};
    running_get second{*on.pool};
    first.begin(mute.url());
    second.begin(held.url());
    on.io.run_for(20ms);
    first.cancel();
    first.cancel();
    BOOST_TEST(!first.ended);
    go = true;
    on.run();
    BOOST_TEST(first.error == make_error_code(errc::operation_canceled));
    BOOST_TEST(second.error == none);
    first.cancel();
    on.run();
}

BOOST_AUTO_TEST_CASE(a_transport_works_again_after_a_cancel) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    one_thread on;
    running_get one{*on.pool};
    int calls = 0;
    one.asked.target = server.url();
    one.transport->async_get(one.asked, deadline, [&](const reply& answer) {
        ++calls;
        BOOST_TEST(answer.error == make_error_code(errc::operation_canceled));
    });
    one.transport->cancel();
    one.begin(server.url());
    on.run();
    BOOST_TEST(calls == 1);
    BOOST_TEST(one.error == none);
}

BOOST_AUTO_TEST_CASE(a_connection_that_takes_its_time_is_waited_for) {
    busy_listener listener;
    one_thread on;
    running_get one{*on.pool};
    one.begin(listener.url());
    on.io.run_for(50ms);
    BOOST_TEST(!one.ended);
    listener.admit(answering_once(std::string{healthy_answer}));
    on.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.body == healthy_body);
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_before_it_is_asked_is_heard) {
    busy_listener listener;
    one_thread on;
    running_get one{*on.pool};
    one.begin(listener.url());
    on.io.run_for(50ms);
    listener.admit([](peer_connection& client) {
        client.send("SSH-2.0-OpenSSH_9.2p1\r\n");
        client.wait_for_close();
    });
    on.run();
    BOOST_TEST(one.error == make_error_code(errc::other_protocol));
}

BOOST_AUTO_TEST_CASE(B5_a_connection_that_never_comes_times_out) {
    busy_listener listener;
    one_thread on;
    running_get one{*on.pool};
    one.begin(listener.url(), short_deadline);
    on.run();
    BOOST_TEST(one.error == make_error_code(errc::timed_out));
    BOOST_TEST((one.took >= short_deadline));
}

BOOST_AUTO_TEST_CASE(a_kept_connection_serves_any_transport_of_the_pool) {
    bad_peer server{answering(std::string{healthy_answer})};
    one_thread on{{.reuse_connections = true}};
    std::optional<running_get> first{std::in_place, *on.pool};
    first->begin(server.url());
    on.run();
    BOOST_TEST(!first->kept);
    first.reset();
    running_get second{*on.pool};
    for (int check = 0; check < 3; ++check) {
        second.begin(server.url() + "/" + std::to_string(check));
        on.run();
        BOOST_TEST(second.error == none);
        BOOST_TEST(second.kept);
    }
    BOOST_TEST(server.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_is_used_for_its_origin_only) {
    bad_peer server{answering(std::string{healthy_answer})};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.error == none);
    // The server handles one connection after the other, so that this one waits in vain.
    // Its name has to be found before the deadline, too.
    one.begin(server.url("http", "localhost"), 1s);
    on.run();
    BOOST_TEST(one.error == make_error_code(errc::timed_out));
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.kept);
}

BOOST_AUTO_TEST_CASE(cancelling_leaves_what_is_kept) {
    bad_peer server{answering(std::string{healthy_answer})};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    one.begin(server.url());
    on.run();
    one.cancel();
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.kept);
    BOOST_TEST(server.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_its_server_ends_is_closed_when_others_are_served) {
    std::atomic<bool> ended = false;
    std::atomic<bool> closed = false;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.finish_sending();
        ended = true;
        client.wait_for_close();
        closed = true;
    }};
    bad_peer other{answering_once(std::string{healthy_answer})};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    one.begin(server.url());
    on.run();
    wait_for(ended);
    one.begin(other.url());
    on.run();
    BOOST_TEST(one.error == none);
    wait_for(closed);
}

BOOST_AUTO_TEST_CASE(it_is_known_whether_a_connection_is_kept_for_a_server) {
    std::atomic<bool> end = false;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        while (!end)
            std::this_thread::yield();
    }};
    bad_peer other{answering_once(std::string{healthy_answer})};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    const running_get another{*on.pool};
    const url target{server.url() + "/elsewhere"};
    BOOST_TEST(!another.transport->keeps_connection_to(target));
    one.begin(server.url());
    on.run();
    BOOST_TEST(another.transport->keeps_connection_to(target));
    BOOST_TEST(!another.transport->keeps_connection_to(url{server.url("https")}));
    BOOST_TEST(!another.transport->keeps_connection_to(url{server.url("http", "localhost")}));
    BOOST_TEST(!another.transport->keeps_connection_to(url{other.url()}));
    end = true;
    const auto limit = std::chrono::steady_clock::now() + margin;
    while (another.transport->keeps_connection_to(target) &&
           std::chrono::steady_clock::now() < limit) {
        one.begin(other.url()); // Something has to happen for the end to be noticed.
        on.run();
    }
    BOOST_TEST(!another.transport->keeps_connection_to(target));
    one.begin(server.url());
    BOOST_TEST(!another.transport->keeps_connection_to(target)); // It is in use.
    on.run();
}

// What a pool does with its links, without the hours that they may be idle.
struct bare_pool {
    struct user final : detail::pool_user {
        void wake(detail::pooled_socket&) override { ++wakes; }
        void expire() override {}
        int wakes = 0;
    };

    // A connected link that the pool keeps.
    detail::pooled_socket& keep(const bad_peer& server, detail::socket_pool::clock::time_point at) {
        detail::pooled_socket& link = pool->lend(one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(server.port());
        BOOST_TEST(!link.socket.connect({&address, sizeof address}));
        pool->await(link, EPOLLOUT);
        pool->forget(link);
        limit_age(link, at, 1h);
        BOOST_TEST(pool->may_keep(link));
        pool->keep(link, url{server.url()}, at);
        return link;
    }

    asio::io_context io;
    user one;
    const detail::socket_pool::clock::time_point now = detail::socket_pool::clock::now();
    std::shared_ptr<detail::get_operation_pool> pool = std::make_shared<detail::get_operation_pool>(
        io.get_executor(), transport_options{}, 5ms, asio_names{io.get_executor()}.directory());
};

BOOST_FIXTURE_TEST_CASE(kept_connections_that_were_idle_for_ten_minutes_are_closed, bare_pool) {
    std::atomic<bool> closed[3] = {};
    const auto telling = [](std::atomic<bool>& told) {
        return [&told](peer_connection& client) {
            client.wait_for_close();
            told = true;
        };
    };
    bad_peer first{telling(closed[0])};
    bad_peer second{telling(closed[1])};
    bad_peer third{telling(closed[2])};
    keep(first, now);
    keep(second, now + 2min);
    keep(third, now + 2min);
    const auto kept = [&](const bad_peer& by) { return pool->keeps(url{by.url()}); };
    const url elsewhere{"http://127.0.0.1:1/"};
    BOOST_TEST(pool->take_kept(elsewhere, one, now + 10min) == nullptr);
    BOOST_TEST((kept(first) && kept(second) && kept(third)));
    BOOST_TEST(pool->take_kept(url{first.url()}, one, now + 10min + 1ns) == nullptr);
    BOOST_TEST((!kept(first) && kept(second) && kept(third)));
    wait_for(closed[0]);
    BOOST_TEST(pool->take_kept(elsewhere, one, now + 12min + 1ns) == nullptr);
    BOOST_TEST((!kept(second) && !kept(third)));
    wait_for(closed[1]);
    wait_for(closed[2]);
}

BOOST_FIXTURE_TEST_CASE(a_kept_connection_that_could_send_is_kept, bare_pool) {
    bad_peer server{silent};
    bad_peer other{[](peer_connection& client) { client.send("x"); }};
    keep(server, now);
    detail::pooled_socket& link = keep(other, now);
    BOOST_TEST(pool->take_kept(url{other.url()}, one, now) == &link);
    pool->await(link, EPOLLIN);
    io.run_for(margin); // Tells what there is of both.
    BOOST_TEST(one.wakes > 0);
    BOOST_TEST(pool->keeps(url{server.url()}));
    pool->put_back(link);
}

BOOST_FIXTURE_TEST_CASE(half_of_the_descriptors_are_for_kept_connections_at_most, bare_pool) {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const std::pair<rlim_t, std::size_t> rows[] = {{100, 50}, {32, 16}, {10, 16}};
    for (const auto& [limit, most] : rows) {
        rlimit low = before;
        low.rlim_cur = limit;
        ::setrlimit(RLIMIT_NOFILE, &low);
        const auto small = std::make_unique<detail::kept_sockets>();
        ::setrlimit(RLIMIT_NOFILE, &before);
        std::deque<detail::pooled_socket> links;
        while (!small->full())
            small->add(links.emplace_back(static_cast<std::uint32_t>(links.size())),
                       url{"http://127.0.0.1:1/"}, now);
        BOOST_TEST(small->size() == most);
    }
}

BOOST_AUTO_TEST_CASE(B12_a_fresh_connection_takes_the_place_of_a_kept_one) {
    std::atomic<int> open = 0;
    bad_peer server{[&](peer_connection& client) {
        ++open;
        answering(std::string{healthy_answer})(client);
        --open;
    }};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    one.begin(server.url());
    on.run();
    one.asked.fresh_connection = true;
    for (int check = 0; check < 3; ++check) {
        one.begin(server.url());
        on.run();
        BOOST_TEST(one.error == none);
        BOOST_TEST(!one.kept);
    }
    BOOST_TEST(server.accepted() == 4);
    BOOST_TEST(open == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_dies_under_a_request_is_given_back) {
    bad_peer server{[](peer_connection& client) {
        client.read_request();
        client.send(healthy_answer);
        client.read_request();
        client.reset();
    }};
    one_thread on{{.reuse_connections = true}};
    running_get one{*on.pool};
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.error == none);
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.error == make_error_code(errc::connection_lost));
    BOOST_TEST(server.accepted() == 1); // The sender has to sign it again.
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(server.accepted() == 2);
}

BOOST_AUTO_TEST_CASE(connections_are_closed_with_the_pool) {
    std::atomic<bool> closed = false;
    bad_peer server{[&](peer_connection& client) {
        answering(std::string{healthy_answer})(client);
        closed = true;
    }};
    one_thread on{{.reuse_connections = true}};
    const std::size_t before = open_descriptors();
    {
        running_get one{*on.pool};
        one.begin(server.url());
        on.run();
        on.pool.reset();
        one.begin(server.url()); // The transport keeps its pool.
        on.run();
        BOOST_TEST(one.kept);
        BOOST_TEST(!closed);
    }
    wait_for(closed);
    BOOST_TEST(open_descriptors() < before + 1);
}

struct closing {
    std::optional<bool> reset;
    std::string_view answer;
    ending expected;
};

std::ostream& operator<<(std::ostream& out, const closing& row) {
    return out << (row.reset ? *row.reset ? "on, " : "off, " : "as it is, ") << row.answer;
}

constexpr std::string_view no_http = "no HTTP\r\n";

const closing of_pooled_transports[] = {
    {std::nullopt, healthy_answer, ending::reset},
    {true, healthy_answer, ending::reset},
    {false, healthy_answer, ending::fin},
    {true, no_http, ending::fin},
    {true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{", ending::fin},
};

BOOST_DATA_TEST_CASE(a_connection_is_reset_after_a_complete_answer_only, of_pooled_transports) {
    std::atomic<ending> seen = ending::unknown;
    bad_peer server{noting(seen, std::string{sample.answer})};
    one_thread on{{.reset_after_answer = sample.reset}};
    running_get one{*on.pool};
    one.begin(server.url(),
              sample.expected == ending::reset ? duration{deadline} : duration{200ms});
    on.run();
    wait_for(seen);
    BOOST_TEST((seen == sample.expected));
}

const closing of_asio_transports[] = {
    {std::nullopt, healthy_answer, ending::fin},
    {true, healthy_answer, ending::reset},
    {true, no_http, ending::fin},
};

BOOST_DATA_TEST_CASE(an_asio_transport_resets_when_its_options_say_so, of_asio_transports) {
    std::atomic<ending> seen = ending::unknown;
    bad_peer server{noting(seen, std::string{sample.answer})};
    one_thread on;
    asio_transport transport{on.clock, {.reset_after_answer = sample.reset}};
    request asked{.target = url{server.url()}};
    transport.async_get(asked, deadline, [](const reply&) {});
    on.run();
    wait_for(seen);
    BOOST_TEST((seen == sample.expected));
}

BOOST_AUTO_TEST_CASE(a_cancelled_GET_ends_without_a_reset) {
    std::atomic<ending> seen = ending::unknown;
    std::atomic<bool> asked = false;
    bad_peer server{[&](peer_connection& client) {
        client.read_request();
        asked = true;
        seen = ending_of(client);
    }};
    one_thread on;
    running_get one{*on.pool};
    one.begin(server.url());
    on.run_until(asked);
    one.cancel();
    on.run();
    wait_for(seen);
    BOOST_TEST((seen == ending::fin));
}

BOOST_AUTO_TEST_CASE(a_pending_GET_survives_the_pool_and_ends_with_its_transport) {
    bad_peer server{silent};
    one_thread on;
    std::optional<pooled_transport> transport{*on.pool};
    request asked{.target = url{server.url()}};
    std::error_code error;
    transport->async_get(asked, deadline, [&](const reply& answer) { error = answer.error; });
    on.pool.reset();
    on.io.run_for(20ms);
    BOOST_TEST(error == none);
    transport.reset();
    on.run();
    BOOST_TEST(error == make_error_code(errc::operation_canceled));
}

BOOST_AUTO_TEST_CASE(a_moved_transport_goes_on) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    one_thread on;
    pooled_transport first{*on.pool};
    request asked{.target = url{server.url()}};
    std::error_code error = make_error_code(errc::operation_canceled);
    first.async_get(asked, deadline, [&](const reply& answer) { error = answer.error; });
    const pooled_transport second{std::move(first)};
    on.run();
    BOOST_TEST(error == none);
}

BOOST_AUTO_TEST_CASE(a_handler_may_destroy_all_that_there_is) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    bad_peer mute{silent};
    one_thread on;
    std::deque<running_get> others;
    for (int number = 0; number < 10; ++number)
        others.emplace_back(*on.pool).begin(number % 2 == 0 ? mute.url() : server.url());
    running_get one{*on.pool};
    one.then = [&] {
        for (running_get& each : others)
            each.transport.reset();
        on.pool.reset();
        one.transport.reset();
    };
    one.begin(server.url());
    on.run();
    BOOST_TEST(one.ended);
    for (const running_get& each : others)
        BOOST_TEST(each.ended);
}

BOOST_AUTO_TEST_CASE(the_reply_stays_valid_when_its_transport_is_destroyed) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    one_thread on;
    std::optional<pooled_transport> transport{*on.pool};
    request asked{.target = url{server.url()}};
    std::string body;
    transport->async_get(asked, deadline, [&](const reply& answer) {
        transport.reset();
        on.pool.reset();
        body = answer.body;
    });
    on.run();
    BOOST_TEST(body == healthy_body);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_passes_through_and_the_others_go_on) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const std::string refused = "http://127.0.0.1:" + std::to_string(refused_port()) + "/";
    bad_peer mute{silent};
    one_thread on;
    std::deque<running_get> gets;
    for (int number = 0; number < 30; ++number) {
        running_get& each = gets.emplace_back(*on.pool);
        each.then = [] { throw std::runtime_error{"of a handler"}; };
        each.begin(number % 3 == 0   ? server.url()
                   : number % 3 == 1 ? refused
                                     : mute.url(),
                   number % 3 == 2 ? duration{short_deadline} : duration{deadline});
    }
    int thrown = 0;
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (thrown < 30 && std::chrono::steady_clock::now() < end) {
        try {
            on.run();
            break;
        } catch (const std::runtime_error&) {
            ++thrown;
        }
    }
    BOOST_TEST(thrown == 30);
    for (const running_get& each : gets)
        BOOST_TEST(each.ended);
    on.run();
}

BOOST_AUTO_TEST_CASE(a_GET_may_be_begun_in_the_handler_of_another) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    one_thread on;
    running_get one{*on.pool};
    int rounds = 0;
    one.then = [&] {
        if (++rounds < 5)
            one.begin(server.url());
    };
    one.begin(server.url());
    on.run();
    BOOST_TEST(rounds == 5);
    BOOST_TEST(one.error == none);
}

BOOST_AUTO_TEST_CASE(one_that_fails_at_once_again_and_again_does_not_starve_the_context) {
    const std::string refused = "http://127.0.0.1:" + std::to_string(refused_port()) + "/";
    one_thread on;
    running_get one{*on.pool};
    bool posted = false;
    bool stop = false;
    one.then = [&] {
        if (!posted)
            asio::post(on.io, [&] { stop = true; });
        posted = true;
        if (!stop)
            one.begin(refused);
    };
    one.begin(refused);
    on.run();
    BOOST_TEST(stop);
}

struct with_certificates {
    test_certificates certificates;

    // Counts full and resumed handshakes.
    bad_peer::script counting(std::atomic<int>& full, std::atomic<int>& resumed) {
        return over_tls({certificates.server(), {}}, [&](tls_peer_connection& client) {
            ++(client.resumed() ? resumed : full);
            if (!client.read_request().empty())
                client.send(healthy_answer);
            (void)client.ends_with_goodbye();
        });
    }

    [[nodiscard]] transport_options trusting(bool reuse = false) const {
        return {.tls = {.ca_file = certificates.ca_file()}, .reuse_connections = reuse};
    }
};

BOOST_FIXTURE_TEST_CASE(the_TLS_session_of_a_server_is_resumed_by_any_transport_of_the_pool,
                        with_certificates) {
    std::atomic<int> full = 0;
    std::atomic<int> resumed = 0;
    bad_peer server{counting(full, resumed)};
    one_thread on{trusting()};
    for (int check = 0; check < 4; ++check) {
        running_get one{*on.pool};
        one.begin(server.url("https", "localhost"));
        on.run();
        BOOST_TEST(one.error == none);
    }
    BOOST_TEST(full == 1);
    BOOST_TEST(resumed == 3);
    // A name of the same server is another server as far as trust goes.
    running_get other{*on.pool};
    other.begin(server.url("https", "127.0.0.1"));
    on.run();
    BOOST_TEST(other.error == none);
    BOOST_TEST(full == 2);
}

BOOST_FIXTURE_TEST_CASE(checks_of_one_server_that_begin_together_are_resumed, with_certificates) {
    std::atomic<int> full = 0;
    std::atomic<int> resumed = 0;
    bad_peer server{counting(full, resumed)};
    one_thread on{trusting()};
    std::deque<running_get> gets;
    for (int number = 0; number < 4; ++number)
        gets.emplace_back(*on.pool);
    int first_round = 0;
    for (int round = 0; round < 3; ++round) {
        for (running_get& each : gets)
            each.begin(server.url("https", "localhost"));
        on.run();
        for (const running_get& each : gets)
            BOOST_TEST(each.error == none);
        if (round == 0)
            first_round = full;
    }
    // In the first round, one may end before another begins its handshake, which is resumed then.
    BOOST_TEST(first_round >= 1);
    BOOST_TEST(first_round <= 4);
    BOOST_TEST(full == first_round);
    BOOST_TEST(resumed == 12 - first_round);
}

BOOST_FIXTURE_TEST_CASE(an_asio_transport_resumes_its_TLS_session, with_certificates) {
    std::atomic<int> full = 0;
    std::atomic<int> resumed = 0;
    bad_peer server{counting(full, resumed)};
    one_thread on;
    asio_transport transport{on.clock, trusting()};
    request asked{.target = url{server.url("https", "localhost")}};
    for (int check = 0; check < 4; ++check) {
        std::error_code error = make_error_code(errc::operation_canceled);
        transport.async_get(asked, deadline, [&](const reply& answer) { error = answer.error; });
        on.run();
        BOOST_TEST(error == none);
    }
    BOOST_TEST(full == 1);
    BOOST_TEST(resumed == 3);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_has_forgotten_its_sessions_is_healthy, with_certificates) {
    std::atomic<int> full = 0;
    std::atomic<int> resumed = 0;
    std::atomic<bool> forgotten = false;
    const bad_peer::script before = counting(full, resumed);
    const bad_peer::script after = counting(full, resumed);
    bad_peer server{[&](peer_connection& client) { forgotten ? after(client) : before(client); }};
    one_thread on{trusting()};
    running_get one{*on.pool};
    for (int check = 0; check < 4; ++check) {
        forgotten = check >= 2;
        one.begin(server.url("https", "localhost"));
        on.run();
        BOOST_TEST(one.error == none);
    }
    BOOST_TEST(full == 2);
    BOOST_TEST(resumed == 2);
}

BOOST_FIXTURE_TEST_CASE(a_kept_TLS_connection_serves_any_transport_of_the_pool, with_certificates) {
    bad_peer server{over_tls({certificates.server(), {}}, [](tls_peer_connection& client) {
        while (!client.read_request().empty() && client.send(healthy_answer))
            ;
    })};
    one_thread on{trusting(true)};
    for (int check = 0; check < 3; ++check) {
        running_get one{*on.pool};
        one.begin(server.url("https"));
        on.run();
        BOOST_TEST(one.error == none);
        BOOST_TEST(one.kept == (check > 0));
    }
    BOOST_TEST(server.accepted() == 1);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_found_by_the_pool) {
    asio::io_context io;
    const transport_options settings{.tls = {.ca_file = "/nonexistent/ca.pem"}};
    BOOST_CHECK_EXCEPTION((asio_connection_pool{asio_clock{io.get_executor()}, settings}),
                          std::system_error, [](const std::system_error& thrown) {
                              return thrown.code() == errc::tls_configuration_invalid;
                          });
}

BOOST_AUTO_TEST_SUITE_END()
