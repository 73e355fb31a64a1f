// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_ALGORITHM_HPP
#define FOREST_CORE_DETAIL_CONTAINER_ALGORITHM_HPP

#include <forest/form.hpp>

#include <string_view>

// The few algorithms that the headers of a health check use. In C++20, `<algorithm>` also declares
// every algorithm on ranges. A file that includes it compiles 0.3 s longer with g++ 12, which is a
// third of what `health_client.hpp` costs.

namespace forest::inline FOREST_FORM::detail {

template <typename T>
[[nodiscard]] constexpr T min(T left, T right) noexcept {
    return right < left ? right : left;
}

template <typename T>
[[nodiscard]] constexpr T max(T left, T right) noexcept {
    return left < right ? right : left;
}

template <typename T>
[[nodiscard]] constexpr T clamp(T value, T lowest, T highest) noexcept {
    return value < lowest ? lowest : highest < value ? highest : value;
}

template <typename Range, typename Predicate>
[[nodiscard]] constexpr bool any_of(const Range& range, const Predicate& predicate) {
    for (const auto& each : range)
        if (predicate(each))
            return true;
    return false;
}

template <typename Range, typename Predicate>
[[nodiscard]] constexpr bool all_of(const Range& range, const Predicate& predicate) {
    for (const auto& each : range)
        if (!predicate(each))
            return false;
    return true;
}

/// Copies `text` to `out`, and returns the end of the copy.
constexpr char* copy(std::string_view text, char* out) noexcept {
    std::char_traits<char>::copy(out, text.data(), text.size());
    return out + text.size();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
