// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_DEADLINE_QUEUE_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_DEADLINE_QUEUE_HPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>
#include <forest/core/detail/container/quad_heap.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

// The deadlines of all checks in flight, rounded to ticks, for one timer. Most users clear their
// deadline before it is reached. A cleared deadline is void. It stays in the queue until it is the
// first one, or until most deadlines are void.

namespace forest::inline FOREST_FORM::detail {

/// Not thread-safe.
class deadline_queue {
public:
    using clock = std::chrono::steady_clock;

    /// All deadlines within one `tick` end together, at its end.
    explicit deadline_queue(duration tick) noexcept : tick_{tick} {}

    /// Makes room for `users` users, so `set` never fails for them.
    void reserve(std::size_t users) { entries_.reserve(2 * users + void_max + 1); }

    /// Sets the deadline of a user, and replaces an earlier one. Returns when it will end.
    clock::time_point set(pool_user& user, clock::time_point deadline);

    void clear(pool_user& user) noexcept;

    /// Whether there is no deadline.
    [[nodiscard]] bool empty() const noexcept { return valid_ == 0; }

    /// Returns when the first deadlines end.
    [[nodiscard]] std::optional<clock::time_point> first() noexcept;

    /// Removes a deadline that has passed, and returns its user; null if there is none.
    [[nodiscard]] pool_user* take(clock::time_point now) noexcept;

private:
    static constexpr std::size_t void_max = 4; // in addition to the number of valid ones

    struct entry {
        clock::rep tick;
        std::uint64_t number;
        pool_user* user;
    };

    static bool sooner(const entry& left, const entry& right) noexcept {
        return left.tick < right.tick;
    }

    static bool is_void(const entry& each) noexcept { return each.user->deadline != each.number; }

    void drop_void() noexcept;

    duration tick_;
    quad_heap<entry, sooner> entries_;
    std::size_t valid_ = 0;
    std::uint64_t numbers_given_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/deadline_queue.ipp>
#endif

#endif
