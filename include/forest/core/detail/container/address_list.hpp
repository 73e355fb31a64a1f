// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_ADDRESS_LIST_HPP
#define FOREST_CORE_DETAIL_CONTAINER_ADDRESS_LIST_HPP

#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

// The addresses of a name. A std::vector compiles to a hundred functions for this, without
// optimisation.

namespace forest::inline FOREST_FORM::detail {

/// A list that grows. It keeps its memory when it becomes shorter.
class address_list {
public:
    address_list() noexcept = default;
    address_list(const address_list&) = delete;
    address_list& operator=(const address_list&) = delete;
    ~address_list();

    /// Replaces the addresses. If this throws std::bad_alloc, nothing has changed.
    void assign(std::span<const ip_address> addresses);

    /// Adds an address. If this throws std::bad_alloc, nothing has changed.
    void add(const ip_address& address);

    void clear() noexcept { size_ = 0; }

    /// Moves an address before all others, or behind them, if it is there. The others keep their
    /// order.
    void move_to_front(const ip_address& address) noexcept;
    void move_to_back(const ip_address& address) noexcept;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::span<const ip_address> all() const noexcept { return {first_, size_}; }
    [[nodiscard]] bool contains(const ip_address& address) const noexcept;

    friend bool operator==(const address_list& left, std::span<const ip_address> right) noexcept {
        return left.equals(right);
    }

private:
    void reserve(std::size_t size);
    [[nodiscard]] bool equals(std::span<const ip_address> other) const noexcept;

    ip_address* first_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/container/impl/address_list.ipp>
#endif

#endif
