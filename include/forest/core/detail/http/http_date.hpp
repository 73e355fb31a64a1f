// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_HTTP_DATE_HPP
#define FOREST_CORE_DETAIL_HTTP_HTTP_DATE_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/form.hpp>

// The dates of HTTP header fields (RFC 9110, 5.6.7). The field `Date` is read to find out whether
// the clocks differ, which explains a refused signature. Some clients also sign such a date instead
// of a timestamp (PROTOCOL.md, 2).

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// The length of the text that `format_http_date` returns.
inline constexpr std::size_t http_date_size = 29;

inline constexpr std::array<std::string_view, 7> day_names{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

inline constexpr std::array<std::string_view, 12> month_names{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

inline constexpr std::size_t short_name_size = 3;

constexpr bool is_short_name(std::string_view name, std::string_view full_name) noexcept {
    return name.size() == short_name_size && name[0] == full_name[0] && name[1] == full_name[1] &&
           name[2] == full_name[2];
}

// Returns 1 to 12, or 0 if `name` is no month.
constexpr unsigned month_number(std::string_view name) noexcept {
    for (unsigned index = 0; index < month_names.size(); ++index)
        if (is_short_name(name, month_names[index]))
            return index + 1;
    return 0;
}

constexpr bool is_day_name(std::string_view name, bool shortened) noexcept {
    return detail::any_of(day_names, [&](std::string_view day) {
        return shortened ? is_short_name(name, day) : name == day;
    });
}

struct time_of_day {
    unsigned hour;
    unsigned minute;
    unsigned second;
};

constexpr time_of_day read_time_of_day(digit_reader& reader) noexcept {
    time_of_day time{};
    time.hour = reader.number(2);
    reader.expect(":");
    time.minute = reader.number(2);
    reader.expect(":");
    time.second = reader.number(2);
    return time;
}

// "06 Nov 1994 08:49:37 GMT", or with dashes and two digits for the year.
constexpr std::optional<std::chrono::sys_seconds> read_date(std::string_view text,
                                                            bool obsolete) noexcept {
    const std::string_view separator = obsolete ? "-" : " ";
    digit_reader reader{text};
    const unsigned day = reader.number(2);
    reader.expect(separator);
    const unsigned month = month_number(reader.text(short_name_size));
    reader.expect(separator);
    unsigned year = reader.number(obsolete ? 2 : 4);
    if (obsolete)
        year += year < 70 ? 2000 : 1900;
    reader.expect(" ");
    const time_of_day time = read_time_of_day(reader);
    reader.expect_text(" GMT");
    if (!reader.complete())
        return std::nullopt;
    return civil_seconds(static_cast<int>(year), month, day, time.hour, time.minute, time.second);
}

// "Nov  6 08:49:37 1994", as C's asctime writes it.
constexpr std::optional<std::chrono::sys_seconds> read_asctime(std::string_view text) noexcept {
    digit_reader reader{text};
    const unsigned month = month_number(reader.text(short_name_size));
    reader.expect(" ");
    const unsigned day = reader.take(" ") != 0 ? reader.digit() : reader.number(2);
    reader.expect(" ");
    const time_of_day time = read_time_of_day(reader);
    reader.expect(" ");
    const unsigned year = reader.number(4);
    if (!reader.complete())
        return std::nullopt;
    return civil_seconds(static_cast<int>(year), month, day, time.hour, time.minute, time.second);
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` and the two obsolete forms. A year of two digits means
/// 1970 to 2069. There must be a name of a day, but it need not be the right day for the date.
/// Returns nothing for any other text.
[[nodiscard]] constexpr std::optional<std::chrono::sys_seconds>
parse_http_date(std::string_view text) noexcept {
    const std::size_t comma = text.find(", ");
    if (comma != std::string_view::npos) {
        const std::string_view day = text.substr(0, comma);
        const std::string_view date = text.substr(comma + 2);
        if (is_day_name(day, true))
            return read_date(date, false);
        if (is_day_name(day, false))
            return read_date(date, true);
        return std::nullopt;
    }
    constexpr std::size_t asctime_begin = short_name_size + 1;
    if (text.size() < asctime_begin || text[short_name_size] != ' ' ||
        !is_day_name(text.substr(0, short_name_size), true))
        return std::nullopt;
    return read_asctime(text.substr(asctime_begin));
}

/// Writes `Sun, 06 Nov 1994 08:49:37 GMT`, with 0 as the first year and 9999 as the last one.
[[nodiscard]] constexpr std::array<char, http_date_size>
format_http_date(std::chrono::sys_seconds time) noexcept {
    using namespace std::chrono;
    constexpr sys_seconds first{sys_days{year{0} / January / 1}};
    constexpr sys_seconds last{sys_days{year{10000} / January / 1} - seconds{1}};
    time = detail::clamp(time, first, last);
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const auto second_of_day = static_cast<unsigned>((time - midnight).count());
    const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
    const std::string_view day = day_names[weekday{midnight}.c_encoding()];
    const std::string_view month = month_names[static_cast<unsigned>(date.month()) - 1];

    std::array<char, http_date_size> text{};
    char* const out = text.data();
    detail::copy(day.substr(0, short_name_size), out);
    detail::copy(std::string_view{", "}, out + 3);
    write_pair(out + 5, static_cast<unsigned>(date.day()));
    out[7] = ' ';
    detail::copy(month.substr(0, short_name_size), out + 8);
    out[11] = ' ';
    write_pair(out + 12, year_number / 100);
    write_pair(out + 14, year_number % 100);
    out[16] = ' ';
    write_pair(out + 17, second_of_day / 3600);
    out[19] = ':';
    write_pair(out + 20, second_of_day / 60 % 60);
    out[22] = ':';
    write_pair(out + 23, second_of_day % 60);
    detail::copy(std::string_view{" GMT"}, out + 25);
    return text;
}

/// Reads only the form that `format_http_date` writes: the same upper and lower case, two digits
/// for the day, the right name of the day, and no second 60. Spaces and tabs around it are
/// accepted. It is for signed dates. Returns nothing for any other text.
[[nodiscard]] constexpr std::optional<std::chrono::sys_seconds>
parse_imf_fixdate(std::string_view text) noexcept {
    text = trim_blanks(text);
    constexpr std::size_t date_begin = short_name_size + 2;
    if (text.size() != http_date_size)
        return std::nullopt;
    const auto time = read_date(text.substr(date_begin), false);
    if (!time)
        return std::nullopt;
    const auto written = format_http_date(*time);
    return text == std::string_view{written.data(), written.size()} ? time : std::nullopt;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
