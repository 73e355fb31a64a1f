// SPDX-License-Identifier: BSL-1.0
#include <adapters/bad_peer.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// B18: in the steady state a check allocates nothing in the library. Counted below operator new, at
// malloc, because Asio and OpenSSL go there directly. The replacement serves the whole binary; it
// counts for one thread while it is told to. Sanitizers replace malloc themselves.

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOREST_TEST_MALLOC_IS_TAKEN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define FOREST_TEST_MALLOC_IS_TAKEN
#endif

#ifndef FOREST_TEST_MALLOC_IS_TAKEN

namespace {
// Volatile, because compilers assume that an allocation reads and writes nothing of the program's.
thread_local volatile bool counting = false;
thread_local volatile std::size_t allocations = 0;
} // namespace

static void note_allocation() noexcept {
    if (counting)
        allocations = allocations + 1;
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept {
    note_allocation();
    return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
    note_allocation();
    return __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
    note_allocation();
    return __libc_realloc(old, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    note_allocation();
    return __libc_memalign(alignment, bytes);
}
}

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr int warm_up_checks = 10;
constexpr int counted_checks = 50;

// OpenSSL 3 copies the state of a hash through its own heap, which no caller can prevent. That is
// counted apart.
struct apart {
    void sign(const request& what, wall_time at, header_fields& fields) {
        const bool was_counting = counting;
        counting = false;
        signer.sign(what, at, fields);
        counting = was_counting;
    }

    hmac_sha256_signer signer{"secret"};
};

struct measurement {
    int succeeded = 0;
    std::size_t allocations = 0;
};

// Runs a client against a server on another thread; counts what this thread allocates in the checks
// after the first few.
measurement measure(const std::string& target, const transport_options& chosen) {
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    basic_health_client client{
        asio_transport{clock, chosen}, clock,       apart{},
        exponential_backoff{},         url{target}, options{.interval = 1ms, .timeout = 20s}};
    measurement result;
    std::size_t logged = 0;
    basic_log_observer log{severity::debug,
                           [&](severity, std::string_view line) { logged += line.size(); }};
    client.on_server_down([](const outage&) {});
    client.on_server_up([](const outage&) {});
    client.on_event([&](const event& happened) {
        log.on_event(happened);
        if (happened.kind != event_kind::check_succeeded)
            return;
        if (++result.succeeded == warm_up_checks)
            counting = true;
        if (result.succeeded == warm_up_checks + counted_checks) {
            counting = false;
            client.stop();
        }
    });
    allocations = 0;
    client.start();
    io.run_for(60s);
    counting = false;
    result.allocations = allocations;
    BOOST_TEST(logged > 0U);
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(allocation_test)

BOOST_AUTO_TEST_CASE(allocations_are_counted) {
    allocations = 0;
    counting = true;
    // Volatile, because a compiler may leave out an allocation that nobody looks at.
    int* volatile one = new int{1};
    char* volatile two = new char[1000];
    void* volatile three = std::aligned_alloc(64, 64);
    counting = false;
    delete one;
    delete[] two;
    std::free(three);
    BOOST_TEST(allocations == 3U);
}

BOOST_AUTO_TEST_CASE(B18_a_steady_check_on_a_fresh_connection_allocates_nothing) {
    bad_peer server{answering_once(std::string{healthy_answer})};
    const measurement result = measure(server.url(), {});
    BOOST_TEST(result.succeeded == warm_up_checks + counted_checks);
    BOOST_TEST(server.accepted() == warm_up_checks + counted_checks);
    BOOST_TEST(result.allocations == 0U);
}

BOOST_AUTO_TEST_CASE(B18_a_steady_check_on_a_kept_connection_allocates_nothing) {
    bad_peer server{answering(std::string{healthy_answer})};
    const measurement result = measure(server.url(), {.reuse_connections = true});
    BOOST_TEST(result.succeeded == warm_up_checks + counted_checks);
    BOOST_TEST(server.accepted() == 1);
    BOOST_TEST(result.allocations == 0U);
}

BOOST_AUTO_TEST_CASE(B18_signing_allocates_only_the_two_copies_that_OpenSSL_makes) {
    hmac_sha256_signer signer{"secret"};
    request asked;
    signer.sign(asked, wall_time{}, asked.fields);
    asked.fields.clear();
    allocations = 0;
    counting = true;
    signer.sign(asked, wall_time{}, asked.fields);
    counting = false;
    BOOST_TEST(allocations <= 2U);
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(allocation_test)

BOOST_AUTO_TEST_CASE(B18_is_tested_without_sanitizers_because_they_replace_malloc) {
    BOOST_TEST_MESSAGE("allocations are not counted in this build");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
