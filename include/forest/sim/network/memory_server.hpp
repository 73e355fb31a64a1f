// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_MEMORY_SERVER_HPP
#define FOREST_SIM_NETWORK_MEMORY_SERVER_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// An HTTP server in memory: it takes the bytes of a request and returns the bytes of the answer.
// Parser and writer are those of the real server.

namespace forest::inline FOREST_FORM::sim {

/// A simulated server without faults. For a server that crashes or hangs, use server_process. Not
/// copyable, not thread-safe. It must outlive the transports that talk to it. Models `server`.
class memory_server {
    // Writes all answers into one string, so an answer of the usual size needs no new memory.
    class answer_writer {
    public:
        using receiver = forest::detail::unique_function<void(std::string_view)>;

        void write(const response& answer, wall_time received, bool head, receiver& deliver) {
            // The string is moved out, because the receiver may make another server request.
            std::string bytes = std::move(spare_);
            const auto seconds = std::chrono::floor<std::chrono::seconds>(received);
            const forest::detail::answer_frame frame{
                .date = date_.at(seconds), .head = head, .close = true};
            forest::detail::write_head(bytes, answer, frame);
            bytes.append(forest::detail::body_to_send(answer, frame));
            deliver(bytes);
            spare_ = std::move(bytes);
        }

    private:
        forest::detail::date_field date_;
        std::string spare_;
    };

public:
    class responder {
    public:
        void operator()(const response& answer) const { call_->answer(answer); }

    private:
        friend class memory_server;

        // A request that waits for its answer. If it is destroyed earlier, the answer is 500.
        struct call {
            call(std::shared_ptr<answer_writer> owner, answer_writer::receiver&& receiver,
                 wall_time now, bool without_body)
                : writer{std::move(owner)},
                  deliver{std::move(receiver)},
                  received{now},
                  head{without_body} {}
            call(const call&) = delete;
            call& operator=(const call&) = delete;
            ~call() {
                if (deliver)
                    fail(500);
            }

            void answer(const response& response) {
                if (auto receiver = std::move(deliver))
                    std::exchange(writer, {})->write(response, received, head, receiver);
            }

            void fail(int status) {
                std::string body;
                answer({.status = status, .body = forest::detail::error_body(body, status)});
            }

            std::shared_ptr<answer_writer> writer; // may outlive the server
            answer_writer::receiver deliver;
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

    /// Takes the bytes of one request. Calls `receiver` with the bytes of the answer, at once or
    /// when the handler answers; these bytes are valid during that call. The answer to a malformed
    /// request is 400.
    void serve(std::span<char> bytes,
               forest::detail::unique_function<void(std::string_view)>&& receiver) {
        forest::detail::request_parser parser;
        const std::size_t kept = parser.parse(bytes);
        const std::span<const char> data{bytes.data(), kept};
        const wall_time now = clock_.now();
        const bool head = parser.done() && !parser.error() && parser.method() == http_method::head;
        auto call = std::make_shared<responder::call>(writer_, std::move(receiver), now, head);
        if (!parser.done() || parser.error())
            return call->fail(parser.done() ? parser.error_status() : 400);
        const std::string_view path = parser.path(data);
        const auto found = handlers_.find(path);
        if (found == handlers_.end())
            return call->fail(404);
        if (parser.method() == http_method::other) {
            std::string body;
            response refused{.status = 405, .body = forest::detail::error_body(body, 405)};
            (void)refused.fields.add("Allow", "GET, HEAD");
            return call->answer(refused);
        }
        found->second({parser.method(), path, parser.fields(data), now},
                      responder{std::move(call)});
    }

private:
    virtual_clock clock_;
    std::map<std::string, handler_type, std::less<>> handlers_;
    std::shared_ptr<answer_writer> writer_ = std::make_shared<answer_writer>();
};

static_assert(forest::server<memory_server>);

} // namespace forest::inline FOREST_FORM::sim

#endif
