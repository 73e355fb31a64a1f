// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_TURN_QUEUE_HPP
#define FOREST_ADAPTERS_ASIO_TURN_QUEUE_HPP

#include <forest/adapters/asio/pooled_link.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

// Who is to be woken without that anything has come.

namespace forest::detail {

/// Not thread-safe.
class turn_queue {
public:
    [[nodiscard]] bool empty() const noexcept {
        return given_.empty() && taken_ == running_.size();
    }

    /// Wakes the user once, unless it waits for something else by then.
    void push(pool_user& to) { given_.push_back({&to, to.wait}); }

    /// Wakes those that were pushed before. What a user throws passes through, and leaves the
    /// others to the next call.
    void run() {
        if (taken_ == running_.size()) {
            running_.clear();
            running_.swap(given_);
            taken_ = 0;
        }
        while (taken_ < running_.size()) {
            const turn next = running_[taken_++];
            if (next.wait == next.of->wait)
                next.of->wake();
        }
    }

private:
    struct turn {
        pool_user* of;
        std::uint64_t wait;
    };

    std::vector<turn> given_;
    std::vector<turn> running_;
    std::size_t taken_ = 0; // of those that are running
};

} // namespace forest::detail

#endif
