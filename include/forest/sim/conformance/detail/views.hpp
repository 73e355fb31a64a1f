// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_VIEWS_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_VIEWS_HPP

#include <forest/form.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define FOREST_DETAIL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FOREST_DETAIL_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef FOREST_DETAIL_ADDRESS_SANITIZER
// Declared here as in <sanitizer/asan_interface.h>, which not every compiler has.
extern "C" void* __asan_region_is_poisoned(void* begin, std::size_t size);
#endif

// Finds views into freed memory. A handler that reads such a view often finds the old bytes, and a
// test passes by chance.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// Newly allocated blocks of all sizes. An allocator reuses freed memory first, so these blocks are
// in the places of freed objects. A view that overlaps one of them points to such an object,
// because two live objects never overlap.
class fresh_blocks {
public:
    explicit fresh_blocks(std::size_t likely_size) {
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

    [[nodiscard]] bool overlap(std::string_view view) const noexcept {
        const auto begin = reinterpret_cast<std::uintptr_t>(view.data());
        const auto meets = [&](const void* bytes, std::size_t size) {
            const auto address = reinterpret_cast<std::uintptr_t>(bytes);
            return address < begin + view.size() && begin < address + size;
        };
        return meets(blocks_.data(), blocks_max * sizeof(block)) ||
               std::any_of(blocks_.begin(), blocks_.end(),
                           [&](const block& each) { return meets(each.bytes.get(), each.size); });
    }

private:
    static constexpr std::size_t blocks_max = 1024;

    struct block {
        std::unique_ptr<char[]> bytes;
        std::size_t size;
    };

    void take(std::size_t size, std::size_t count) {
        for (; count > 0 && blocks_.size() < blocks_max; --count)
            if (auto bytes = std::unique_ptr<char[]>{new (std::nothrow) char[size]})
                blocks_.push_back({std::move(bytes), size});
    }

    std::vector<block> blocks_;
};

// Overwrites the bytes that returned functions have left on the stack.
[[gnu::noinline]] inline void scribble_on_the_stack() noexcept {
    constexpr std::size_t size = std::size_t{16} * 1024;
    std::array<volatile char, size> bytes; // NOLINT: written below
    for (volatile char& each : bytes)
        each = '\x5a';
}

// Returns whether a view points into freed memory, or into the stack of a function that has
// returned. False does not prove that the view is valid. Reads the view only if that is safe.
inline bool dangles(std::string_view view) {
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

// Allocators write into the beginning of freed blocks. So if a text has the right length and only
// its beginning is wrong, it has probably been freed.
inline bool is_as_if_freed(std::string_view expected, std::string_view got) noexcept {
    constexpr std::size_t written = 32;
    return expected.size() == got.size() && expected.size() > written && expected != got &&
           expected.substr(written) == got.substr(written);
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
