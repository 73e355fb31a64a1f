// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_CLIENT_TARGET_HPP
#define FOREST_TESTS_FUZZ_CLIENT_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/policy/transport.hpp>
#include <fuzz/message_script.hpp>
#include <fuzz/require.hpp>
#include <fuzz/socket_ends.hpp>

// Any bytes that a server sends, in any pieces, give the reply of the parser of answers alone, over
// an asio_transport and over a pooled_transport. A connection is used again exactly if the parser
// allows it. The first byte of the input chooses the limits and whether connections are kept, the
// next ones the pieces. Then come up to four answers, with a byte 253 between them.

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest_fuzz {

namespace detail {

/// A reply that outlives its handler.
struct client_reply {
    std::error_code error;
    int status = 0;
    std::string fields;
    std::string body;
    bool send_again = false;

    friend bool operator==(const client_reply&, const client_reply&) = default;
};

inline std::vector<std::string_view> split_answers(std::string_view input) {
    constexpr char separator = '\xfd';
    constexpr std::size_t answers_max = 4;
    std::vector<std::string_view> answers;
    std::size_t end = 0;
    while (answers.size() < answers_max && end != std::string_view::npos) {
        end = input.find(separator);
        answers.push_back(input.substr(0, end));
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    return answers;
}

/// A client and the server that it talks to, on one thread.
template <typename Transport>
class fuzzed_client {
public:
    fuzzed_client(asio::io_context& io, const std::string& path, const socket_end& listener,
                  const forest::message_limits& limits, Transport transport, bool reuses)
        : io_{io}, listener_{listener}, transport_{std::move(transport)}, reuses_{reuses} {
        std::string target = "http+unix://";
        for (const char byte : path)
            byte == '/' ? target.append("%2F") : target.append(1, byte);
        require(!forest::url::parse(target + "/forest/health", request_.target), "no URL");
        request_.limits = limits;
    }

    /// Performs one GET, which gets this answer, and compares the reply.
    void get(std::string_view answer, const forest_test::cuts& positions) {
        std::optional<client_reply> got;
        unsigned opened = 0;
        transport_.async_get(request_, std::chrono::seconds{20}, [&](const forest::reply& reply) {
            require(!got, "the handler is called twice");
            got = client_reply{reply.error, reply.status, forest_test::text_of(reply.fields),
                               std::string{reply.body}, reply.send_again};
            opened = reply.connections_opened;
        });
        (void)run_ready(io_);
        const bool reused = accept();
        std::string delivered;
        if (!got)
            deliver(answer, positions, delivered, got);
        const bool closed = !got;
        if (closed) {
            server_ = socket_end{};
            while (!got)
                require(run_ready(io_) || run_soon(io_), "the GET does not end");
        }
        compare(*got, delivered, reused);
        require(opened == (reused ? 0 : 1), "another number of connections was opened");
        (void)run_ready(io_);
        if (!closed)
            require_end();
        if (!keepable_)
            server_ = socket_end{};
    }

private:
    // The client closes the connection exactly if it must not use it again.
    void require_end() {
        std::string nothing;
        auto arrived = server_.receive(nothing);
        while (!keepable_ && arrived == socket_end::arrival::nothing) {
            require(run_ready(io_) || run_soon(io_), "the client does not close the connection");
            arrived = server_.receive(nothing);
        }
        require(nothing.empty(), "the client sends something behind its request");
        require(keepable_ == (arrived == socket_end::arrival::nothing),
                "the client closes a connection that it can use again");
    }

    // Returns whether the GET uses the connection that was kept.
    bool accept() {
        const bool kept = server_.is_open();
        socket_end next = listener_.accept();
        require(next.is_open() != kept, kept ? "a kept connection is not used again"
                                             : "no connection, or one that must not be used again");
        if (next.is_open())
            server_ = std::move(next);
        std::string request;
        (void)server_.receive(request);
        require(request.starts_with("GET /forest/health HTTP/1.1\r\n") &&
                    request.ends_with("\r\n\r\n"),
                "the request is not complete");
        return kept;
    }

    void deliver(std::string_view answer, const forest_test::cuts& positions,
                 std::string& delivered, const std::optional<client_reply>& got) {
        for_each_piece(answer, positions, [&](std::string_view piece) {
            while (!piece.empty()) {
                bool broken = false;
                const std::size_t sent = server_.send(piece, broken);
                require(!broken, "the client leaves before the GET ends");
                delivered.append(piece.substr(0, sent));
                piece.remove_prefix(sent);
                const bool ran = run_ready(io_);
                if (got)
                    return false;
                require(sent > 0 || ran || run_soon(io_), "the client reads no more");
            }
            return true;
        });
    }

    // `delivered` was sent. If that did not end the GET, the connection was closed then.
    void compare(const client_reply& got, std::string_view delivered, bool reused) {
        const forest_test::response_result alone =
            forest_test::feed_response(delivered, {}, request_.limits);
        client_reply expected{alone.error, alone.status, alone.fields, alone.body, false};
        if (alone.error)
            expected.body.clear();
        expected.send_again = reused && delivered.empty();
        require(got.error == expected.error, "another error than that of the parser");
        require(got.status == expected.status, "another status than that of the parser");
        require(got.fields == expected.fields, "other fields than those of the parser");
        require(got.body == expected.body, "another body than that of the parser");
        require(got == expected, "a GET is sent again, or must be");
        keepable_ = reuses_ && !alone.error && alone.keep_alive;
    }

    asio::io_context& io_;
    const socket_end& listener_;
    Transport transport_;
    bool reuses_;
    bool keepable_ = false;
    forest::request request_;
    socket_end server_;
};

struct client_surroundings {
    socket_directory directory;
    std::string path = directory.file("server");
    socket_end listener = socket_end::listen(path);
    asio::io_context io;
    forest::asio_clock clock{io.get_executor()};
};

} // namespace detail

inline void client_target(std::string_view input) {
    static detail::client_surroundings world;
    const unsigned char choice = take_choice(input);
    const std::vector<std::size_t> sizes = take_piece_sizes(input);
    std::vector<std::string> answers;
    for (const std::string_view answer : detail::split_answers(input.substr(0, message_bytes_max)))
        answers.push_back(expand(answer));
    forest::message_limits limits;
    if (choice % 4 == 1)
        limits = {.head_bytes_max = 64, .body_bytes_max = 16};
    const bool reuses = choice / 4 % 2 == 1;
    const forest::transport_options options{.reuse_connections = reuses};

    const auto try_with = [&](auto transport) {
        detail::fuzzed_client client{world.io, world.path,           world.listener,
                                     limits,   std::move(transport), reuses};
        for (const std::string& answer : answers)
            client.get(answer, cut(answer, sizes));
    };
    try_with(forest::asio_transport{world.clock, options});
    try_with(forest::pooled_transport{forest::asio_connection_pool{world.clock, options}});
    (void)run_ready(world.io);
}

} // namespace forest_fuzz

#endif
