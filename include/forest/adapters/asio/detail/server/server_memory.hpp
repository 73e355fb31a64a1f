// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_MEMORY_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_MEMORY_HPP

#include <forest/form.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

// Counts and limits the memory that the connections of a server hold.

namespace forest::inline FOREST_FORM::detail {

/// Counts bytes. Not thread-safe.
class server_memory {
public:
    explicit server_memory(std::size_t bytes_max) noexcept : bytes_max_{bytes_max} {}

    /// Returns whether `bytes` more bytes stay within the bound.
    [[nodiscard]] bool fits(std::size_t bytes) const noexcept {
        return used() <= bytes_max_ && bytes <= bytes_max_ - used();
    }

    [[nodiscard]] std::size_t used() const noexcept { return own_bytes_ + shared_bytes_; }

    /// Replaces the earlier count of a connection by `now`.
    void count(std::size_t& counted, std::size_t now) noexcept;

    /// Returns how many more bytes are counted for a body that connections share: none if it is
    /// counted already. The largest body is never counted, because the application holds it, too.
    /// So a schema that exceeds the bound can be served.
    [[nodiscard]] std::size_t cost_of_sharing(std::string_view body) const noexcept;

    /// Call it once for each connection that begins to send the body. If it throws std::bad_alloc,
    /// it has counted nothing.
    void share(std::string_view body);

    /// Call it once for each `share`, when the connection does not need the body any more.
    void release(std::string_view body) noexcept;

private:
    struct shared_body {
        std::string_view text;
        std::size_t users;
    };

    using iterator = std::vector<shared_body>::iterator;
    using const_iterator = std::vector<shared_body>::const_iterator;

    // The owner does not move the body, so its address identifies it.
    [[nodiscard]] static bool same(std::string_view left, std::string_view right) noexcept;

    [[nodiscard]] iterator find(std::string_view body) noexcept;

    [[nodiscard]] const_iterator find(std::string_view body) const noexcept;

    [[nodiscard]] std::size_t largest() const noexcept;

    void count_shared() noexcept;

    std::size_t bytes_max_;
    std::size_t own_bytes_ = 0;
    std::size_t shared_bytes_ = 0;    // without the largest body
    std::vector<shared_body> bodies_; // a few: the current schema, and those before it
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_memory.ipp>
#endif

#endif
