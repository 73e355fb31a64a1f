// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_MEMORY_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_MEMORY_IPP

#include <forest/adapters/asio/detail/server/server_memory.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void server_memory::count(std::size_t& counted, std::size_t now) noexcept {
    own_bytes_ = own_bytes_ - counted + now;
    counted = now;
}

FOREST_DECL std::size_t server_memory::cost_of_sharing(std::string_view body) const noexcept {
    if (find(body) != bodies_.end())
        return 0;
    return std::min(body.size(), largest());
}

FOREST_DECL void server_memory::share(std::string_view body) {
    if (const auto held = find(body); held != bodies_.end())
        ++held->users;
    else
        bodies_.push_back({body, 1});
    count_shared();
}

FOREST_DECL void server_memory::release(std::string_view body) noexcept {
    const auto held = find(body);
    if (held != bodies_.end() && --held->users == 0)
        bodies_.erase(held);
    count_shared();
}

FOREST_DECL bool server_memory::same(std::string_view left, std::string_view right) noexcept {
    return left.data() == right.data() && left.size() == right.size();
}

FOREST_DECL auto server_memory::find(std::string_view body) noexcept -> iterator {
    return std::find_if(bodies_.begin(), bodies_.end(),
                        [&](const shared_body& each) { return same(each.text, body); });
}

FOREST_DECL auto server_memory::find(std::string_view body) const noexcept -> const_iterator {
    return std::find_if(bodies_.begin(), bodies_.end(),
                        [&](const shared_body& each) { return same(each.text, body); });
}

FOREST_DECL std::size_t server_memory::largest() const noexcept {
    std::size_t result = 0;
    for (const shared_body& each : bodies_)
        result = std::max(result, each.text.size());
    return result;
}

FOREST_DECL void server_memory::count_shared() noexcept {
    std::size_t all = 0;
    for (const shared_body& each : bodies_)
        all += each.text.size();
    shared_bytes_ = all - largest();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
