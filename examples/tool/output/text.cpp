// SPDX-License-Identifier: BSL-1.0
#include "text.hpp"

#include <tool/arguments/usage_error.hpp>

#include <forest/core/error.hpp>
#include <forest/core/timestamp.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>

// Numbers are parsed here, because standard streams and CLI11 also accept octal and hexadecimal
// numbers and the forms of the locale, which no user means.

namespace forest::cli {

namespace {

constexpr bool is_digit(char byte) noexcept {
    return '0' <= byte && byte <= '9';
}

struct unit {
    std::string_view name;
    duration length;
};

constexpr std::array units{
    unit{"ms", std::chrono::milliseconds{1}}, unit{"s", std::chrono::seconds{1}},
    unit{"m", std::chrono::minutes{1}},       unit{"min", std::chrono::minutes{1}},
    unit{"h", std::chrono::hours{1}},         unit{"d", std::chrono::hours{24}},
    unit{"y", std::chrono::hours{24 * 365}},
};

constexpr std::string_view duration_forms = "write 500ms, 5s, 1.5s, 1m, 2h, 7d or 1y";

duration unit_length(std::string_view option, std::string_view text, std::string_view name) {
    for (const unit& each : units) {
        if (each.name == name)
            return each.length;
    }
    if (name.empty())
        throw usage_error(
            fmt::format("{}: '{}' has no unit; {}", option, ascii_escape(text), duration_forms));
    throw usage_error(
        fmt::format("{}: '{}' is no duration; {}", option, ascii_escape(text), duration_forms));
}

template <typename Integer>
Integer parse_whole(std::string_view option, std::string_view text) {
    Integer value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec == std::errc::result_out_of_range)
        throw usage_error(fmt::format("{}: '{}' is too large; {} is the most", option,
                                      ascii_escape(text), std::numeric_limits<Integer>::max()));
    if (ec != std::errc{} || end != text.data() + text.size())
        throw usage_error(fmt::format("{}: '{}' is no whole number", option, ascii_escape(text)));
    return value;
}

} // namespace

duration parse_duration(std::string_view option, std::string_view text, duration longest) {
    if (text.substr(0, 1) == "-")
        throw usage_error(
            fmt::format("{}: '{}' is negative; durations are not", option, ascii_escape(text)));
    const std::size_t whole_end = std::min(text.find_first_not_of("0123456789"), text.size());
    std::size_t number_end = whole_end;
    if (text.substr(whole_end, 1) == ".") {
        number_end = std::min(text.find_first_not_of("0123456789", whole_end + 1), text.size());
        if (number_end == whole_end + 1)
            number_end = 0; // A point needs digits after it.
    }
    const std::string_view name = whole_end == 0 ? "?" : text.substr(number_end);
    const duration length = unit_length(option, text, name);

    const auto too_long = [&] {
        const auto hours = std::chrono::floor<std::chrono::hours>(longest).count();
        const std::string most = hours > 24 ? fmt::format("{} days ({}h)", hours / 24, hours)
                                            : fmt::format("{}h", hours);
        return usage_error(
            fmt::format("{}: '{}' is too long; {} is the most", option, ascii_escape(text), most));
    };
    std::int64_t whole = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + whole_end, whole);
    if (ec != std::errc{} || whole > longest / length)
        throw too_long();
    duration result = whole * length;
    duration place = length;
    for (const char digit : text.substr(whole_end, number_end - whole_end)) {
        if (!is_digit(digit))
            continue;
        place /= 10;
        result += (digit - '0') * place;
    }
    if (result > longest)
        throw too_long();
    return result;
}

int parse_count(std::string_view option, std::string_view text) {
    return parse_whole<int>(option, text);
}

std::uint64_t parse_seed(std::string_view option, std::string_view text) {
    return parse_whole<std::uint64_t>(option, text);
}

std::string ascii_quote(std::string_view text) {
    constexpr bool ascii = true;
    const std::string quoted =
        nlohmann::json(text).dump(-1, ' ', ascii, nlohmann::json::error_handler_t::replace);
    std::string out;
    out.reserve(quoted.size());
    for (std::size_t index = 0; index < quoted.size(); ++index) {
        out += quoted[index];
        if (quoted[index] != '\\')
            continue;
        // Few readers know \b and \f, so all rare controls are written as numbers.
        const char kind = quoted[++index];
        if (kind == 'b')
            out += "u0008";
        else if (kind == 'f')
            out += "u000c";
        else
            out += kind;
    }
    return out;
}

std::string ascii_escape(std::string_view text) {
    const std::string quoted = ascii_quote(text);
    return quoted.substr(1, quoted.size() - 2);
}

std::string utc(wall_time time) {
    const auto text = format_timestamp(time);
    return {text.data(), text.size()};
}

wall_time wall_clock_now() {
    return std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now());
}

double milliseconds(duration span) noexcept {
    return std::chrono::duration<double, std::milli>(span).count();
}

std::string readable(duration span) {
    using namespace std::chrono;
    if (span < 1s)
        return fmt::format("{:.3g} ms", milliseconds(span));
    if (span < 1min)
        return fmt::format("{:.3g} s", milliseconds(span) / 1000);
    const auto whole = floor<seconds>(span).count();
    if (span < 1h)
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    if (span < 24h)
        return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
    return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

std::string concise(duration span) {
    using namespace std::chrono;
    constexpr std::array shown{unit{"d", 24h}, unit{"h", 1h}, unit{"min", 1min}, unit{"s", 1s}};
    for (const unit& each : shown) {
        const bool more_than_one = span >= 2 * each.length || each.length == 1s;
        if (more_than_one && span > 0s && span % each.length == 0s)
            return fmt::format("{} {}", span / each.length, each.name);
    }
    return readable(span);
}

} // namespace forest::cli
