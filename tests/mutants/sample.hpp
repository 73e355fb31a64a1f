// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_MUTANTS_SAMPLE_HPP
#define FOREST_TESTS_MUTANTS_SAMPLE_HPP

#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <vector>

// Code for draw_test.py: a fault can be planted in each line that is marked `// fault`, and most of
// them change what sample() returns. In all other lines there is nothing to change: a < b, 1 + 1.

#if defined(__GNUC__) && 2 > 1
#define FOREST_SAMPLE_IS_GNU true
#endif

namespace forest_sample {

template <typename T>
concept number = std::integral<T> && (sizeof(T) >= 1);

template <typename T>
    requires number<T> && (sizeof(T) <= 8)
T larger(T left, T right) {
    return std::max<T>(left, right); // fault
}

struct counter {
    explicit counter(std::vector<int>& all) : all_{all} {}

    void add(int value) {
        all_.push_back(value); // fault
    }

    void reset(std::vector<int>&& others) && noexcept(sizeof(int) == 4) { all_ = others; } // fault

    [[nodiscard]] bool contains(int value) const {
        for (const int each : all_)
            if (each == value) // fault
                return true;   // fault
        return false;          // fault
    }

    std::vector<int>& all_;
    bool open = false; // fault
};

template <int Size>
using fixed = std::array<char, Size>;

inline std::string shown(bool value) {
    return value ? "< yes && 1 + 1 >" : R"(no || "false" == 0)";
}

inline bool strange(int value) {
    return value > 3 && value != 5; // fault
}

inline bool ended(const std::vector<std::string>& words, const std::string& last) {
    const bool found = !words.empty();    // fault
    return found && words.back() == last; // fault
}

inline std::string sample() {
    std::string text;
    std::vector<int> all;
    counter counted{all};
    counted.add(4);                            // fault
    text += shown(counted.contains(4));        // fault
    text += shown(counted.contains(3));        // fault
    text += shown(counted.open);               // fault
    std::move(counted).reset({3});             // fault
    text += std::to_string(all.front());       // fault
    text += std::to_string(larger<int>(2, 3)); // fault
    static_assert(sizeof(fixed<7>) < 8 && true);
    for (int value = 2; value < 7; ++value) // fault
        text += shown(strange(value));      // fault
    text += shown(ended({}, "a"));          // fault
    text += shown(ended({"a", "b"}, "b"));  // fault
    text += shown(ended({"a", "b"}, "a"));  // fault
    return text;
}

} // namespace forest_sample

#endif
