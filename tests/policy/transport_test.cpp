// SPDX-License-Identifier: BSL-1.0
#include <forest/policy/transport.hpp>

#include <archetypes/backoff.hpp>
#include <archetypes/clock.hpp>
#include <archetypes/signer.hpp>
#include <archetypes/transport.hpp>
#include <forest/datasource.hpp>
#include <forest/health_client.hpp>
#include <forest/sim/network/memory_transport.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>

namespace {

using namespace forest;

static_assert(transport<tests::transport_archetype>);
static_assert(!std::default_initializable<tests::transport_archetype>);
static_assert(!std::copy_constructible<tests::transport_archetype>);
static_assert(transport<sim::scripted_transport>);
static_assert(transport<sim::memory_transport>);

struct without_async_get {
    void cancel();
};
static_assert(!transport<without_async_get>, "nothing would carry a check");

struct without_cancel {
    template <typename Handler>
    void async_get(const request&, duration, Handler);
};
static_assert(!transport<without_cancel>, "a stopped client would wait for its last check");

struct without_timeout {
    template <typename Handler>
    void async_get(const request&, Handler);
    void cancel();
};
static_assert(!transport<without_timeout>, "a silent server would hold the client for ever");

struct changing_the_request {
    template <typename Handler>
    void async_get(request&, duration, Handler);
    void cancel();
};
static_assert(!transport<changing_the_request>, "the request is the client's");

struct calling_back_with_nothing {
    struct handler {
        template <std::invocable Callable>
        handler(Callable);
    };
    void async_get(const request&, duration, handler);
    void cancel();
};
static_assert(!transport<calling_back_with_nothing>, "a handler takes a reply");

struct constant_only {
    template <typename Handler>
    void async_get(const request&, duration, Handler) const;
    void cancel() const;
};
static_assert(transport<constant_only>, "a transport may keep its state elsewhere");

struct immovable {
    immovable(immovable&&) = delete;
    template <typename Handler>
    void async_get(const request&, duration, Handler);
    void cancel();
};
static_assert(!transport<immovable>, "a client takes its transport by value");

static_assert(!connection_keeper<tests::transport_archetype>, "nobody has to know what it keeps");

template <typename Answer, bool Throws>
struct keeping : constant_only {
    Answer keeps_connection_to(const url&) const noexcept(!Throws);
};
static_assert(connection_keeper<keeping<bool, false>>);
static_assert(!connection_keeper<keeping<bool, true>>, "a fleet asks where it cannot fail");
static_assert(!connection_keeper<keeping<int, false>>, "how many there are is another question");

static_assert(!transport<int>);
static_assert(!transport<tests::clock_archetype>);

struct seconds_transport {
    template <typename Handler>
    void async_get(const request&, std::chrono::seconds, Handler);
    void cancel();
};
static_assert(!transport<seconds_transport>, "a timeout of less than a second would be lost");

BOOST_AUTO_TEST_SUITE(transport_test)

BOOST_AUTO_TEST_CASE(a_datasource_needs_no_more_than_the_archetypes) {
    basic_datasource datasource{
        tests::transport_archetype{0}, tests::transport_archetype{0},
        tests::clock_archetype{0},     tests::signer_archetype{0},
        tests::backoff_archetype{0},   datasource_options{.uri = "http://a"}};
    datasource.start();
    datasource.cleanup();
    BOOST_TEST(datasource.cleaned_up());
}

BOOST_AUTO_TEST_CASE(a_client_needs_no_more_than_the_archetypes) {
    basic_health_client client{tests::transport_archetype{0}, tests::clock_archetype{0},
                               tests::signer_archetype{0}, tests::backoff_archetype{0},
                               url{"http://localhost/"}};
    client.on_event([](const event&) {});
    client.on_server_down([](const outage&) {});
    client.on_server_up([](const outage&) {});
    client.start();
    BOOST_TEST(!client.stopped());
    client.stop();
    BOOST_TEST(client.stopped());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
