// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_REPLAY_MEMORY_HPP
#define FOREST_ADAPTERS_OPENSSL_REPLAY_MEMORY_HPP

#include <forest/core/time.hpp>

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <vector>

// Which signatures were accepted a short while ago, in bounded memory. Only what was signed with
// the secret gets in, so a stranger cannot fill it, and looking through it in order is enough: a
// server is asked a few times a minute.

namespace forest {

/// Remembers up to `entries_max` digests for `window`. When it is full, the oldest is forgotten to
/// make room: it could then be used once more, which beats refusing a caller who is right. All
/// memory is taken at construction. Not thread-safe.
class replay_memory {
public:
    using digest = std::array<unsigned char, 32>;

    /// Remembers nothing when `window` is 0; otherwise `entries_max` must be at least 1.
    replay_memory(duration window, std::size_t entries_max)
        : window_{std::chrono::ceil<wall_time::duration>(window)},
          entries_(window > duration::zero() ? entries_max : 0) {
        assert(window >= duration::zero());
        assert(window == duration::zero() || entries_max >= 1);
    }

    /// Remembers `seen`; false when it was remembered already, at most `window` ago.
    [[nodiscard]] bool insert(const digest& seen, wall_time now) noexcept {
        if (entries_.empty())
            return true;
        while (size_ > 0 && now - at(0).when > window_)
            drop_oldest();
        for (std::size_t index = 0; index < size_; ++index) {
            if (at(index).what == seen)
                return false;
        }
        if (size_ == entries_.size())
            drop_oldest();
        at(size_++) = {seen, now};
        return true;
    }

    /// How many digests are remembered.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    struct entry {
        digest what;
        wall_time when;
    };

    entry& at(std::size_t age) noexcept { return entries_[(oldest_ + age) % entries_.size()]; }

    void drop_oldest() noexcept {
        oldest_ = (oldest_ + 1) % entries_.size();
        --size_;
    }

    wall_time::duration window_;
    std::vector<entry> entries_; // a ring
    std::size_t oldest_ = 0;
    std::size_t size_ = 0;
};

} // namespace forest

#endif
