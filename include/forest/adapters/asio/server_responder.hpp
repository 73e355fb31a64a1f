// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_RESPONDER_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_RESPONDER_HPP

#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

// The object with which a handler answers: now or later, from any thread, even after the client has
// gone.

namespace forest::inline FOREST_FORM {

namespace detail {

class server_connection;

// The part of a connection that a responder calls. An interface, because a connection makes
// responders: neither header could be complete without the other.
class answer_receiver {
public:
    virtual void answer(const response& content) noexcept = 0;
    virtual void answer_error(int status) noexcept = 0;

protected:
    ~answer_receiver() = default;
};

// The state that a responder shares with its connection. Only this state outlives the connection.
// The state serves one request after the other, so an answer needs no allocation. The number of the
// request identifies a responder of an earlier request.
struct answer_slot {
    std::shared_ptr<std::mutex> mutex;     // the server's
    answer_receiver* connection = nullptr; // null when it is closed
    std::uint64_t request = 0;
    std::size_t holders = 0; // responders of this request
};

// The answer to a responder that was dropped.
inline constexpr int unanswered_status = 500;

} // namespace detail

/// Answers one request. It may be copied, kept, and called from any thread; only the first call has
/// an effect. If the last copy is destroyed without a call, the answer is 500. A copy may outlive
/// the connection, the server and the execution context.
class server_responder {
public:
    server_responder(const server_responder& other) noexcept;

    server_responder(server_responder&&) noexcept = default;

    server_responder& operator=(server_responder other) noexcept;

    ~server_responder();

    /// Sends `answer`, and copies the necessary parts before it returns. Does nothing if the
    /// request has been answered or its connection is closed.
    void operator()(const response& answer) const;

private:
    friend class detail::server_connection;

    server_responder(std::shared_ptr<detail::answer_slot> slot, std::uint64_t request) noexcept
        : slot_{std::move(slot)}, request_{request} {}

    std::shared_ptr<detail::answer_slot> slot_;
    std::uint64_t request_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/server_responder.ipp>
#endif

#endif
