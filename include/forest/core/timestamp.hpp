// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_TIMESTAMP_HPP
#define FOREST_CORE_TIMESTAMP_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

// The timestamps that are signed (PROTOCOL.md, 1 and 2). The library writes one exact form and
// reads many. The code is written by hand: each check writes a timestamp, and a server reads it
// before it can trust any byte of the request.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace forest::inline FOREST_FORM {

/// The length of the text that `format_timestamp` returns.
inline constexpr std::size_t timestamp_size = 24;

namespace detail {

inline constexpr auto digit_pairs = [] {
    std::array<char, 200> table{};
    for (std::size_t value = 0; value < 100; ++value) {
        table[2 * value] = static_cast<char>('0' + value / 10);
        table[2 * value + 1] = static_cast<char>('0' + value % 10);
    }
    return table;
}();

constexpr void write_pair(char* out, unsigned value) noexcept {
    out[0] = digit_pairs[2 * static_cast<std::size_t>(value)];
    out[1] = digit_pairs[2 * static_cast<std::size_t>(value) + 1];
}

// Reads a text of fixed fields from the left. After the first mismatch all calls fail.
class digit_reader {
public:
    constexpr explicit digit_reader(std::string_view text) noexcept : text_{text} {}

    constexpr unsigned number(std::size_t digits) noexcept {
        unsigned value = 0;
        for (std::size_t index = 0; index < digits; ++index)
            value = value * 10 + digit();
        return value;
    }

    constexpr unsigned digit() noexcept {
        const unsigned value =
            empty() ? 10U : static_cast<unsigned char>(text_[position_]) - unsigned{'0'};
        if (value > 9) {
            valid_ = false;
            return 0;
        }
        ++position_;
        return value;
    }

    constexpr bool next_is_digit() const noexcept {
        return !empty() && '0' <= text_[position_] && text_[position_] <= '9';
    }

    // Takes the next byte if it is one of `choices`. Returns that byte, or 0.
    constexpr char take(std::string_view choices) noexcept {
        for (const char choice : choices) {
            if (!empty() && text_[position_] == choice) {
                ++position_;
                return choice;
            }
        }
        return 0;
    }

    constexpr char expect(std::string_view choices) noexcept {
        const char byte = take(choices);
        valid_ = valid_ && byte != 0;
        return byte;
    }

    // Takes the next `size` bytes, with any values, or fewer at the end of the text.
    constexpr std::string_view text(std::size_t size) noexcept {
        const std::string_view taken = text_.substr(position_, size);
        position_ += taken.size();
        return taken;
    }

    constexpr void expect_text(std::string_view text) noexcept {
        for (const char byte : text)
            expect({&byte, 1});
    }

    constexpr bool empty() const noexcept { return position_ == text_.size(); }
    constexpr bool complete() const noexcept { return valid_ && empty(); }

private:
    std::string_view text_;
    std::size_t position_ = 0;
    bool valid_ = true;
};

// Returns the seconds since 1970 for a civil date and time, or nothing if they do not exist. Second
// 60 is the first second of the next minute, as in POSIX.
constexpr std::optional<std::chrono::sys_seconds> civil_seconds(int year, unsigned month,
                                                                unsigned day, unsigned hour,
                                                                unsigned minute,
                                                                unsigned second) noexcept {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                           std::chrono::day{day}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second};
}

} // namespace detail

/// Writes `2025-12-09T12:00:00.000Z`. Four digits cannot express a year before 0 or after 9999.
/// Such a time is written as the nearest time that they can express.
[[nodiscard]] constexpr std::array<char, timestamp_size> format_timestamp(wall_time time) noexcept {
    using namespace std::chrono;
    constexpr wall_time first{sys_days{year{0} / January / 1}};
    constexpr wall_time last{sys_days{year{10000} / January / 1} - milliseconds{1}};
    time = detail::clamp(time, first, last);
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const auto of_day = static_cast<unsigned>((time - midnight).count());
    const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
    const unsigned second_of_day = of_day / 1000;
    const unsigned millisecond = of_day % 1000;

    std::array<char, timestamp_size> text{};
    char* const out = text.data();
    detail::write_pair(out, year_number / 100);
    detail::write_pair(out + 2, year_number % 100);
    out[4] = '-';
    detail::write_pair(out + 5, static_cast<unsigned>(date.month()));
    out[7] = '-';
    detail::write_pair(out + 8, static_cast<unsigned>(date.day()));
    out[10] = 'T';
    detail::write_pair(out + 11, second_of_day / 3600);
    out[13] = ':';
    detail::write_pair(out + 14, second_of_day / 60 % 60);
    out[16] = ':';
    detail::write_pair(out + 17, second_of_day % 60);
    out[19] = '.';
    out[20] = static_cast<char>('0' + millisecond / 100);
    detail::write_pair(out + 21, millisecond % 100);
    out[23] = 'Z';
    return text;
}

/// The text of a timestamp with a given number of digits in the fraction.
class timestamp_text {
public:
    /// `digits` is the number of digits in the fraction, from `fraction_digits_min` to
    /// `fraction_digits_max`.
    constexpr timestamp_text(precise_time time, int digits) noexcept {
        const auto short_form = format_timestamp(time.at);
        char* out =
            detail::copy(std::string_view{short_form.data(), short_form.size() - 1}, text_.data());
        auto below = static_cast<unsigned>(time.below.count());
        for (unsigned unit = 100'000; digits > fraction_digits_min; unit /= 10, --digits) {
            *out++ = static_cast<char>('0' + below / unit % 10);
        }
        *out++ = short_form.back();
        size_ = static_cast<std::size_t>(out - text_.data());
    }

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, timestamp_size + fraction_digits_max - fraction_digits_min> text_{};
    std::size_t size_;
};

/// Reads the forms that PROTOCOL.md, 2 allows:
/// `YYYY-MM-DD[Tt]hh:mm:ss[.digits](Z|z|±hh:mm|±hhmm|±hh)`, with spaces and tabs around it. Returns
/// whole seconds: the fraction is cut off, so a time before 1970 is rounded down, too. Returns
/// nothing for any other text, and for dates and times that do not exist.
[[nodiscard]] constexpr std::optional<std::chrono::sys_seconds>
parse_timestamp(std::string_view text) noexcept {
    detail::digit_reader reader{trim_blanks(text)};
    const unsigned year = reader.number(4);
    reader.expect("-");
    const unsigned month = reader.number(2);
    reader.expect("-");
    const unsigned day = reader.number(2);
    reader.expect("Tt");
    const unsigned hour = reader.number(2);
    reader.expect(":");
    const unsigned minute = reader.number(2);
    reader.expect(":");
    const unsigned second = reader.number(2);
    if (reader.take(".") != 0) {
        do
            reader.digit();
        while (reader.next_is_digit());
    }

    std::chrono::minutes offset{0};
    if (const char sign = reader.expect("Zz+-"); sign == '+' || sign == '-') {
        const unsigned hours = reader.number(2);
        const bool more = reader.take(":") != 0 || !reader.empty();
        const unsigned minutes = more ? reader.number(2) : 0;
        if (hours > 23 || minutes > 59)
            return std::nullopt;
        offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
        if (sign == '-')
            offset = -offset;
    }
    if (!reader.complete())
        return std::nullopt;
    const auto local =
        detail::civil_seconds(static_cast<int>(year), month, day, hour, minute, second);
    if (!local)
        return std::nullopt;
    return *local - offset;
}

} // namespace forest::inline FOREST_FORM

#endif
