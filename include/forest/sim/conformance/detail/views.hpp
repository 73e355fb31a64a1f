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
    explicit fresh_blocks(std::size_t likely_size);

    [[nodiscard]] bool overlap(std::string_view view) const noexcept;

private:
    static constexpr std::size_t blocks_max = 1024;

    struct block {
        std::unique_ptr<char[]> bytes;
        std::size_t size;
    };

    void take(std::size_t size, std::size_t count);

    std::vector<block> blocks_;
};

// Returns whether a view points into freed memory, or into the stack of a function that has
// returned. False does not prove that the view is valid. Reads the view only if that is safe.
FOREST_DECL bool dangles(std::string_view view);

// Allocators write into the beginning of freed blocks. So if a text has the right length and only
// its beginning is wrong, it has probably been freed.
FOREST_DECL bool is_as_if_freed(std::string_view expected, std::string_view got) noexcept;

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/views.ipp>
#endif

#endif
