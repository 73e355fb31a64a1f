// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_ANSWER_SLOT_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_ANSWER_SLOT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/response.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

// What a connection and its responders share.

namespace forest::inline FOREST_FORM::detail {

// The part of a connection that a responder calls. An interface, because a connection makes
// responders: neither header could be complete without the other.
class answer_receiver {
public:
    virtual void answer(const response& content) noexcept = 0;
    virtual void answer_error(int status) noexcept = 0;
    virtual bool hold(unique_function<void(hold_end)>&& on_end) noexcept = 0;

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

} // namespace forest::inline FOREST_FORM::detail

#endif
