// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_PENDING_GET_HPP
#define FOREST_ADAPTERS_ASIO_PENDING_GET_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

// What transports over other libraries have in common: a deadline, and one end for each GET.

namespace forest::inline FOREST_FORM {

/// One GET at a time that ends exactly once, on the executor, and never in a call of the user. The
/// base of the transports over libcurl and cpp-httplib.
///
/// Each GET has one wait of a timer, and its handler is called when that wait has ended: at the
/// deadline, or earlier because `end` cancels the wait. So the end of a GET needs no memory.
///
/// All members are called with `mutex` locked, unless their comments say otherwise. An object is
/// owned by a std::shared_ptr; a pending GET owns it, too.
class pending_get : public std::enable_shared_from_this<pending_get> {
public:
    using clock = std::chrono::steady_clock;
    using lock = std::unique_lock<std::mutex>;

    pending_get(const pending_get&) = delete;
    pending_get& operator=(const pending_get&) = delete;

protected:
    enum class state : std::uint8_t {
        idle,
        pending,
        ended, ///< the handler is called next
    };

    /// `mutex` must outlive this object.
    pending_get(const asio_serializer& serializer, std::mutex& mutex);
    virtual ~pending_get() = default;

    [[nodiscard]] state progress() const noexcept { return state_; }
    [[nodiscard]] const asio_serializer& serializer() const noexcept { return serializer_; }
    [[nodiscard]] const request& http_request() const noexcept { return *http_request_; }
    [[nodiscard]] clock::time_point started() const noexcept { return started_; }
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

    /// The reply, as far as it is known. `end` sets `error` and the total time.
    [[nodiscard]] reply& result() noexcept { return result_; }

    /// Begins a GET; the state must be `idle`. May throw std::bad_alloc; then nothing has begun.
    void open(const request& http_request, duration timeout,
              detail::unique_function<void(const reply&)>&& handler);

    /// Calls `woke` at `time` or a little earlier, besides at the deadline. May throw
    /// std::bad_alloc.
    void wait_until(clock::time_point time);

    /// Ends the GET; no error if `why` is `errc{}`. Until the handler is called, a second call
    /// replaces the reason. Needs no memory.
    void end(errc why) noexcept;

    /// Called on the executor when a wait has ended and the GET is still pending. At the deadline
    /// it must call `end`.
    virtual void woke(clock::time_point now) noexcept = 0;

    /// Called before the handler. Sets the status, the fields and the body of the reply, and
    /// returns the memory that they point into.
    virtual std::vector<char> take_answer(reply& answer) noexcept = 0;

    /// Called after the handler, with the memory that `take_answer` has returned.
    virtual void give_back(std::vector<char>&) noexcept {}

private:
    struct ending;

    // Called without the lock.
    void timer_ended();
    void deliver(lock& held);

    const asio_serializer serializer_;
    std::mutex& mutex_;
    asio::steady_timer timer_;
    unsigned waits_ = 0; // how many handlers of the timer are pending
    state state_ = state::idle;
    detail::unique_function<void(const reply&)> handler_;
    const request* http_request_ = nullptr;
    reply result_;
    clock::time_point started_;
    clock::time_point deadline_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/pending_get.ipp>
#endif

#endif
