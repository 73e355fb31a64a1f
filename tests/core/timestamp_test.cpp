// SPDX-License-Identifier: BSL-1.0
#include <forest/core/timestamp.hpp>

#include <forest/core/time.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using namespace std::chrono_literals;
using forest::format_timestamp;
using forest::parse_timestamp;
using forest::wall_time;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds noon{sys_days{std::chrono::year{2025} / 12 / 9} + 12h};

std::string format(wall_time time) {
    const auto text = format_timestamp(time);
    return {text.data(), text.size()};
}

struct row {
    std::string_view text;
    std::optional<sys_seconds> time;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << '[' << value.text << ']';
    }
};

// The grammar of PROTOCOL.md, 2.
const std::vector<row> rows{
    {"2025-12-09T12:00:00Z", noon},
    {"2025-12-09t12:00:00z", noon},
    {"2025-12-09T12:00:00.0Z", noon},
    {"2025-12-09T12:00:00.000Z", noon},
    {"2025-12-09T12:00:00.999999999999999999999999999999999999999Z", noon},
    {"2025-12-09T12:00:00+00:00", noon},
    {"2025-12-09T12:00:00-00:00", noon},
    {"2025-12-09T14:30:00+02:30", noon},
    {"2025-12-09T14:30:00+0230", noon},
    {"2025-12-09T14:00:00+02", noon},
    {"2025-12-09T00:30:00.5-11:30", noon},
    {"2025-12-10T11:59:00+23:59", noon},
    {"2025-12-08T12:01:00-23:59", noon},
    {"2025-12-09T11:59:60Z", noon},
    {"2025-12-08T23:59:60-12", noon},
    {" 2025-12-09T12:00:00Z", noon},
    {"2025-12-09T12:00:00Z\t ", noon},
    {"\t 2025-12-09T12:00:00Z ", noon},
    {"1970-01-01T00:00:00.000Z", sys_seconds{0s}},
    {"1969-12-31T23:59:59.999Z", sys_seconds{-1s}},
    {"2024-02-29T00:00:00Z", sys_seconds{sys_days{std::chrono::year{2024} / 2 / 29}}},
    {"2000-02-29T00:00:00Z", sys_seconds{sys_days{std::chrono::year{2000} / 2 / 29}}},
    {"0000-01-01T00:00:00Z", sys_seconds{sys_days{std::chrono::year{0} / 1 / 1}}},
    {"9999-12-31T23:59:59Z", sys_seconds{sys_days{std::chrono::year{10000} / 1 / 1}} - 1s},

    {"", std::nullopt},
    {" \t", std::nullopt},
    {"2025-12-09T12:00:00", std::nullopt},
    {"2025-12-09T12:00:00.000", std::nullopt},
    {"2025-12-09 12:00:00Z", std::nullopt},
    {"2025-12-09T12:00:00,000Z", std::nullopt},
    {"2025-12-09T12:00:00.Z", std::nullopt},
    {"2025-12-09T12:00:00.+01:00", std::nullopt},
    {"2025-12-09T12:00Z", std::nullopt},
    {"2025-12-09T12Z", std::nullopt},
    {"2025-12-09", std::nullopt},
    {"2025-12-09Z", std::nullopt},
    {"20251209T120000Z", std::nullopt},
    {"2025-12-09T120000Z", std::nullopt},
    {"1765281600", std::nullopt},
    {"1765281600000", std::nullopt},
    {"Tue, 09 Dec 2025 12:00:00 GMT", std::nullopt},
    {"Tue, 09 Dec 2025 12:00:00 +0000", std::nullopt},
    {"2025-02-30T12:00:00Z", std::nullopt},
    {"2025-02-29T12:00:00Z", std::nullopt},
    {"1900-02-29T12:00:00Z", std::nullopt},
    {"2025-04-31T12:00:00Z", std::nullopt},
    {"2025-13-01T12:00:00Z", std::nullopt},
    {"2025-00-01T12:00:00Z", std::nullopt},
    {"2025-12-00T12:00:00Z", std::nullopt},
    {"2025-12-32T12:00:00Z", std::nullopt},
    {"2025-12-09T24:00:00Z", std::nullopt},
    {"2025-12-09T12:60:00Z", std::nullopt},
    {"2025-12-09T12:00:61Z", std::nullopt},
    {"2025-12-09T12:00:00+24:00", std::nullopt},
    {"2025-12-09T12:00:00+01:60", std::nullopt},
    {"2025-12-09T12:00:00+1", std::nullopt},
    {"2025-12-09T12:00:00+01:", std::nullopt},
    {"2025-12-09T12:00:00+01:0", std::nullopt},
    {"2025-12-09T12:00:00+010", std::nullopt},
    {"2025-12-09T12:00:00+01:00:00", std::nullopt},
    {"2025-12-09T12:00:00+", std::nullopt},
    {"2025-12-09T12:00:00ZZ", std::nullopt},
    {"2025-12-09T12:00:00Z+01", std::nullopt},
    {"2025-12-09T12:00:00 Z", std::nullopt},
    {"2025-12-09T12:00:00Zjunk", std::nullopt},
    {"2025-12-09T12:00:00UTC", std::nullopt},
    {"2025-12-09T12:00:00Z\n", std::nullopt},
    {"\n2025-12-09T12:00:00Z", std::nullopt},
    {"12025-12-09T12:00:00Z", std::nullopt},
    {"+2025-12-09T12:00:00Z", std::nullopt},
    {"-2025-12-09T12:00:00Z", std::nullopt},
    {"025-12-09T12:00:00Z", std::nullopt},
    {"2025-1-09T12:00:00Z", std::nullopt},
    {"2025-12-9T12:00:00Z", std::nullopt},
    {"2025-12-09T1:00:00Z", std::nullopt},
    {"2025/12/09T12:00:00Z", std::nullopt},
    {"2025-12-09T12.00.00Z", std::nullopt},
    {"2025-343T12:00:00Z", std::nullopt},
    {"2025-W50-2T12:00:00Z", std::nullopt},
    {"\xef\xbb\xbf"
     "2025-12-09T12:00:00Z",
     std::nullopt},
};

// What the standard library makes of a time; printf, since g++ 12 has no std::format.
std::string reference(wall_time time) {
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss of_day{time - midnight};
    std::array<char, 64> text;
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(of_day.hours().count()),
        static_cast<int>(of_day.minutes().count()), static_cast<int>(of_day.seconds().count()),
        static_cast<int>(of_day.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(timestamp_test)

BOOST_DATA_TEST_CASE(the_grammar_of_the_protocol_page_holds, data::make(rows)) {
    BOOST_TEST((parse_timestamp(sample.text) == sample.time));
}

BOOST_DATA_TEST_CASE(no_timestamp_cut_short_is_read_outside, data::make(rows)) {
    for (std::size_t size = 0; size < sample.text.size(); ++size) {
        const std::vector<char> exact{sample.text.begin(),
                                      sample.text.begin() + static_cast<std::ptrdiff_t>(size)};
        const auto time = parse_timestamp({exact.data(), size});
        if (time && sample.time) {
            // Only trailing blanks, or the minutes of an offset, can be missing.
            BOOST_TEST(std::chrono::abs(*time - *sample.time) < 1h);
        } else if (time) {
            BOOST_TEST(size >= std::string_view{"2025-12-09T12:00:00Z"}.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_timestamp_is_written_in_utc_with_milliseconds) {
    BOOST_TEST(format(noon) == "2025-12-09T12:00:00.000Z");
    BOOST_TEST(format(wall_time{0ms}) == "1970-01-01T00:00:00.000Z");
    BOOST_TEST(format(wall_time{-1ms}) == "1969-12-31T23:59:59.999Z");
    BOOST_TEST(format(noon + 7ms) == "2025-12-09T12:00:00.007Z");
    BOOST_TEST(format(sys_days{std::chrono::year{2024} / 2 / 29} + 24h - 1ms) ==
               "2024-02-29T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(a_time_that_four_digits_cannot_say_is_written_as_the_nearest) {
    const wall_time first{sys_days{std::chrono::year{0} / 1 / 1}};
    const wall_time last{sys_days{std::chrono::year{10000} / 1 / 1} - 1ms};
    BOOST_TEST(format(first) == "0000-01-01T00:00:00.000Z");
    BOOST_TEST(format(first - 1ms) == "0000-01-01T00:00:00.000Z");
    BOOST_TEST(format(last) == "9999-12-31T23:59:59.999Z");
    BOOST_TEST(format(last + 1ms) == "9999-12-31T23:59:59.999Z");
    BOOST_TEST(format(wall_time::max()) == "9999-12-31T23:59:59.999Z");
    BOOST_TEST(format(wall_time::min()) == "0000-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(every_day_of_four_centuries_is_written_as_the_calendar_says) {
    for (sys_days day{std::chrono::year{1800} / 1 / 1}; day < std::chrono::year{2200} / 1 / 1;
         day += std::chrono::days{1}) {
        BOOST_REQUIRE_EQUAL(format(day), reference(day));
    }
}

BOOST_AUTO_TEST_CASE(random_times_are_written_as_the_calendar_says_and_read_back) {
    const std::uint64_t seed = 20251209;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random{seed};
    const wall_time first{sys_days{std::chrono::year{0} / 1 / 1}};
    const wall_time last{sys_days{std::chrono::year{10000} / 1 / 1} - 1ms};
    std::uniform_int_distribution<std::int64_t> any{first.time_since_epoch().count(),
                                                    last.time_since_epoch().count()};
    for (int round = 0; round < 100'000; ++round) {
        const wall_time time{std::chrono::milliseconds{any(random)}};
        const std::string text = format(time);
        BOOST_REQUIRE_EQUAL(text, reference(time));
        BOOST_REQUIRE((parse_timestamp(text) == std::chrono::floor<std::chrono::seconds>(time)));
    }
}

BOOST_AUTO_TEST_CASE(more_digits_of_the_fraction_are_written_if_asked) {
    const forest::precise_time moment{noon + 7ms, 890'123ns};
    const auto written = [&](int digits) {
        return std::string{forest::timestamp_text{moment, digits}.view()};
    };
    BOOST_TEST(written(3) == format(noon + 7ms));
    const std::string seconds = format(noon).substr(0, 20);
    BOOST_TEST(written(4) == seconds + "0078Z");
    BOOST_TEST(written(6) == seconds + "007890Z");
    BOOST_TEST(written(9) == seconds + "007890123Z");
    BOOST_TEST((forest::timestamp_text{noon, 9}.view() == seconds + "000000000Z"));
    BOOST_TEST((forest::timestamp_text{{noon, 1ns}, 9}.view() == seconds + "000000001Z"));
    BOOST_TEST(
        (forest::timestamp_text{{noon + 999ms, 999'999ns}, 9}.view() == seconds + "999999999Z"));
    for (int digits = forest::fraction_digits_min; digits <= forest::fraction_digits_max; ++digits)
        BOOST_TEST((parse_timestamp(written(digits)) == noon));
}

BOOST_AUTO_TEST_CASE(timestamps_work_at_compile_time) {
    constexpr auto text = format_timestamp(noon);
    static_assert(parse_timestamp({text.data(), text.size()}) == noon);
    BOOST_TEST(text.size() == forest::timestamp_size);
}

BOOST_AUTO_TEST_SUITE_END()
