// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_ONE_CHECK_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_ONE_CHECK_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#if defined(FOREST_TEST_CURL_TRANSPORT)
#include <forest/adapters/curl/curl_transport.hpp>
#endif

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

// Performs a GET over a real socket and holds the transport to what every model promises, whatever
// the peer does.

namespace forest::test {

// The same tests are built for each of the transports over sockets.
#if defined(FOREST_TEST_CURL_TRANSPORT)
using tested_transport = curl_transport;
[[nodiscard]] inline tested_transport make_transport(const asio_clock& clock,
                                                     const transport_options& settings) {
    return tested_transport{clock, curl_options{.tls = settings.tls,
                                                .reuse_connections = settings.reuse_connections,
                                                .kept_age_max = settings.kept_age_max}};
}
#elif defined(FOREST_TEST_POOLED_TRANSPORT)
using tested_transport = pooled_transport;
[[nodiscard]] inline tested_transport make_transport(const asio_clock& clock,
                                                     const transport_options& settings) {
    return tested_transport{asio_connection_pool{clock, settings}};
}
#else
using tested_transport = asio_transport;
[[nodiscard]] inline tested_transport make_transport(const asio_clock& clock,
                                                     const transport_options& settings) {
    return tested_transport{clock, settings};
}
#endif

// Before a test of what libcurl does in another way: docs/reference/transport.md has the table.
#if defined(FOREST_TEST_CURL_TRANSPORT)
inline boost::test_tools::assertion_result is_not_by_curl(boost::unit_test::test_unit_id) {
    return false;
}
#define FOREST_TEST_NOT_BY_CURL                                                                    \
    BOOST_TEST_DECORATOR(*boost::unit_test::precondition(is_not_by_curl))
#else
#define FOREST_TEST_NOT_BY_CURL
#endif

/// How much later than its deadline a GET may end on a busy machine, sanitizers and all.
inline constexpr std::chrono::seconds margin{5};

/// A reply that outlives its handler.
struct kept_reply {
    std::error_code error;
    int status = 0;
    std::string body;
    phase_timings timings;
    unsigned connections_opened = 0;
    bool send_again = false;
    bool sent_again = false; // by `getter::get`
    duration elapsed{};

    void keep(const reply& answer) {
        error = answer.error;
        status = answer.status;
        body = answer.body;
        timings = answer.timings;
        connections_opened = answer.connections_opened;
        send_again = answer.send_again;
    }
};

/// One transport and the context that it runs on.
class getter {
public:
    explicit getter(const transport_options& settings = {})
        : transport{make_transport(clock, settings)} {}

    /// One GET, or two if the first one went over a connection that was closed, as a client does.
    kept_reply get(request what, duration timeout) {
        kept_reply result = get_without_repeating(what, timeout);
        if (!result.send_again)
            return result;
        BOOST_TEST(!what.fresh_connection);
        BOOST_TEST(result.error == make_error_code(errc::connection_lost));
        what.fresh_connection = true;
        result = get_without_repeating(what, timeout);
        BOOST_TEST(!result.send_again);
        result.sent_again = true;
        return result;
    }

    /// Checks, whatever the outcome: called exactly once, never from inside, not after the deadline
    /// and its margin, and nothing pending afterwards.
    kept_reply get_without_repeating(const request& what, duration timeout) {
        kept_reply result;
        int calls = 0;
        bool inside = true;
        const auto began = std::chrono::steady_clock::now();
        transport.async_get(what, timeout, [&](const reply& answer) {
            ++calls;
            BOOST_TEST(!inside);
            result.keep(answer);
            result.elapsed = std::chrono::steady_clock::now() - began;
        });
        inside = false;
        io.restart();
        io.run_for(timeout + margin);
        BOOST_TEST(io.stopped()); // Nothing is left to be done.
        BOOST_TEST(calls == 1);
        BOOST_TEST((result.elapsed < timeout + margin));
        if (result.error == errc::timed_out)
            BOOST_TEST((result.elapsed >= timeout));
        return result;
    }

    kept_reply get(std::string_view target, duration timeout) {
        asked = {};
        asked.target = target;
        return get(asked, timeout);
    }

    asio::io_context io;
    asio_clock clock{io.get_executor()};
    request asked;
    tested_transport transport;
};

/// One GET on a fresh transport.
[[nodiscard]] inline kept_reply get_once(std::string_view target, duration timeout,
                                         const transport_options& settings = {}) {
    return getter{settings}.get(target, timeout);
}

} // namespace forest::test

#endif
