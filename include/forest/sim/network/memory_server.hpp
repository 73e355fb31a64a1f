// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_MEMORY_SERVER_HPP
#define FOREST_SIM_NETWORK_MEMORY_SERVER_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// An HTTP server in memory: the bytes of a request go in, the bytes of the answer come out, and the
// real codec and the real route are in between.

namespace forest::sim {

/// What becomes of a connection to a simulated server.
enum class memory_server_state : std::uint8_t {
    running,
    crashed, ///< connections are refused
    frozen,  ///< connections are accepted and nothing is answered
};

/// A simulated server. Not copyable; it must outlive the transports that talk to it. Models
/// `server`.
class memory_server {
public:
    class responder {
    public:
        void operator()(const response& answer) const { call_->answer(answer); }

    private:
        friend class memory_server;

        // One request that is waiting for its answer; dropped without one, it answers 500.
        struct call {
            call(forest::detail::unique_function<void(std::string_view)>&& to, wall_time at,
                 bool without_body)
                : done{std::move(to)}, received{at}, head{without_body} {}
            call(const call&) = delete;
            call& operator=(const call&) = delete;
            ~call() {
                if (done)
                    answer({.status = 500, .body = R"({"error":"Internal Server Error"})"});
            }

            void answer(const response& given) {
                if (auto deliver = std::move(done))
                    render(given, received, head, deliver);
            }

            forest::detail::unique_function<void(std::string_view)> done;
            wall_time received;
            bool head;
        };

        explicit responder(std::shared_ptr<call> waiting) : call_{std::move(waiting)} {}

        std::shared_ptr<call> call_;
    };

    using handler_type = forest::detail::unique_function<void(const server_request&, responder)>;

    explicit memory_server(virtual_clock clock) : clock_{std::move(clock)} {}

    memory_server(const memory_server&) = delete;
    memory_server& operator=(const memory_server&) = delete;

    void get(std::string path, handler_type handler) {
        handlers_.insert_or_assign(std::move(path), std::move(handler));
    }

    /// Lets the process die, hang or come back.
    void become(memory_server_state state) noexcept { state_ = state; }

    [[nodiscard]] memory_server_state state() const noexcept { return state_; }

    /// Takes the bytes of one request and gives the bytes of its answer to `done`, at once or when
    /// the handler answers; they are valid during that call. A request that cannot be understood is
    /// answered 400.
    void serve(std::span<char> bytes,
               forest::detail::unique_function<void(std::string_view)>&& done) {
        forest::detail::request_parser parser;
        const std::size_t kept = parser.parse(bytes);
        const std::span<const char> data{bytes.data(), kept};
        const wall_time now = clock_.now();
        const bool head = parser.done() && !parser.error() && parser.method() == http_method::head;
        auto call = std::make_shared<responder::call>(std::move(done), now, head);
        if (!parser.done() || parser.error())
            return call->answer({.status = parser.done() ? parser.error_status() : 400,
                                 .body = R"({"error":"Bad Request"})"});
        const std::string_view path = parser.path(data);
        const auto found = handlers_.find(path);
        if (found == handlers_.end())
            return call->answer({.status = 404, .body = R"({"error":"Not Found"})"});
        if (parser.method() == http_method::other) {
            response refused{.status = 405, .body = R"({"error":"Method Not Allowed"})"};
            (void)refused.fields.add("Allow", "GET, HEAD");
            return call->answer(refused);
        }
        found->second({parser.method(), path, parser.fields(data), now},
                      responder{std::move(call)});
    }

private:
    using receiver = forest::detail::unique_function<void(std::string_view)>;

    // Gives the texts, one behind the other. An answer of the usual size needs no memory.
    template <typename... Texts>
    static void give(receiver& to, const Texts&... texts) {
        std::array<char, 1024> small;
        if (const std::size_t size = forest::detail::write_texts(small, texts...))
            return to({small.data(), size});
        std::string large;
        (large.append(texts), ...);
        to(large);
    }

    static void render(const response& given, wall_time now, bool head, receiver& to) {
        const auto date =
            forest::detail::format_http_date(std::chrono::floor<std::chrono::seconds>(now));
        const std::string_view date_text{date.data(), date.size()};
        const std::string status = std::to_string(given.status);
        // These two have no body, whatever the handler says (RFC 9110, 6.4.1).
        if (given.status == 204 || given.status == 304)
            return give(to, "HTTP/1.1 ", status, " \r\nDate: ", date_text,
                        "\r\nConnection: close\r\n", given.fields.text(), "\r\n");
        give(to, "HTTP/1.1 ", status, " \r\nDate: ", date_text,
             "\r\nContent-Type: ", given.content_type,
             "\r\nContent-Length: ", std::to_string(given.body.size()), "\r\nConnection: close\r\n",
             given.fields.text(), "\r\n", head ? std::string_view{} : given.body);
    }

    virtual_clock clock_;
    std::map<std::string, handler_type, std::less<>> handlers_;
    memory_server_state state_ = memory_server_state::running;
};

static_assert(forest::server<memory_server>);

} // namespace forest::sim

#endif
