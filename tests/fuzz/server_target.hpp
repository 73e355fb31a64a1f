// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_SERVER_TARGET_HPP
#define FOREST_TESTS_FUZZ_SERVER_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/response.hpp>
#include <fuzz/message_script.hpp>
#include <fuzz/require.hpp>
#include <fuzz/socket_ends.hpp>

// Any bytes that a client sends to a server, in any pieces, get the answers that the parser of
// requests alone leads to: one for each request, in order. Then the connection ends, without a
// reset. The first byte of the input chooses the limits and how the client reads, the next ones the
// pieces.

#include <asio/io_context.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest_fuzz {

namespace detail {

/// An answer as its receiver sees it.
struct received_answer {
    int status = 0;
    bool closes = false;
    std::string body;

    friend bool operator==(const received_answer&, const received_answer&) = default;
};

/// An answer as the request leads to it.
struct expected_answer {
    received_answer answer;
    bool without_body = false; // but with its length
};

/// What a handler has seen of a request.
inline std::string seen(std::string_view method, std::string_view path, const std::string& fields) {
    std::size_t hash = 0;
    for (const char byte : fields)
        hash = hash * 31 + static_cast<unsigned char>(byte);
    return std::string{method} + ' ' + std::string{path} + ' ' + std::to_string(hash) + ' ' +
           std::to_string(fields.size());
}

/// A server whose handlers answer in each of the ways that there are. It lives for all inputs.
class fuzzed_server {
public:
    fuzzed_server(const std::string& path, const forest::message_limits& limits)
        : path_{path}, server_{io_.get_executor(), {.message = limits}} {
        // Answered at once, with what was seen.
        add("/", [](const auto& request, auto respond) {
            const std::string body = seen_by(request);
            respond({.status = 200, .body = body, .fields = {}});
        });
        // Answered later.
        add("/l", [this](const auto& request, auto respond) {
            waiting_.push_back([body = seen_by(request), respond] {
                respond({.status = 200, .body = body, .fields = {}});
            });
        });
        // A large answer, which is shared and sent in several parts.
        add("/b", [this](const auto&, auto respond) {
            forest::response answer{.status = 200, .body = *large_, .fields = {}};
            answer.body_owner = large_;
            respond(answer);
        });
        // Only the first answer counts.
        add("/2", [](const auto&, auto respond) {
            respond({.status = 401, .body = "first", .fields = {}});
            respond({.status = 200, .body = "second", .fields = {}});
        });
        add("/0", [](const auto&, auto) {});
        add("/t", [](const auto&, auto) { throw std::runtime_error{"a handler that throws"}; });
        require(!server_.listen_unix(path_), "the server does not listen");
    }

    fuzzed_server(const fuzzed_server&) = delete;
    fuzzed_server& operator=(const fuzzed_server&) = delete;
    ~fuzzed_server() = default;

    /// Sends a message in pieces and closes the sending direction. Returns everything that the
    /// server has sent up to the end.
    std::string talk(std::string_view message, const forest_test::cuts& positions,
                     bool reads_at_the_end) {
        socket_end client = socket_end::connect(path_);
        std::string received;
        auto state = socket_end::arrival::nothing;
        const auto read = [&] {
            const std::size_t before = received.size();
            if (state != socket_end::arrival::end)
                state = client.receive(received);
            require(state != socket_end::arrival::reset, "the server resets the connection");
            return received.size() != before || state == socket_end::arrival::end;
        };
        for_each_piece(message, positions, [&](std::string_view piece) {
            bool broken = false;
            for (;;) {
                piece.remove_prefix(client.send(piece, broken));
                const bool ran = settle();
                if (piece.empty() || broken)
                    break;
                require(read() || ran || run_soon(io_), "the server reads no more");
            }
            if (!reads_at_the_end)
                (void)read();
            return !broken;
        });
        client.finish_sending();
        while (state != socket_end::arrival::end) {
            const bool ran = settle();
            require(read() || ran || run_soon(io_), "the connection does not end");
        }
        client = socket_end{};
        (void)settle();
        require(server_.connections() == 0, "a connection is left");
        return received;
    }

    [[nodiscard]] std::string_view large_body() const noexcept { return *large_; }

private:
    template <typename Handler>
    void add(const char* path, Handler handler) {
        require(!server_.get(path, std::move(handler)), "a route is refused");
    }

    static std::string seen_by(const forest::server_request& request) {
        return seen(request.method == forest::http_method::head ? "HEAD" : "GET", request.path,
                    forest_test::text_of(request.fields));
    }

    // Returns whether anything happened.
    bool settle() {
        bool any = run_ready(io_);
        while (!waiting_.empty()) {
            for (const auto& answer : std::exchange(waiting_, {}))
                answer();
            (void)run_ready(io_);
            any = true;
        }
        return any;
    }

    std::string path_;
    asio::io_context io_;
    std::vector<std::function<void()>> waiting_;
    std::shared_ptr<const std::string> large_ =
        std::make_shared<std::string>(filler(std::size_t{70} * 1024));
    forest::asio_server server_;
};

// The answers that a message leads to.
inline std::vector<expected_answer> expected_answers(std::string message,
                                                     const forest::message_limits& limits,
                                                     std::string_view large_body) {
    std::vector<expected_answer> answers;
    for (bool closes = false; !message.empty() && !closes;) {
        const forest_test::request_result request = forest_test::feed_request(message, {}, limits);
        if (request.error == forest::errc::connection_lost)
            break;
        closes = !request.keep_alive;
        expected_answer expected{.answer = {.status = 200, .closes = closes, .body = {}},
                                 .without_body = request.method == "HEAD"};
        received_answer& answer = expected.answer;
        const std::string& path = request.path;
        const bool known = path == "/" || path == "/l" || path == "/b" || path == "/2" ||
                           path == "/0" || path == "/t";
        if (request.error) {
            answer.status = request.error_status;
            // The version is refused before the method is read.
            expected.without_body = expected.without_body && answer.status != 505;
        } else if (!known) {
            answer.status = 404;
        } else if (request.method != "GET" && request.method != "HEAD") {
            answer.status = 405;
        } else if (path == "/0" || path == "/t") {
            answer.status = 500;
        } else if (path == "/2") {
            answer.status = 401;
            answer.body = "first";
        } else if (path == "/b") {
            answer.body = large_body;
        } else {
            answer.body = seen(request.method, path, request.fields);
        }
        answers.push_back(std::move(expected));
        message = request.surplus;
    }
    return answers;
}

// Reads one answer from the front. Interim answers are dropped: whether there is one depends on
// whether the body came with the head.
inline received_answer take_answer(std::string_view& bytes, const expected_answer& expected) {
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    if (bytes.starts_with(interim))
        bytes.remove_prefix(interim.size());
    received_answer answer;
    const std::size_t head_size = bytes.find("\r\n\r\n");
    require(head_size != std::string_view::npos, "an answer is missing, or its head has no end");
    const std::string_view head = bytes.substr(0, head_size + 2);
    bytes.remove_prefix(head_size + 4);
    require(head.starts_with("HTTP/1.1 ") && head.size() > 12, "an answer has no status line");
    std::from_chars(head.data() + 9, head.data() + 12, answer.status);
    answer.closes = head.find("\r\nConnection: close\r\n") != std::string_view::npos;
    constexpr std::string_view name = "\r\nContent-Length: ";
    const std::size_t length = head.find(name);
    require(length != std::string_view::npos, "an answer has no length");
    std::size_t size = 0;
    std::from_chars(head.data() + length + name.size(), head.data() + head.size(), size);
    const bool says_itself = expected.answer.body.empty(); // in a body of the server's own
    require(says_itself || size == expected.answer.body.size(), "an answer has another length");
    if (expected.without_body) {
        answer.body = expected.answer.body;
        return answer;
    }
    require(bytes.size() >= size && size > 0, "a body is cut off, or none");
    if (!says_itself)
        answer.body = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return answer;
}

inline void require_answers(std::string_view received,
                            const std::vector<expected_answer>& expected) {
    for (const expected_answer& each : expected)
        require(take_answer(received, each) == each.answer, "a request got another answer");
    require(received.empty() || received == "HTTP/1.1 100 Continue\r\n\r\n",
            "there are more answers than requests");
}

struct fuzzed_servers {
    socket_directory directory;
    forest::message_limits small_limits{.head_bytes_max = 200, .body_bytes_max = 40};
    fuzzed_server usual{directory.file("usual"), {}};
    fuzzed_server small{directory.file("small"), small_limits};
};

} // namespace detail

inline void server_target(std::string_view input) {
    static detail::fuzzed_servers servers;
    const unsigned char choice = take_choice(input);
    const std::vector<std::size_t> sizes = take_piece_sizes(input);
    const std::string message = expand(input.substr(0, message_bytes_max));
    const bool small = choice % 2 == 1;
    const bool reads_at_the_end = choice / 2 % 2 == 1;
    detail::fuzzed_server& server = small ? servers.small : servers.usual;

    const auto expected = detail::expected_answers(
        message, small ? servers.small_limits : forest::message_limits{}, server.large_body());
    detail::require_answers(server.talk(message, {}, reads_at_the_end), expected);
    detail::require_answers(server.talk(message, cut(message, sizes), reads_at_the_end), expected);
}

} // namespace forest_fuzz

#endif
