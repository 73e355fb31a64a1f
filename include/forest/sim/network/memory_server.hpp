// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_MEMORY_SERVER_HPP
#define FOREST_SIM_NETWORK_MEMORY_SERVER_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// An HTTP server in memory: it takes the bytes of a request and returns the bytes of the answer.
// Parser and writer are those of the real server.

namespace forest::inline FOREST_FORM::sim {

/// A simulated server without faults. For a server that crashes or hangs, use server_process. Not
/// copyable, not thread-safe. It must outlive the transports that talk to it. Models `server`,
/// `timed_server` and `holding_server`.
class memory_server {
    // Writes all answers into one string, so an answer of the usual size needs no new memory.
    class answer_writer {
    public:
        using receiver = forest::detail::unique_function<void(std::string_view)>;

        void write(const response& answer, wall_time received, bool head, bool close,
                   receiver& deliver);

    private:
        forest::detail::date_field date_;
        std::string spare_;
    };

public:
    class responder {
    public:
        void operator()(const response& answer) const { call_->answer(answer); }

        /// See `holding_responder`. The functions of `pending` end the hold.
        bool hold(forest::detail::unique_function<void(hold_end)> on_end) const {
            return call_->hold(std::move(on_end));
        }

    private:
        friend class memory_server;

        // A request that waits for its answer. If it is destroyed earlier, the answer is 500.
        struct call {
            call(std::shared_ptr<answer_writer> owner, answer_writer::receiver&& receiver,
                 wall_time now, bool without_body, bool last);
            call(const call&) = delete;
            call& operator=(const call&) = delete;
            ~call() {
                if (deliver)
                    fail(500);
            }

            void answer(const response& response);

            void fail(int status);

            bool hold(forest::detail::unique_function<void(hold_end)>&& told);

            void client_gone();

            void end_hold(hold_end why);

            std::shared_ptr<answer_writer> writer; // may outlive the server
            answer_writer::receiver deliver;
            forest::detail::unique_function<void(hold_end)> on_end; // if the answer is held
            wall_time received;
            bool head;
            bool close;
        };

        explicit responder(std::shared_ptr<call> waiting) : call_{std::move(waiting)} {}

        std::shared_ptr<call> call_;
    };

    /// A request that may not have been answered yet.
    class pending {
    public:
        pending() = default;

        /// The client has closed the connection: the answer, if it is still to come, is dropped.
        void client_gone() const {
            if (const auto call = call_.lock())
                call->client_gone();
        }

        /// The server needs the connection: if the answer is held, it is given now.
        void answer_now() const {
            if (const auto call = call_.lock())
                call->end_hold(hold_end::answer_now);
        }

    private:
        friend class memory_server;

        explicit pending(std::weak_ptr<responder::call> waiting) : call_{std::move(waiting)} {}

        std::weak_ptr<responder::call> call_;
    };

    using handler_type = forest::detail::unique_function<void(const server_request&, responder)>;

    explicit memory_server(virtual_clock clock) : clock_{std::move(clock)} {}

    memory_server(const memory_server&) = delete;
    memory_server& operator=(const memory_server&) = delete;

    void get(std::string path, handler_type handler) {
        handlers_.insert_or_assign(std::move(path), std::move(handler));
    }

    /// A clock of the same host.
    [[nodiscard]] virtual_clock clock() const { return clock_; }

    /// Takes the bytes of one request. Calls `receiver` with the bytes of the answer, at once or
    /// when the handler answers; these bytes are valid during that call. The answer to a malformed
    /// request is 400. With `keeps`, the connection stays open if the request permits it; otherwise
    /// the answer closes it. `peer` is the address of the client.
    pending serve(std::span<char> bytes,
                  forest::detail::unique_function<void(std::string_view)>&& receiver,
                  bool keeps = false, const std::optional<ip_address>& peer = {});

private:
    virtual_clock clock_;
    std::map<std::string, handler_type, std::less<>> handlers_;
    std::shared_ptr<answer_writer> writer_ = std::make_shared<answer_writer>();
};

static_assert(forest::holding_server<memory_server>);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/memory_server.ipp>
#endif

#endif
