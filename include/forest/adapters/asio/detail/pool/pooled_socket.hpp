// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_POOLED_SOCKET_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_POOLED_SOCKET_HPP

#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// The sockets of a pool. They pass from user to user, and are never destroyed before the pool. So
// an event of a socket always finds the socket.

namespace forest::inline FOREST_FORM::detail {

/// Returns how many descriptors this process may have now; the largest number if it is not known.
[[nodiscard]] FOREST_DECL std::size_t descriptor_limit() noexcept;

struct pooled_socket;

/// A user of a pool: it waits for its sockets, has a deadline, and is called when either ends.
class pool_user {
public:
    virtual void wake(pooled_socket& socket) = 0;
    virtual void expire() = 0;

    std::uint64_t deadline = 0; ///< the number of its deadline; 0 when it has none

protected:
    ~pool_user() = default;
};

struct pooled_socket : client_socket {
    explicit pooled_socket(std::uint32_t index) noexcept : place{index} {}

    const std::uint32_t place;     ///< among the sockets of the pool
    std::uint32_t life = 0;        ///< counts the connections that it has had
    std::uint32_t watched = 0;     ///< the events that epoll reports, once each
    std::uint32_t wanted = 0;      ///< the events for which its user waits
    std::uint32_t pending = 0;     ///< events that came before the wait for them
    pool_user* user = nullptr;     ///< null while it is kept or unused
    std::uint8_t number = 0;       ///< among those of its user
    pooled_socket* next = nullptr; ///< the next one in the same list
    url kept_for{};
    std::uint64_t origin = 0; ///< the hash of the origin of `kept_for`
    std::chrono::steady_clock::time_point kept_at{};
    pooled_socket* kept_before = nullptr; ///< the next older kept socket
    pooled_socket* kept_behind = nullptr; ///< the next newer kept socket

    // Of the wake_queue.
    bool is_queued = false;
    bool wakes = false; ///< its user waits for the wake-up
    pooled_socket* next_to_wake = nullptr;
};

/// All sockets of a pool, open or not. Not thread-safe.
class socket_store {
public:
    ~socket_store() {
        for (const auto& each : sockets_)
            end_tls(*each);
    }

    [[nodiscard]] pooled_socket& operator[](std::uint32_t place) noexcept {
        return *sockets_[place];
    }

    /// Returns a socket without a user, for `user`.
    [[nodiscard]] pooled_socket& lend(pool_user& user);

    /// Takes back a socket that is not open any more.
    void put_back(pooled_socket& lent) noexcept;

private:
    std::vector<std::unique_ptr<pooled_socket>> sockets_;
    pooled_socket* spare_ = nullptr;
};

/// The sockets that are kept, found by their origin. Not thread-safe.
class kept_sockets {
public:
    using clock = std::chrono::steady_clock;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Returns whether no more sockets should be kept.
    [[nodiscard]] bool full() const noexcept { return size_ >= size_max_; }

    /// Returns the socket that was kept first, or null.
    [[nodiscard]] pooled_socket* longest_idle() const noexcept { return first_; }

    /// If this throws, nothing has changed.
    void add(pooled_socket& kept, const url& target, clock::time_point now);

    /// Returns the socket that was kept last for the origin of `target`, or null.
    [[nodiscard]] const pooled_socket* find(const url& target) const noexcept;

    /// Returns the socket that `find` returns, and does not keep it any more.
    [[nodiscard]] pooled_socket* take(const url& target) noexcept;

    void remove(pooled_socket& kept) noexcept;

private:
    static constexpr std::size_t heads_min = 16;

    // Returns half of the number of files that this process may open now. The other half is for
    // checks and for the application.
    static std::size_t size_bound() noexcept;

    static bool leads_to(const pooled_socket& each, std::uint64_t origin, const url& target);

    [[nodiscard]] std::size_t place_of(std::uint64_t origin) const noexcept {
        return origin & (heads_.size() - 1);
    }

    void push(pooled_socket& kept) noexcept;

    template <typename Wanted>
    pooled_socket* unlink(std::uint64_t origin, const Wanted& wanted) noexcept {
        pooled_socket** link = &heads_[place_of(origin)];
        while (*link != nullptr && !wanted(**link))
            link = &(*link)->next;
        pooled_socket* const found = *link;
        if (found == nullptr)
            return nullptr;
        *link = found->next;
        found->next = nullptr;
        (found->kept_before != nullptr ? found->kept_before->kept_behind : first_) =
            found->kept_behind;
        (found->kept_behind != nullptr ? found->kept_behind->kept_before : last_) =
            found->kept_before;
        --size_;
        return found;
    }

    // Grows to a power of two, so that a mask of the hash finds the list.
    void grow();

    std::vector<pooled_socket*> heads_;
    std::size_t size_ = 0;
    const std::size_t size_max_ = size_bound();
    pooled_socket* first_ = nullptr; // in the order in which they were kept
    pooled_socket* last_ = nullptr;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/pool/impl/pooled_socket.ipp>
#endif

#endif
