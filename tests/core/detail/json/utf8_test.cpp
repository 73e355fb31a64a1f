// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/json/utf8.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;

struct invalid {
    std::string_view name;
    std::string text;
    std::size_t replaced;

    friend std::ostream& operator<<(std::ostream& out, const invalid& row) {
        return out << row.name;
    }
};

const std::vector<invalid> invalid_rows{
    {"a tail alone", "\x80", 1},
    {"overlong, two bytes", "\xc0\x80", 1},
    {"overlong, two bytes, highest", "\xc1\xbf", 1},
    {"overlong, three bytes", "\xe0\x9f\xbf", 1},
    {"overlong, four bytes", "\xf0\x8f\xbf\xbf", 1},
    {"lowest surrogate", "\xed\xa0\x80", 1},
    {"highest surrogate", "\xed\xbf\xbf", 1},
    {"above U+10FFFF", "\xf4\x90\x80\x80", 1},
    {"a lead that no character has", "\xf5\x80\x80\x80", 1},
    {"0xff", "\xff", 1},
    {"two bytes cut", "\xc3", 1},
    {"three bytes cut", "\xe2\x82", 2},
    {"four bytes cut", "\xf0\x9f\x98", 3},
    {"two bytes, then a letter", "\xc3(", 1},
    {"three bytes, then a letter", "\xe2\x82(", 2},
    {"four bytes, then a letter", "\xf0\x9f\x98(", 3},
};

} // namespace

BOOST_AUTO_TEST_SUITE(utf8_test)

BOOST_AUTO_TEST_CASE(every_character_is_written_and_read_back) {
    std::size_t wrong = 0;
    for (char32_t number = 0; number <= 0x10ffff; ++number) {
        if (0xd800 <= number && number <= 0xdfff)
            continue;
        const forest::detail::utf8_character character{number};
        const std::string text = std::string{character.text()} + "x";
        const auto prefix = forest::detail::read_utf8(text);
        const std::size_t expected = number < 0x80      ? 1
                                     : number < 0x800   ? 2
                                     : number < 0x10000 ? 3
                                                        : 4;
        if (!prefix.valid || prefix.size != expected || character.text().size() != expected)
            ++wrong;
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(forest::detail::utf8_character{0xe9}.text() == "\xc3\xa9");
    BOOST_TEST(forest::detail::utf8_character{0x20ac}.text() == "\xe2\x82\xac");
    BOOST_TEST(forest::detail::utf8_character{0x1f600}.text() == "\xf0\x9f\x98\x80");
    BOOST_TEST(forest::detail::utf8_character{0xfffd}.text() == forest::detail::utf8_replacement);
}

BOOST_DATA_TEST_CASE(invalid_text_is_measured_as_decoders_replace_it, data::make(invalid_rows)) {
    const std::vector<char> exact{sample.text.begin(), sample.text.end()};
    const auto prefix = forest::detail::read_utf8({exact.data(), exact.size()});
    BOOST_TEST(!prefix.valid);
    BOOST_TEST(prefix.size == sample.replaced);
}

BOOST_AUTO_TEST_CASE(as_many_texts_of_three_bytes_are_valid_as_there_are_characters) {
    // 0x800 to 0xffff without the surrogates: no more and no fewer.
    std::size_t valid = 0;
    for (int number = 0xe00000; number <= 0xefffff; ++number) {
        const char text[] = {static_cast<char>(number >> 16), static_cast<char>(number >> 8),
                             static_cast<char>(number)};
        const auto prefix = forest::detail::read_utf8({text, sizeof text});
        valid += prefix.valid ? 1U : 0U;
    }
    BOOST_TEST(valid == 0x10000U - 0x800U - 0x800U);
}

BOOST_AUTO_TEST_SUITE_END()
