// SPDX-License-Identifier: BSL-1.0
#include "outage_watch.hpp"

#include <forest/forest.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;

struct outage_watch::parts {
    forest::background background; // first, so that it is destroyed last
    forest::health_client client;

    parts(const std::string& url, const std::string& secret)
        : client{background.get_executor(), url, secret, {.interval = 50ms, .timeout = 5s}} {}
};

outage_watch::outage_watch(std::string url, std::string secret,
                           std::function<void(std::string, std::string)> is_down)
    : parts_{std::make_unique<parts>(url, secret)} {
    parts_->client.on_server_down([is_down = std::move(is_down)](const forest::outage& outage) {
        is_down(std::string{outage.target}, outage.last_error.message());
    });
    parts_->client.start();
}

outage_watch::~outage_watch() = default;

struct short_lived_server::parts {
    forest::background background;
    forest::asio_server server{background.get_executor()};
    forest::health_route route;
    asio::steady_timer end{background.get_executor(), 1s};
    std::string url;

    explicit parts(const std::string& secret)
        : route{server, forest::hmac_sha256_verifier{secret}} {
        if (const std::error_code ec = server.listen("127.0.0.1", 0))
            throw std::system_error{ec};
        url = server.endpoints().front() + route.path();
        end.async_wait([this](std::error_code) { server.stop(0s); });
    }
};

short_lived_server::short_lived_server(std::string secret)
    : parts_{std::make_unique<parts>(secret)} {}

short_lived_server::~short_lived_server() = default;

const std::string& short_lived_server::url() const noexcept {
    return parts_->url;
}
