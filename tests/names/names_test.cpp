// SPDX-License-Identifier: BSL-1.0

#include "fake_name_service.hpp"

#include <adapters/support/bad_peer.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#if defined(FOREST_TEST_NAMES_BY_CURL)
#include <forest/adapters/curl/curl_transport.hpp>
#endif

#include <asio/ip/tcp.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

// What becomes of checks when the name service is slow, silent or wrong (B19).

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::test;

namespace {

#if defined(FOREST_TEST_NAMES_BY_CURL)
using transports = std::tuple<asio_transport, pooled_transport, curl_transport>;
#else
using transports = std::tuple<asio_transport, pooled_transport>;
#endif

constexpr auto deadline = 20s;
constexpr auto margin = 10s; // on a busy machine, sanitizers and all
const std::error_code none;

std::error_code code(errc value) {
    return make_error_code(value);
}

// One GET at a time, to names that are found as `limits` say.
template <typename Transport>
struct running_get {
    running_get(const asio_clock& clock, const asio_names& where) : transport{make(clock, where)} {}

    static Transport make(const asio_clock& clock, const asio_names& where) {
        if constexpr (std::is_same_v<Transport, pooled_transport>)
            return pooled_transport{asio_connection_pool{clock, where}};
#if defined(FOREST_TEST_NAMES_BY_CURL)
        else if constexpr (std::is_same_v<Transport, curl_transport>)
            return curl_transport{curl_connections{clock, where}};
#endif
        else
            return asio_transport{clock, where};
    }

    void begin(std::string_view target, duration timeout = deadline) {
        asked.target = target;
        ended = false;
        transport.async_get(asked, timeout, [this](const reply& answer) {
            ended = true;
            error = answer.error;
            timings = answer.timings;
            connections_opened = answer.connections_opened;
        });
    }

    request asked; // outlives the transport, which cancels a GET when it is destroyed
    Transport transport;
    bool ended = false;
    std::error_code error;
    phase_timings timings;
    unsigned connections_opened = 0;
};

template <typename Transport>
struct context : with_fake_names {
    explicit context(const resolver_limits& limits = {}) : where{io.get_executor(), limits} {}

    running_get<Transport>& add() { return gets.emplace_back(clock, where); }

    // Until all that were begun have ended.
    void run() {
        io.restart();
        io.run_for(deadline + margin);
        BOOST_TEST(io.stopped());
    }

    bool run_until(const std::function<bool()>& holds) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        io.restart();
        while (!holds() && std::chrono::steady_clock::now() < end)
            io.run_one_for(10ms);
        return holds();
    }

    [[nodiscard]] std::string url(std::string_view name) const {
        return "http://" + std::string{name} + ":" + std::to_string(server.port) + "/forest/health";
    }

    running_server server;
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    asio_names where;
    std::deque<running_get<Transport>> gets;
};

template <typename Transport>
std::string unused_port_of(context<Transport>& of) {
    asio::ip::tcp::acceptor once{of.io, {asio::ip::address_v4::loopback(), 0}};
    return std::to_string(once.local_endpoint().port());
}

// Nothing comes back from there: connections queue up that nobody accepts, and no further one fits.
class silent_address {
public:
    silent_address(asio::io_context& io, std::string_view address, std::uint16_t port)
        : endpoint_{asio::ip::make_address(address), port}, acceptor_{io} {
        acceptor_.open(endpoint_.protocol());
        acceptor_.bind(endpoint_);
        acceptor_.listen(0);
        for (int n = 0; n < 4; ++n) {
            auto& each = queued_.emplace_back(io);
            each.open(endpoint_.protocol());
            each.non_blocking(true);
            (void)::connect(each.native_handle(), endpoint_.data(), // Asio would wait.
                            static_cast<socklen_t>(endpoint_.size()));
        }
    }

private:
    asio::ip::tcp::endpoint endpoint_;
    asio::ip::tcp::acceptor acceptor_;
    std::deque<asio::ip::tcp::socket> queued_;
};

// A fleet of targets with names of their own, and what it has reported.
struct watching_fleet : context<pooled_transport> {
    explicit watching_fleet(const resolver_limits& limits = {})
        : context{limits},
          pool{clock, where},
          fleet{[this] { return pooled_transport{pool}; },
                clock,
                unsigned_requests{},
                exponential_backoff{},
                {.spread_start = false}} {
        fleet.on_server_down([this](target_id, const outage& of) {
            ++downs;
            last_error = of.last_error;
        });
        fleet.on_event([this](const event& happened) {
            if (happened.kind == event_kind::check_failed)
                failed_as = happened.check->error;
        });
    }

    void add(std::size_t count, const options& settings, std::string_view prefix = "name") {
        for (std::size_t n = 0; n < count; ++n)
            fleet.add(forest::url{url(std::string{prefix} + std::to_string(n))}, settings);
    }

    asio_connection_pool pool;
    basic_health_fleet<pooled_transport, asio_clock, unsigned_requests, exponential_backoff> fleet;
    int downs = 0;
    std::error_code last_error, failed_as;
};

// A process of its own, which `end` ends; false when that has not happened in time.
bool ends_in_time(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        body();
        ::_exit(99);
    }
    int status = -1;
    const bool ended = eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; });
    if (!ended) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
    }
    BOOST_TEST(status == 0);
    return ended;
}

} // namespace

BOOST_AUTO_TEST_SUITE(names_test)

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_an_answer_is_used_again_and_one_look_up_serves_all, Transport,
                              transports) {
    context<Transport> all;
    all.names.set("host", {.hangs = true});
    for (int n = 0; n < 50; ++n)
        all.add().begin(all.url("host"));
    BOOST_TEST(all.run_until([&] { return all.names.calls("host") == 1; }));
    all.names.release();
    all.run();
    for (const auto& each : all.gets) {
        BOOST_TEST((each.ended && each.error == none));
        BOOST_TEST(each.timings.resolve.has_value());
    }
    for (auto& each : all.gets)
        each.begin(all.url("host"));
    all.run();
    for (const auto& each : all.gets) {
        BOOST_TEST((each.ended && each.error == none));
        BOOST_TEST(!each.timings.resolve.has_value()); // That phase did not happen.
    }
    BOOST_TEST(all.names.calls("host") == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B40_the_dot_at_the_end_of_a_name_is_for_the_name_service_alone,
                              Transport, transports) {
    context<Transport> all;
    std::string received;
    std::string expected;
    {
        bad_peer peer{[&received](peer_connection& client) {
            received = client.read_request();
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}");
        }};
        const std::string port = std::to_string(peer.port());
        auto& get = all.add();
        get.begin("http://Whole.Name.:" + port + "/forest/health");
        all.run();
        BOOST_TEST((get.ended && get.error == none));
        expected = "\r\nHost: whole.name:" + port + "\r\n";
    }
    BOOST_TEST(received.find(expected) != std::string::npos, received);
    BOOST_TEST(all.names.calls("whole.name.") == 1U);
    BOOST_TEST(all.names.calls() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_names_that_hang_delay_no_other_and_are_not_asked_for_twice,
                              Transport, transports) {
    context<Transport> all;
    const std::size_t hanging = resolver_limits{}.hanging_max;
    for (std::size_t n = 0; n < hanging; ++n) {
        all.names.set("hangs" + std::to_string(n), {.hangs = true});
        all.add().begin(all.url("hangs" + std::to_string(n)), 200ms);
    }
    for (int n = 0; n < 200; ++n)
        all.add().begin(all.url("name" + std::to_string(n)));
    all.run();
    for (std::size_t n = 0; n < all.gets.size(); ++n)
        BOOST_TEST(all.gets[n].error == (n < hanging ? code(errc::resolver_unavailable) : none));
    for (std::size_t n = 0; n < hanging; ++n)
        all.gets[n].begin(all.url("hangs" + std::to_string(n)), 50ms);
    all.run();
    for (std::size_t n = 0; n < hanging; ++n) {
        BOOST_TEST(all.gets[n].error == code(errc::resolver_unavailable));
        BOOST_TEST(all.names.calls("hangs" + std::to_string(n)) == 1U);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_as_many_names_may_hang_as_the_limits_say, Transport, transports) {
    constexpr std::size_t hanging = 80; // more than the threads of a resolver by default
    context<Transport> all{{.hanging_max = hanging}};
    for (std::size_t n = 0; n < hanging; ++n) {
        all.names.set("hangs" + std::to_string(n), {.hangs = true});
        all.add().begin(all.url("hangs" + std::to_string(n)));
    }
    BOOST_TEST(all.run_until([&] { return all.names.under_way() == hanging; }));
    running_get<Transport>& one = all.add();
    one.begin(all.url("host"));
    BOOST_TEST(all.run_until([&] { return one.ended; }));
    BOOST_TEST(one.error == none);
    all.names.release();
    all.run();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_a_turn_that_does_not_come_in_time_is_inconclusive, Transport,
                              transports) {
    context<Transport> all{{.lookups_max = 1, .hanging_max = 1}};
    all.names.set_all({.hangs = true});
    for (int n = 0; n < 3; ++n)
        all.add().begin(all.url("name" + std::to_string(n)), 100ms);
    all.run();
    for (const auto& each : all.gets)
        BOOST_TEST(each.error == code(errc::resolver_unavailable));
    BOOST_TEST(all.names.calls() == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B5_no_such_name_is_a_failure_and_no_answer_is_none, Transport,
                              transports) {
    context<Transport> all;
    for (const auto& [answer, expected] : {std::pair{EAI_NONAME, errc::resolve_failed},
                                           {EAI_NODATA, errc::resolve_failed},
                                           {EAI_AGAIN, errc::resolver_unavailable},
                                           {EAI_FAIL, errc::resolver_unavailable}}) {
        const std::string name = "code" + std::to_string(-answer);
        all.names.set(name, {.code = answer});
        running_get<Transport>& one = all.add();
        for (int round = 0; round < 2; ++round) { // from the name service, then from memory
            one.begin(all.url(name));
            BOOST_TEST(!one.ended);
            all.run();
            BOOST_TEST(one.error == code(expected));
            BOOST_TEST(one.connections_opened == 0U);
        }
        BOOST_TEST(all.names.calls(name) == 1U);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_the_last_good_address_stands_in_for_a_name_service_that_fails,
                              Transport, transports) {
    context<Transport> all{{.answer_lifetime = 1ns, .failure_lifetime = 1ns}};
    running_get<Transport>& one = all.add();
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == none);
    for (const int broken : {EAI_AGAIN, EAI_FAIL}) {
        all.names.set("host", {.code = broken});
        one.begin(all.url("host"));
        all.run();
        BOOST_TEST(one.error == none);
        BOOST_TEST(one.connections_opened == 1U);
    }
    BOOST_TEST(all.names.calls("host") == 3U);
    // A name that is gone is gone, though.
    all.names.set("host", {.code = EAI_NONAME});
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == code(errc::resolve_failed));
    BOOST_TEST(all.where.statistics().last_good == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_and_for_one_that_hangs_after_a_moment_of_patience, Transport,
                              transports) {
    context<Transport> all{{.answer_lifetime = 1ns, .patience = 50ms}};
    running_get<Transport>& one = all.add();
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == none);
    all.names.set("host", {.hangs = true});
    for (int round = 0; round < 3; ++round) {
        one.begin(all.url("host"));
        all.run();
        BOOST_TEST(one.error == none);
    }
    BOOST_TEST(all.names.calls("host") == 2U);
    BOOST_TEST(all.names.under_way() == 1U);
    BOOST_TEST(all.where.statistics().last_good == 3U);
    // A server that refuses is reported as what it is, without waiting for the name service.
    const std::string target = "http://host:" + unused_port_of(all) + "/";
    one.begin(target);
    all.run();
    BOOST_TEST(one.error == code(errc::connection_refused));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_a_server_that_has_moved_is_found_before_the_check_fails,
                              Transport, transports) {
    context<Transport> all{{.answer_lifetime = 1h}};
    running_get<Transport>& one = all.add();
    all.names.set("host", {.addresses = {0x7f00004d}}); // 127.0.0.77, where nobody listens
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == code(errc::connection_refused));
    BOOST_TEST(all.names.calls("host") == 1U); // It was looked up for this very check.
    all.names.set("host", {});
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.connections_opened == 2U);
    BOOST_TEST(all.names.calls("host") == 2U);
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.connections_opened == 1U);
    BOOST_TEST(all.names.calls("host") == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_so_is_one_whose_former_address_does_not_answer, Transport,
                              transports) {
    context<Transport> all{{.answer_lifetime = 1h}};
    const silent_address former{all.io, "127.0.0.78", all.server.port};
    running_get<Transport>& one = all.add();
    all.names.set("host", {.addresses = {0x7f00004e}});
    one.begin(all.url("host"), 100ms);
    all.run();
    BOOST_TEST(one.error == code(errc::timed_out));
    BOOST_TEST(all.names.calls("host") == 1U);
    all.names.set("host", {});
    one.begin(all.url("host"), 4s);
    all.run();
    BOOST_TEST(one.error == none);
    BOOST_TEST(one.connections_opened == 2U);
    BOOST_TEST(all.names.calls("host") == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B19_a_server_that_is_down_is_refused_once_in_a_check, Transport,
                              transports) {
    context<Transport> all{{.answer_lifetime = 1h, .failure_lifetime = 1ns}};
    running_get<Transport>& one = all.add();
    const std::string target = "http://host:" + unused_port_of(all) + "/";
    for (unsigned round = 1; round <= 3; ++round) {
        one.begin(target);
        all.run();
        BOOST_TEST(one.error == code(errc::connection_refused));
        BOOST_TEST(one.connections_opened == 1U);
        BOOST_TEST(all.names.calls("host") == round);
    }
    // And by whatever the name service says to that.
    for (const int broken : {EAI_AGAIN, EAI_NONAME}) {
        all.names.set("host", {.code = broken});
        one.begin(target);
        all.run();
        BOOST_TEST(one.error ==
                   code(broken == EAI_NONAME ? errc::resolve_failed : errc::connection_refused));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B4_a_refused_address_is_reported_soon_although_the_name_service_hangs,
                              Transport, transports) {
    context<Transport> all{{.answer_lifetime = 1h, .patience = 50ms}};
    running_get<Transport>& one = all.add();
    one.begin(all.url("host"));
    all.run();
    BOOST_TEST(one.error == none);
    all.names.set("host", {.hangs = true});
    for (int round = 0; round < 3; ++round) {
        one.begin("http://host:" + unused_port_of(all) + "/", 1h); // longer than `run` waits
        all.run();
        BOOST_TEST((one.ended && one.error == code(errc::connection_refused)));
        BOOST_TEST(one.connections_opened == 1U);
    }
    BOOST_TEST(all.names.calls("host") == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B18_a_GET_that_waits_for_a_name_can_be_cancelled_and_leaves_nothing,
                              Transport, transports) {
    context<Transport> all;
    all.names.set("hangs", {.hangs = true});
    running_get<Transport>& one = all.add();
    one.begin(all.url("hangs"));
    BOOST_TEST(all.run_until([&] { return all.names.under_way() == 1; }));
    one.transport.cancel();
    all.run(); // Returns at once, although the look-up goes on.
    BOOST_TEST(one.error == code(errc::operation_canceled));
    one.begin(all.url("hangs"));
    all.gets.clear(); // A transport may be destroyed while it waits.
    all.run();
    BOOST_TEST(all.names.calls("hangs") == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(B18_a_context_may_end_while_its_transports_wait_for_names, Transport,
                              transports) {
    with_fake_names fake;
    fake.names.set_all({.hangs = true});
    int destroyed = 0;
    struct counted {
        int& count;
        ~counted() { ++count; }
    };
    {
        auto io = std::make_unique<asio::io_context>();
        std::optional<asio_clock> clock{io->get_executor()};
        const asio_names shared{io->get_executor()};
        std::vector<Transport> all;
        request asked;
        asked.target = forest::url{"http://hangs/"};
        for (int n = 0; n < 3; ++n) {
            all.push_back(running_get<Transport>::make(*clock, shared));
            all.back().async_get(asked, deadline,
                                 [kept = std::make_shared<counted>(destroyed)](const reply&) {});
        }
        BOOST_TEST(eventually([&] { return fake.names.under_way() == 1; }));
        all.clear();
        clock.reset();
        io.reset();
    }
    BOOST_TEST(destroyed == 3);
    fake.names.release();
}

BOOST_AUTO_TEST_CASE(B19_all_clients_of_a_context_share_what_is_known_of_names) {
    context<asio_transport> all;
    basic_health_client<asio_transport, asio_clock, unsigned_requests, exponential_backoff> client{
        asio_transport{all.clock}, asio_clock{all.io.get_executor()}, unsigned_requests{},
        exponential_backoff{}, forest::url{all.url("host")}};
    basic_health_fleet<pooled_transport, asio_clock, unsigned_requests, exponential_backoff> fleet{
        [pool = asio_connection_pool{all.clock}] { return pooled_transport{pool}; }, all.clock,
        unsigned_requests{}, exponential_backoff{}};
    fleet.add(forest::url{all.url("host")});
    client.start();
    fleet.start();
    std::optional<verdict> single;
    async_check(all.io.get_executor(), single_check{.target = forest::url{all.url("host")}},
                unsigned_requests{}, [&](const verdict& result) { single = result; });
    BOOST_TEST(all.run_until([&] {
        return single && client.status() == target_status::up &&
               fleet.count(target_status::up) == 1;
    }));
    BOOST_TEST(single->healthy());
    BOOST_TEST(all.names.calls("host") == 1U);
    BOOST_TEST(asio_names{all.io.get_executor()}.statistics().lookups == 1U);
    client.stop();
    fleet.stop();
}

// What was seen: 296 of 300 reported DOWN, and 2,045 lines DOWN of 2,000 names.
BOOST_AUTO_TEST_CASE(B19_names_that_take_a_while_each_are_found_in_time_for_all) {
    watching_fleet watched;
    watched.names.set_all({.takes = 20ms});
    watched.add(600, {});
    watched.fleet.start();
    BOOST_TEST(watched.run_until([&] { return watched.fleet.count(target_status::up) == 600; }));
    BOOST_TEST(watched.fleet.statistics().failures == 0U);
    BOOST_TEST(watched.names.calls() == 600U);
    BOOST_TEST(watched.names.most() > 16U); // side by side
    BOOST_TEST(watched.names.most() <=
               resolver_limits{}.lookups_max + resolver_limits{}.hanging_max);
    watched.fleet.stop();
}

// What was seen: a healthy server of the hosts file reported DOWN beside a name server that is
// dead.
BOOST_AUTO_TEST_CASE(B19_a_server_of_the_hosts_file_is_up_beside_any_number_of_names_that_hang) {
    watching_fleet watched;
    watched.names.set_all({.hangs = true});
    watched.names.set("localhost", {});
    watched.add(300, {.timeout = 1s});
    watched.fleet.start();
    BOOST_TEST(watched.run_until([&] { return watched.names.under_way() == 64; }));
    watched.fleet.add(forest::url{watched.url("localhost")}, {.timeout = 10s});
    BOOST_TEST(watched.run_until([&] { return watched.fleet.count(target_status::up) == 1; }));
    BOOST_TEST(watched.downs == 0);
    watched.fleet.stop();
}

BOOST_AUTO_TEST_CASE(B12_doubt_about_a_dead_name_service_ends_and_is_counted) {
    watching_fleet watched;
    watched.names.set_all({.code = EAI_AGAIN});
    watched.add(1, {.interval = 10ms, .failure_threshold = 1});
    watched.fleet.start();
    BOOST_TEST(watched.run_until([&] { return watched.downs == 1; }));
    BOOST_TEST(watched.last_error == code(errc::resolve_failed));
    BOOST_TEST(watched.failed_as == code(errc::resolve_failed));
    const fleet_statistics& done = watched.fleet.statistics();
    BOOST_TEST(done.inconclusive == 10U);
    BOOST_TEST(done.unresolved == 10U);
    BOOST_TEST(done.failures == 1U);
    // The backoff is that of a target of 10 ms, but the name service is left in peace.
    BOOST_TEST(watched.names.calls() <= 3U);
    watched.names.set_all({});
    BOOST_TEST(watched.run_until([&] { return watched.fleet.count(target_status::up) == 1; }));
    watched.fleet.stop();
}

BOOST_AUTO_TEST_CASE(B12_a_client_doubts_in_the_same_way) {
    context<asio_transport> all;
    all.names.set_all({.code = EAI_AGAIN});
    basic_health_client<asio_transport, asio_clock, unsigned_requests, exponential_backoff> client{
        asio_transport{all.clock},    asio_clock{all.io.get_executor()},
        unsigned_requests{},          exponential_backoff{},
        forest::url{all.url("host")}, {.interval = 10ms, .failure_threshold = 2, .doubt_max = 3}};
    std::vector<event_kind> told;
    std::vector<std::error_code> errors;
    std::optional<std::error_code> down;
    client.on_event([&](const event& happened) {
        if (happened.kind != event_kind::check_failed &&
            happened.kind != event_kind::check_inconclusive)
            return;
        told.push_back(happened.kind);
        errors.push_back(happened.check->error);
        if (told.size() == 1)
            BOOST_TEST((severity_of(happened) == severity::warning));
    });
    client.on_server_down([&](const outage& of) { down = of.last_error; });
    client.start();
    BOOST_TEST(all.run_until([&] { return down.has_value(); }));
    client.stop();
    BOOST_TEST((*down == code(errc::resolve_failed)));
    BOOST_TEST_REQUIRE(told.size() == 5U);
    for (std::size_t n = 0; n < 5; ++n) {
        BOOST_TEST(
            (told[n] == (n < 3 ? event_kind::check_inconclusive : event_kind::check_failed)));
        BOOST_TEST(errors[n] == code(n < 3 ? errc::resolver_unavailable : errc::resolve_failed));
    }
}

BOOST_AUTO_TEST_CASE(
    B19_a_look_up_that_no_thread_can_be_made_for_does_not_wait_for_those_that_hang) {
    with_fake_names fake;
    fake.names.set("hangs", {.hangs = true});
    BOOST_TEST(ends_in_time([&] {
        getaddrinfo_resolver subject;
        const auto ignored = [](const resolution&) {};
        subject.async_resolve("hangs", ignored);
        while (fake.names.under_way() == 0)
            std::this_thread::yield();
        const rlimit no_more{.rlim_cur = 1, .rlim_max = 1};
        constexpr uid_t nobody = 65534; // The limit does not bind root.
        if ((::geteuid() == 0 && ::setuid(nobody) != 0) || ::setrlimit(RLIMIT_NPROC, &no_more) != 0)
            ::_exit(1);
        try {
            subject.async_resolve("host", ignored);
        } catch (const std::system_error& thrown) {
            ::_exit(thrown.code() == std::errc::resource_unavailable_try_again ? 0 : 2);
        }
    }));
}

// What was seen: 20 s until a program ends. Here the look-ups never do.
BOOST_AUTO_TEST_CASE(B18_the_end_of_a_program_never_waits_for_a_look_up) {
    with_fake_names fake;
    fake.names.set_all({.hangs = true});
    const auto watch_for_a_moment = [&] {
        asio::io_context io;
        asio_clock clock{io.get_executor()};
        basic_health_client<asio_transport, asio_clock, unsigned_requests, exponential_backoff>
            client{asio_transport{clock}, asio_clock{io.get_executor()}, unsigned_requests{},
                   exponential_backoff{}, forest::url{"http://host/"}};
        client.start();
        while (fake.names.under_way() == 0)
            io.run_one_for(1ms);
        client.stop();
        io.restart();
        io.run(); // Nothing is left to be done.
    };
    BOOST_TEST(ends_in_time([&] {
        watch_for_a_moment();
        std::exit(0); // as a return from main
    }));
    BOOST_TEST(ends_in_time([&] {
        watch_for_a_moment();
        ::_exit(0);
    }));
    BOOST_TEST(ends_in_time([&] { // A client that is never destroyed, nor stopped.
        static background loop;
        static asio_clock clock{loop.get_executor()};
        static basic_health_client<asio_transport, asio_clock, unsigned_requests,
                                   exponential_backoff>
            client{asio_transport{clock}, asio_clock{loop.get_executor()}, unsigned_requests{},
                   exponential_backoff{}, forest::url{"http://host/"}};
        client.start();
        while (fake.names.under_way() == 0)
            std::this_thread::yield();
        std::exit(0);
    }));
}

BOOST_AUTO_TEST_SUITE_END()
