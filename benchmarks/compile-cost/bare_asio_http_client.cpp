// SPDX-License-Identifier: BSL-1.0

// An HTTP client as Asio's coroutines make it short: no timeout, no TLS, nothing is parsed. What a
// program pays to compile forest is compared with it.

#include <asio.hpp>

#include <iostream>
#include <string>

asio::awaitable<void> get(std::string host, std::string port) {
    asio::ip::tcp::resolver resolver{co_await asio::this_coro::executor};
    const auto found = co_await resolver.async_resolve(host, port, asio::use_awaitable);
    asio::ip::tcp::socket socket{co_await asio::this_coro::executor};
    co_await asio::async_connect(socket, found, asio::use_awaitable);
    const std::string request = "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    std::string answer;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n",
                                    asio::use_awaitable);
    std::cout << answer;
}

int main() {
    asio::io_context io;
    asio::co_spawn(io, get("localhost", "3000"), asio::detached);
    io.run();
}
