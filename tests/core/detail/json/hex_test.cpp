// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/hex.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <string_view>

using namespace forest::detail;

namespace {

template <typename Number>
constexpr bool has_digits(Number number, std::string_view expected) {
    const auto digits = hex_digits(number);
    return std::string_view{digits.data(), digits.size()} == expected;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hex_test)

BOOST_AUTO_TEST_CASE(a_number_has_all_its_digits_in_lower_case) {
    static_assert(has_digits(std::uint16_t{0x0abc}, "0abc"));
    static_assert(has_digits(std::uint64_t{0xfedcba9876543210U}, "fedcba9876543210"));
    BOOST_TEST(has_digits(std::uint8_t{0}, "00"));
    BOOST_TEST(has_digits(std::uint32_t{1}, "00000001"));
}

BOOST_AUTO_TEST_CASE(each_byte_is_two_digits_which_are_read_back) {
    for (unsigned value = 0; value < 256; ++value) {
        const std::array bytes{static_cast<unsigned char>(value)};
        std::array<char, 2> text{};
        write_hex(bytes, text.data());
        BOOST_TEST((hex_pair(bytes[0]) == std::string_view{text.data(), text.size()}));
        BOOST_TEST(lower_hex_value(text[0]) * 16 + lower_hex_value(text[1]) == value);
    }
}

BOOST_AUTO_TEST_CASE(only_lower_case_digits_have_a_value) {
    for (const char byte : std::string_view{"AFgG/:`@ \0\xff", 11})
        BOOST_TEST(lower_hex_value(byte) == 16U);
}

BOOST_AUTO_TEST_CASE(digits_of_either_case_have_the_same_value) {
    for (unsigned value = 0; value < 16; ++value) {
        const char lower_case = hex_pair(static_cast<unsigned char>(value))[1];
        BOOST_TEST(hex_value(lower_case) == value);
        BOOST_TEST(hex_value("0123456789ABCDEF"[value]) == value);
        BOOST_TEST((is_hex_digit(lower_case) && is_hex_digit("0123456789ABCDEF"[value])));
    }
    for (const char byte : std::string_view{"GgZz/:`@ \0\xff", 11}) {
        BOOST_TEST(hex_value(byte) == 16U);
        BOOST_TEST(!is_hex_digit(byte));
    }
}

BOOST_AUTO_TEST_SUITE_END()
