// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_POOLED_SOCKET_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_POOL_IMPL_POOLED_SOCKET_IPP

#include <forest/adapters/asio/detail/pool/pooled_socket.hpp>

#include <limits>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL pooled_socket& socket_store::lend(pool_user& user) {
    if (spare_ == nullptr)
        put_back(*sockets_.emplace_back(
            std::make_unique<pooled_socket>(static_cast<std::uint32_t>(sockets_.size()))));
    pooled_socket& lent = *std::exchange(spare_, spare_->next);
    lent.next = nullptr;
    lent.user = &user;
    return lent;
}

FOREST_DECL void socket_store::put_back(pooled_socket& lent) noexcept {
    lent.user = nullptr;
    lent.next = std::exchange(spare_, &lent);
}

FOREST_DECL void kept_sockets::add(pooled_socket& kept, const url& target, clock::time_point now) {
    if (size_ >= heads_.size())
        grow();
    if (!kept.kept_for.same_origin(target)) {
        kept.kept_for = target;
        kept.origin = origin_hash(target);
    }
    kept.kept_at = now;
    kept.kept_before = last_;
    kept.kept_behind = nullptr;
    (last_ != nullptr ? last_->kept_behind : first_) = &kept;
    last_ = &kept;
    push(kept);
    ++size_;
}

FOREST_DECL const pooled_socket* kept_sockets::find(const url& target) const noexcept {
    if (size_ == 0)
        return nullptr;
    const std::uint64_t origin = origin_hash(target);
    const pooled_socket* each = heads_[place_of(origin)];
    while (each != nullptr && !leads_to(*each, origin, target))
        each = each->next;
    return each;
}

FOREST_DECL pooled_socket* kept_sockets::take(const url& target) noexcept {
    if (size_ == 0)
        return nullptr;
    const std::uint64_t origin = origin_hash(target);
    return unlink(origin, [origin, &target](const pooled_socket& each) {
        return leads_to(each, origin, target);
    });
}

FOREST_DECL void kept_sockets::remove(pooled_socket& kept) noexcept {
    unlink(kept.origin, [&kept](const pooled_socket& each) { return &each == &kept; });
}

FOREST_DECL std::size_t kept_sockets::size_bound() noexcept {
    constexpr std::size_t least = 16;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
        return least;
    return std::max<std::size_t>(least, files.rlim_cur / 2);
}

FOREST_DECL std::size_t descriptor_limit() noexcept {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return std::numeric_limits<std::size_t>::max();
    return files.rlim_cur;
}

FOREST_DECL bool kept_sockets::leads_to(const pooled_socket& each, std::uint64_t origin,
                                        const url& target) {
    return each.origin == origin && each.kept_for.same_origin(target);
}

FOREST_DECL void kept_sockets::push(pooled_socket& kept) noexcept {
    pooled_socket*& first = heads_[place_of(kept.origin)];
    kept.next = first;
    first = &kept;
}

FOREST_DECL void kept_sockets::grow() {
    std::vector<pooled_socket*> old(heads_.empty() ? heads_min : 2 * heads_.size());
    old.swap(heads_);
    for (pooled_socket* each : old) {
        while (each != nullptr) {
            pooled_socket* const following = each->next;
            push(*each);
            each = following;
        }
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
