// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/http_date.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <time.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using namespace std::chrono_literals;
using forest::detail::format_http_date;
using forest::detail::parse_http_date;
using forest::detail::parse_imf_fixdate;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds example{sys_days{std::chrono::year{1994} / 11 / 6} + 8h + 49min + 37s};

std::string format(sys_seconds time) {
    const auto text = format_http_date(time);
    return {text.data(), text.size()};
}

struct row {
    std::string_view text;
    std::optional<sys_seconds> time;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << '[' << value.text << ']';
    }
};

const std::vector<row> rows{
    // The three forms of RFC 9110, 5.6.7.
    {"Sun, 06 Nov 1994 08:49:37 GMT", example},
    {"Sunday, 06-Nov-94 08:49:37 GMT", example},
    {"Sun Nov  6 08:49:37 1994", example},
    {"Sun Nov 06 08:49:37 1994", example},
    {"Wed Nov 16 08:49:37 1994", example + 240h},
    {"Sun, 06 Nov 1994 08:48:60 GMT", example - 37s},
    {"Mon, 06 Nov 1994 08:49:37 GMT", example},
    {"Thursday, 01-Jan-70 00:00:00 GMT", sys_seconds{0s}},
    {"Tuesday, 31-Dec-69 00:00:00 GMT", sys_seconds{sys_days{std::chrono::year{2069} / 12 / 31}}},
    {"Thu, 29 Feb 2024 00:00:00 GMT", sys_seconds{sys_days{std::chrono::year{2024} / 2 / 29}}},

    {"", std::nullopt},
    {"Sun", std::nullopt},
    {"Sun,", std::nullopt},
    {"Sun, ", std::nullopt},
    {"Sun, 06 Nov", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 UTC", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 +0000", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 GMT ", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:37 gmt", std::nullopt},
    {"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Nov 94 08:49:37 GMT", std::nullopt},
    {"Sun, 06-Nov-94 08:49:37 GMT", std::nullopt},
    {"Sun, 06 nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun, 06 Noo 1994 08:49:37 GMT", std::nullopt},
    {"sun, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Son, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sun,06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sunday, 06 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Sunday, 06-Nov-1994 08:49:37 GMT", std::nullopt},
    {"Sun Nov 6 08:49:37 1994", std::nullopt},
    {"Sun Nov  6 08:49:37 1994 GMT", std::nullopt},
    {"Sun Nov  6 08:49:37 94", std::nullopt},
    {"Sun Noo  6 08:49:37 1994", std::nullopt},
    {"Sun  Nov  6 08:49:37 1994", std::nullopt},
    {"Sun, 31 Nov 1994 08:49:37 GMT", std::nullopt},
    {"Wed, 29 Feb 2023 00:00:00 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:60:00 GMT", std::nullopt},
    {"Sun, 06 Nov 1994 08:49:61 GMT", std::nullopt},
    {"1994-11-06T08:49:37Z", std::nullopt},
    {"0", std::nullopt},
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_date_test)

BOOST_DATA_TEST_CASE(the_three_forms_are_read_and_nothing_else, data::make(rows)) {
    BOOST_TEST((parse_http_date(sample.text) == sample.time));
}

BOOST_DATA_TEST_CASE(a_date_cut_short_is_none, data::make(rows)) {
    for (std::size_t size = 0; size < sample.text.size(); ++size) {
        const std::vector<char> exact{sample.text.begin(),
                                      sample.text.begin() + static_cast<std::ptrdiff_t>(size)};
        if (sample.time)
            BOOST_TEST(!parse_http_date({exact.data(), size}).has_value(), "cut at " << size);
    }
}

BOOST_AUTO_TEST_CASE(the_form_that_is_signed_is_read_exactly) {
    const sys_seconds signed_at{sys_days{std::chrono::year{2026} / 11 / 29} + 15h + 22min + 31s};
    const std::string text = "Sun, 29 Nov 2026 15:22:31 GMT";
    BOOST_TEST((parse_imf_fixdate(text) == signed_at));
    BOOST_TEST((parse_imf_fixdate(" \t" + text + "\t ") == signed_at));
    BOOST_TEST(parse_imf_fixdate("Thu, 29 Feb 2024 23:59:59 GMT").has_value());
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(!parse_imf_fixdate(text.substr(0, size)).has_value(), "cut at " << size);
    for (std::size_t index = 0; index < text.size(); ++index) {
        std::string wrong = text;
        wrong[index] = '_';
        BOOST_TEST(!parse_imf_fixdate(wrong).has_value(), wrong);
    }
}

// Of all other forms some are read in a `Date`, and none is accepted as what was signed.
BOOST_DATA_TEST_CASE(no_other_form_of_a_date_is_read_as_signed,
                     data::make({"Mon, 29 Nov 2026 15:22:31 GMT",
                                 "Sat, 29 Nov 2026 15:22:31 GMT",
                                 "sun, 29 nov 2026 15:22:31 gmt",
                                 "SUN, 29 NOV 2026 15:22:31 GMT",
                                 "Sun, 29 Nov 2026 15:22:31 gmt",
                                 "Sun, 29 Nov 2026 15:22:31 UTC",
                                 "Sun, 29 Nov 2026 15:22:31 +0000",
                                 "Sun, 29 Nov 2026 15:22:31",
                                 "Sun, 29 Nov 2026 15:22:31 GMT ,",
                                 "Sun, 29 Nov 2026 15:22:31  GMT",
                                 "Sun,  29 Nov 2026 15:22:31 GMT",
                                 "Sun,29 Nov 2026 15:22:31 GMT",
                                 "Sun 29 Nov 2026 15:22:31 GMT",
                                 "29 Nov 2026 15:22:31 GMT",
                                 "Sunday, 29-Nov-26 15:22:31 GMT",
                                 "Sun Nov 29 15:22:31 2026",
                                 "Sun, 29 Nov 26 15:22:31 GMT",
                                 "Sun, 9 Nov 2026 15:22:31 GMT",
                                 "Sun, 29 Nov 2026 24:00:00 GMT",
                                 "Sun, 29 Nov 2026 15:60:00 GMT",
                                 "Sun, 29 Nov 2026 15:22:60 GMT",
                                 "Sun, 31 Nov 2026 15:22:31 GMT",
                                 "Sun, 00 Nov 2026 15:22:31 GMT",
                                 "Sun, 29 Nob 2026 15:22:31 GMT",
                                 "Sun, 29 11- 2026 15:22:31 GMT",
                                 "2026-11-29T15:22:31.000Z",
                                 ""})) {
    BOOST_TEST(!parse_imf_fixdate(sample).has_value());
}

BOOST_AUTO_TEST_CASE(a_date_is_written_in_the_preferred_form) {
    BOOST_TEST(format(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(format(sys_seconds{0s}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(a_date_that_four_digits_cannot_say_is_written_as_the_nearest) {
    BOOST_TEST(format(sys_days{std::chrono::year{10000} / 1 / 1}) ==
               "Fri, 31 Dec 9999 23:59:59 GMT");
    BOOST_TEST(format(sys_days{std::chrono::year{-1} / 1 / 1}) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(random_dates_are_written_as_the_system_writes_them_and_read_back) {
    const std::uint64_t seed = 19941106;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random{seed};
    const sys_seconds first{sys_days{std::chrono::year{1000} / 1 / 1}};
    const sys_seconds last{sys_days{std::chrono::year{10000} / 1 / 1} - 1s};
    std::uniform_int_distribution<std::int64_t> any{first.time_since_epoch().count(),
                                                    last.time_since_epoch().count()};
    for (int round = 0; round < 50'000; ++round) {
        const sys_seconds time{std::chrono::seconds{any(random)}};
        const time_t seconds = time.time_since_epoch().count();
        tm parts{};
        BOOST_REQUIRE(gmtime_r(&seconds, &parts) != nullptr);
        std::array<char, 64> expected;
        const auto size = strftime(expected.data(), expected.size(), "%a, %d %b %Y %T GMT", &parts);
        BOOST_REQUIRE_EQUAL(format(time), (std::string_view{expected.data(), size}));
        BOOST_REQUIRE((parse_http_date(format(time)) == time));
        BOOST_REQUIRE((parse_imf_fixdate(format(time)) == time));
        const auto asctime = strftime(expected.data(), expected.size(), "%a %b %e %T %Y", &parts);
        BOOST_REQUIRE((parse_http_date({expected.data(), asctime}) == time));
    }
}

BOOST_AUTO_TEST_SUITE_END()
