// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/server.hpp>

#include <archetypes/observer.hpp>
#include <archetypes/server.hpp>
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace forest;

static_assert(server<tests::server_archetype>);
static_assert(!std::default_initializable<tests::server_archetype>);
static_assert(!std::move_constructible<tests::server_archetype>);
static_assert(server<sim::memory_server>);

struct without_get {
    template <typename Handler>
    void post(std::string, Handler);
};
static_assert(!server<without_get>, "a health check is a GET");

struct without_path {
    template <typename Handler>
    void get(Handler);
};
static_assert(!server<without_path>, "a route has a path");

struct answering_at_once {
    struct handler {
        template <std::invocable<const server_request&> Callable>
        handler(Callable);
    };
    void get(std::string, handler);
};
static_assert(!server<answering_at_once>, "a responder is what lets an answer come later (B23)");

struct by_view {
    template <typename Handler>
    void get(std::string_view, Handler);
};
static_assert(server<by_view>, "a path may be taken as a view");

struct with_an_error {
    template <typename Handler>
    std::error_code get(std::string, Handler);
};
static_assert(server<with_an_error>, "a server may say that a path cannot be used");

using responder = std::function<void(const response&)>;
struct type_erased {
    void get(const std::string&, std::function<void(const server_request&, responder)>);
};
static_assert(server<type_erased>, "handler and responder may be erased");

static_assert(!server<tests::observer_archetype>);

// Responds at once with the arguments of the handler, and keeps nothing.
struct recording_server {
    template <typename Handler>
    std::error_code get(std::string path, Handler handler) {
        if (path.empty() || path.front() != '/')
            return errc::path_invalid;
        handler(server_request{http_method::get, path, field_view{}, wall_time{}},
                [this](const response& answer) { status = answer.status; });
        return {};
    }

    int status = 0;
};

BOOST_AUTO_TEST_SUITE(server_test)

BOOST_AUTO_TEST_CASE(B20_a_route_needs_no_more_than_the_archetype) {
    tests::server_archetype server{0};
    basic_health_route route{server, accept_unsigned};
    BOOST_TEST(!route.draining());
    route.drain();
    BOOST_TEST(route.draining());
    BOOST_TEST(route.path() == "/forest/health");
}

BOOST_AUTO_TEST_CASE(a_responder_may_be_any_callable) {
    recording_server server;
    const basic_health_route route{server, accept_unsigned};
    BOOST_TEST(server.status == 200);
}

BOOST_AUTO_TEST_CASE(an_error_of_the_server_is_thrown_by_the_route) {
    recording_server server;
    BOOST_CHECK_EXCEPTION(
        (basic_health_route{server, accept_unsigned, {.path = "no-slash"}}), std::system_error,
        [](const std::system_error& thrown) { return thrown.code() == errc::path_invalid; });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
