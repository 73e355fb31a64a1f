// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_RESPONDER_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_RESPONDER_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <cstdint>
#include <memory>

// The object with which a handler answers: now or later, from any thread, even after the client has
// gone.

namespace forest::inline FOREST_FORM {

namespace detail {

class server_connection;
struct answer_slot; // in adapters/asio/detail/server/answer_slot.hpp

} // namespace detail

/// Sends the response to one request. You may copy it, keep it, and call it from any thread. Only
/// the first call has an effect. If the last copy is destroyed without a call, the answer is 500. A
/// copy may outlive the connection, the server and the execution context.
class server_responder {
public:
    server_responder(const server_responder& other) noexcept;

    server_responder(server_responder&&) noexcept;

    server_responder& operator=(server_responder other) noexcept;

    ~server_responder();

    /// Sends `answer`, and copies the necessary parts before it returns. Does nothing if the
    /// request has been answered or its connection is closed.
    void operator()(const response& answer) const;

    /// Says that the answer comes much later; see `holding_responder`. Then
    /// `server_limits::answer_timeout` does not apply. The hold ends with `client_gone` when the
    /// connection is closed, also by the client for its direction only. It ends with `answer_now`
    /// when the client sends more, when the server stops, or when it needs the connection for
    /// another client. Returns false, too, if the client has sent more already, or if there is no
    /// memory.
    [[nodiscard]] bool hold(detail::unique_function<void(hold_end)> on_end) const noexcept;

private:
    friend class detail::server_connection;

    server_responder(std::shared_ptr<detail::answer_slot> slot, std::uint64_t request) noexcept;

    std::shared_ptr<detail::answer_slot> slot_;
    std::uint64_t request_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/server_responder.ipp>
#endif

#endif
