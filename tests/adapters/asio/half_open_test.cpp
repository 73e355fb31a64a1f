// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/one_check.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/health_client.hpp>
#include <forest/health_fleet.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

// A kept connection whose other side is gone, and nobody has told this side: it stays open, and
// nothing comes any more.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

const options quick{.interval = 20ms, .timeout = 400ms, .failure_threshold = 1};

// Answers the first request of its first connection. That connection is half open from then on.
// Later ones are answered.
class half_open_server {
public:
    ~half_open_server() {
        if (held_ >= 0)
            ::close(held_);
    }

    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] int accepted() const { return server_.accepted(); }

    /// The requests that the server has got. Call it when they have been answered.
    [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

private:
    void serve(peer_connection& client) {
        for (int number = 1;; ++number) {
            const std::string text = client.read_request();
            if (text.empty())
                return;
            requests_.push_back(text);
            if (held_ < 0 && number == 2) { // This keeps it open.
                held_ = ::fcntl(client.native_handle(), F_DUPFD_CLOEXEC, 0);
                return;
            }
            client.send(healthy_answer);
        }
    }

    int held_ = -1;
    std::vector<std::string> requests_;
    bad_peer server_{[this](peer_connection& client) { serve(client); }};
};

struct seen {
    int succeeded = 0;
    int others = 0;

    void add(const event& happened) {
        if (happened.kind == event_kind::check_succeeded)
            ++succeeded;
        else if (happened.kind == event_kind::check_failed ||
                 happened.kind == event_kind::check_inconclusive)
            ++others;
    }
};

void require_a_second_request(const half_open_server& server, const seen& events) {
    BOOST_TEST(events.others == 0);
    BOOST_TEST(server.accepted() == 2);
    // None was sent twice.
    const std::set<std::string> different(server.requests().begin(), server.requests().end());
    BOOST_TEST(different.size() == server.requests().size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(half_open_test)

BOOST_AUTO_TEST_CASE(a_half_open_connection_is_no_outage_for_a_client_at_threshold_1_B2) {
    half_open_server server;
    asio::io_context io;
    const asio_clock clock{io};
    seen events;
    basic_health_client client{asio_transport{clock, {.reuse_connections = true}},
                               clock,
                               hmac_sha256_signer{"secret"},
                               exponential_backoff{},
                               server.url(),
                               quick};
    client.on_event([&](const event& happened) {
        events.add(happened);
        if (events.succeeded == 4 || events.others > 0)
            client.stop();
    });
    client.start();
    io.run_for(20s);
    BOOST_TEST(events.succeeded == 4);
    require_a_second_request(server, events);
}

BOOST_AUTO_TEST_CASE(a_half_open_connection_is_no_outage_for_a_fleet_at_threshold_1_B2) {
    half_open_server server;
    asio::io_context io;
    const asio_clock clock{io};
    asio_connection_pool pool{clock, {.reuse_connections = true}};
    seen events;
    basic_health_fleet fleet{[&pool] { return pooled_transport{pool}; }, clock,
                             hmac_sha256_signer{"secret"}, exponential_backoff{}};
    fleet.on_event([&](const event& happened) {
        events.add(happened);
        if (events.succeeded == 4 || events.others > 0)
            fleet.stop();
    });
    fleet.add(server.url(), quick);
    fleet.start();
    io.run_for(20s);
    BOOST_TEST(events.succeeded == 4);
    require_a_second_request(server, events);
}

BOOST_AUTO_TEST_SUITE_END()
