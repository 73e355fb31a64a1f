// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_VIEWS_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_VIEWS_IPP

#include <forest/sim/conformance/detail/views.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL fresh_blocks::fresh_blocks(std::size_t likely_size) {
    blocks_.reserve(blocks_max);
    constexpr std::size_t alike = 8; // freed blocks of one size that an allocator keeps
    constexpr std::size_t small_max = 1056;
    constexpr std::size_t step = 16;
    for (const std::size_t size : {likely_size, likely_size + 1, likely_size + step})
        take(size, alike);
    for (std::size_t size = step; size <= small_max; size += step)
        take(size, alike);
    for (std::size_t size = 2048; size <= std::size_t{1} << 17U; size *= 2)
        take(size, 2);
}

FOREST_DECL bool fresh_blocks::overlap(std::string_view view) const noexcept {
    const auto begin = reinterpret_cast<std::uintptr_t>(view.data());
    const auto meets = [&](const void* bytes, std::size_t size) {
        const auto address = reinterpret_cast<std::uintptr_t>(bytes);
        return address < begin + view.size() && begin < address + size;
    };
    return meets(blocks_.data(), blocks_max * sizeof(block)) ||
           std::any_of(blocks_.begin(), blocks_.end(),
                       [&](const block& each) { return meets(each.bytes.get(), each.size); });
}

FOREST_DECL void fresh_blocks::take(std::size_t size, std::size_t count) {
    for (; count > 0 && blocks_.size() < blocks_max; --count)
        if (auto bytes = std::unique_ptr<char[]>{new (std::nothrow) char[size]})
            blocks_.push_back({std::move(bytes), size});
}

// Overwrites the bytes that returned functions have left on the stack.
FOREST_DECL __attribute__((noinline)) void scribble_on_the_stack() noexcept {
    constexpr std::size_t size = std::size_t{16} * 1024;
    std::array<volatile char, size> bytes; // NOLINT: written below
    for (volatile char& each : bytes)
        each = '\x5a';
}

FOREST_DECL bool dangles(std::string_view view) {
    if (view.empty())
        return false;
#ifdef FOREST_DETAIL_ADDRESS_SANITIZER
    if (__asan_region_is_poisoned(const_cast<char*>(view.data()), view.size()) != nullptr)
        return true;
#endif
    if (fresh_blocks{view.size()}.overlap(view))
        return true;
    const std::string before{view};
    scribble_on_the_stack();
    return before != view;
}

FOREST_DECL bool is_as_if_freed(std::string_view expected, std::string_view got) noexcept {
    constexpr std::size_t written = 32;
    return expected.size() == got.size() && expected.size() > written && expected != got &&
           expected.substr(written) == got.substr(written);
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
