// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_DETAIL_REPLAY_MEMORY_HPP
#define FOREST_ADAPTERS_OPENSSL_DETAIL_REPLAY_MEMORY_HPP

#include <forest/core/detail/container/index_table.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

// Remembers the signatures that were accepted a short time ago, in bounded memory. Only signatures
// made with the secret are stored, so a stranger cannot fill the memory.

namespace forest::inline FOREST_FORM::detail {

/// Remembers up to `entries_max` digests for `window`. When it is full, the oldest digest is
/// forgotten and counted. That signature could then be used again, but refusing a valid request
/// would be worse. All memory is allocated at construction, some 50 bytes for each entry. An
/// insertion takes the same time with any number of entries. Not thread-safe.
class replay_memory {
public:
    using digest = std::array<unsigned char, 32>;

    /// Remembers nothing when `window` is 0; otherwise `entries_max` must be at least 1.
    replay_memory(duration window, std::size_t entries_max);

    /// Remembers `seen`. Returns false if it was remembered already, at most `window` ago.
    [[nodiscard]] bool insert(const digest& seen, wall_time now) noexcept;

    /// Returns how many digests are remembered.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Returns how many digests were forgotten before the window had passed, because there was no
    /// room.
    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

private:
    struct entry {
        digest signature;
        wall_time when;
    };

    // Nobody can make a digest without the secret, so its bytes are random enough for a hash.
    static std::uint64_t hash(const digest& signature) noexcept;

    void drop_oldest() noexcept;

    wall_time::duration window_;
    std::vector<entry> entries_; // a ring
    index_table index_;
    std::size_t oldest_ = 0;
    std::size_t size_ = 0;
    std::uint64_t forgotten_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/detail/impl/replay_memory.ipp>
#endif

#endif
