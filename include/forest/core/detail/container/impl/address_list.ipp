// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_IMPL_ADDRESS_LIST_IPP
#define FOREST_CORE_DETAIL_CONTAINER_IMPL_ADDRESS_LIST_IPP

#include <forest/core/detail/container/address_list.hpp>

#include <cstring>
#include <type_traits>

namespace forest::inline FOREST_FORM::detail {

static_assert(std::is_trivially_copyable_v<ip_address>);

FOREST_DECL FOREST_COLD address_list::~address_list() {
    delete[] first_;
}

FOREST_DECL void address_list::assign(std::span<const ip_address> addresses) {
    const std::size_t size = addresses.size();
    if (size > capacity_)
        reserve(size);
    if (size > 0)
        std::memmove(first_, addresses.data(), size * sizeof(ip_address));
    size_ = static_cast<std::uint32_t>(size);
}

FOREST_DECL FOREST_COLD void address_list::add(const ip_address& address) {
    const ip_address added = address; // it may lie in this list
    if (size_ == capacity_)
        reserve(size_ < 4 ? 4 : std::size_t{2} * size_);
    first_[size_++] = added;
}

FOREST_DECL FOREST_COLD bool address_list::contains(const ip_address& address) const noexcept {
    for (std::size_t index = 0; index < size_; ++index)
        if (first_[index] == address)
            return true;
    return false;
}

FOREST_DECL FOREST_COLD void address_list::move_to_front(const ip_address& address) noexcept {
    const ip_address moved = address; // it may lie in this list
    std::size_t index = 0;
    while (index < size_ && !(first_[index] == moved))
        ++index;
    if (index == size_)
        return;
    std::memmove(first_ + 1, first_, index * sizeof(ip_address));
    first_[0] = moved;
}

FOREST_DECL FOREST_COLD void address_list::move_to_back(const ip_address& address) noexcept {
    const ip_address moved = address;
    move_to_front(moved);
    if (size_ < 2 || !(first_[0] == moved))
        return;
    std::memmove(first_, first_ + 1, (size_ - 1U) * sizeof(ip_address));
    first_[size_ - 1U] = moved;
}

FOREST_DECL FOREST_COLD void address_list::reserve(std::size_t size) {
    auto* const larger = new ip_address[size];
    if (size_ > 0)
        std::memcpy(larger, first_, size_ * sizeof(ip_address));
    delete[] first_;
    first_ = larger;
    capacity_ = static_cast<std::uint32_t>(size);
}

FOREST_DECL FOREST_COLD bool
address_list::equals(std::span<const ip_address> other) const noexcept {
    if (other.size() != size_)
        return false;
    for (std::size_t index = 0; index < size_; ++index)
        if (!(first_[index] == other[index]))
            return false;
    return true;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
