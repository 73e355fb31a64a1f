// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_POOLED_LINK_HPP
#define FOREST_ADAPTERS_ASIO_POOLED_LINK_HPP

#include <forest/adapters/asio/link.hpp>
#include <forest/core/url.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

// The links of a pool. They are handed around and never destroyed before the pool, so that whatever
// is told of one finds it.

namespace forest::detail {

/// Who has a place in a pool: waits, has a deadline, and is told when either ends.
class pool_user {
public:
    virtual void wake() = 0;
    virtual void expire() = 0;

    std::uint64_t wait = 0;     ///< counts its waits; earlier ones do not count any more
    std::uint64_t deadline = 0; ///< the number of its deadline; 0 when it has none

protected:
    ~pool_user() = default;
};

struct pooled_link : link {
    explicit pooled_link(std::uint32_t number) noexcept : place{number} {}

    const std::uint32_t place;   ///< among the links of the pool
    std::uint32_t life = 0;      ///< counts the sockets that it has had
    std::uint32_t watched = 0;   ///< the events that are told, once each
    std::uint32_t wanted = 0;    ///< those that its user waits for
    std::uint32_t pending = 0;   ///< those that were told before they were waited for
    pool_user* user = nullptr;   ///< null while it is kept, or nobody's
    pooled_link* next = nullptr; ///< in a list that it is in
    url kept_for{};
    std::uint64_t origin = 0; ///< the hash of that
};

/// The links that are kept, found by their origin. Not thread-safe.
class kept_links {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void add(pooled_link& kept, const url& target) {
        if (size_ >= heads_.size())
            grow();
        if (!kept.kept_for.same_origin(target)) {
            kept.kept_for = target;
            kept.origin = origin_hash(target);
        }
        push(kept);
        ++size_;
    }

    /// The one that was kept last for the origin of `target`, or null.
    [[nodiscard]] pooled_link* take(const url& target) noexcept {
        if (size_ == 0)
            return nullptr;
        return unlink(origin_hash(target), [&target](const pooled_link& each) {
            return each.kept_for.same_origin(target);
        });
    }

    void remove(pooled_link& kept) noexcept {
        unlink(kept.origin, [&kept](const pooled_link& each) { return &each == &kept; });
    }

private:
    static constexpr std::size_t heads_min = 16;

    [[nodiscard]] pooled_link*& head(std::uint64_t origin) noexcept {
        return heads_[origin & (heads_.size() - 1)];
    }

    void push(pooled_link& kept) noexcept {
        pooled_link*& first = head(kept.origin);
        kept.next = first;
        first = &kept;
    }

    template <typename Wanted>
    pooled_link* unlink(std::uint64_t origin, const Wanted& wanted) noexcept {
        pooled_link** from = &head(origin);
        while (*from != nullptr && ((*from)->origin != origin || !wanted(**from)))
            from = &(*from)->next;
        pooled_link* const found = *from;
        if (found != nullptr) {
            *from = found->next;
            found->next = nullptr;
            --size_;
        }
        return found;
    }

    // To a power of two, so that a hash finds its list by a mask.
    void grow() {
        std::vector<pooled_link*> old(heads_.empty() ? heads_min : 2 * heads_.size());
        old.swap(heads_);
        for (pooled_link* each : old) {
            while (each != nullptr) {
                pooled_link* const following = each->next;
                push(*each);
                each = following;
            }
        }
    }

    std::vector<pooled_link*> heads_;
    std::size_t size_ = 0;
};

} // namespace forest::detail

#endif
