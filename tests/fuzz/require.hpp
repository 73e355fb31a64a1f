// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_REQUIRE_HPP
#define FOREST_TESTS_FUZZ_REQUIRE_HPP

// How a fuzz target says that an invariant broke: an exception, which ends a fuzzer with the input
// saved, and which a unit test reports.

#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace forest_fuzz {

inline void require(bool holds, const char* invariant) {
    if (!holds)
        throw std::logic_error{invariant};
}

/// Fuzzed messages are cut off here: parsing byte by byte copies each prefix.
inline constexpr std::size_t message_bytes_max = 2048;

/// Takes the first byte of the input as a choice of the target's; 0 when there is none.
inline unsigned char take_choice(std::string_view& input) {
    if (input.empty())
        return 0;
    const auto choice = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    return choice;
}

} // namespace forest_fuzz

#endif
