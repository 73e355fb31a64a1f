// SPDX-License-Identifier: BSL-1.0

// One check and its verdict: in a coroutine, and in plain code with a future.

#include <forest/forest.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;

constexpr std::string_view shared_secret = "my-secret";

asio::awaitable<forest::verdict> check(std::string url) {
    const auto executor = co_await asio::this_coro::executor;
    forest::single_check request;
    request.target = url;
    request.timeout = 2s;
    forest::hmac_sha256_signer signer{shared_secret};
    co_return co_await forest::async_check(executor, std::move(request), std::move(signer),
                                           asio::use_awaitable);
}

int main() {
    forest::background background;
    const auto executor = background.get_executor();
    forest::asio_server server{executor};
    forest::health_route route{server, forest::hmac_sha256_verifier{shared_secret}};
    if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
        std::cerr << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    const std::string url = server.endpoints().front() + route.path();

    const forest::verdict first = asio::co_spawn(executor, check(url), asio::use_future).get();

    // With another secret the server refuses to answer: that is a verdict, not an exception.
    forest::single_check request;
    request.target = url;
    std::future<forest::verdict> pending = forest::async_check(
        executor, std::move(request), forest::hmac_sha256_signer{"another"}, asio::use_future);
    const forest::verdict second = pending.get();
    std::cout << second.status << ": " << second.error.message() << '\n';

    const bool as_expected = first.healthy() && second.error == forest::errc::unauthorized;
    return as_expected ? EXIT_SUCCESS : EXIT_FAILURE;
}
