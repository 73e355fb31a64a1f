// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_SIGNED_HEAD_TARGET_HPP
#define FOREST_TESTS_FUZZ_SIGNED_HEAD_TARGET_HPP

#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verification.hpp>
#include <forest/policy/server.hpp>
#include <fuzz/message_script.hpp>
#include <fuzz/require.hpp>

// The heads of requests, signed or not: the verifier decides as a reference that reads the lines
// itself, dates with the C library, and signs with OpenSSL's function for one message. The first
// byte of the input chooses the options of the verifier, the second its clock. Then come up to four
// heads of requests to one verifier, with a byte 253 between them. A fuzzer cannot sign, so some
// bytes are replaced: 240 with a timestamp, which the next byte chooses, 241 with the signature of
// the latest timestamp, and 242 with the same in upper case.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forest_fuzz {

namespace detail {

inline constexpr std::string_view fuzzed_secret = "my-secret";

inline std::string sign(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
    require(HMAC(EVP_sha256(), fuzzed_secret.data(), static_cast<int>(fuzzed_secret.size()), data,
                 text.size(), bytes.data(), &size) != nullptr,
            "no signature");
    std::string hex;
    for (unsigned index = 0; index < size; ++index) {
        std::array<char, 3> pair{};
        (void)std::snprintf(pair.data(), pair.size(), "%02x", unsigned{bytes[index]});
        hex += pair.data();
    }
    return hex;
}

inline std::string http_date(const std::tm& time) {
    std::array<char, 40> head{};
    std::array<char, 40> tail{};
    (void)std::strftime(head.data(), head.size(), "%a, %d %b ", &time);
    (void)std::strftime(tail.data(), tail.size(), " %H:%M:%S GMT", &time);
    std::array<char, 8> year{};
    (void)std::snprintf(year.data(), year.size(), "%04d", time.tm_year + 1900);
    return std::string{head.data()} + year.data() + tail.data();
}

// One of many timestamps near `now`.
inline std::string choose_timestamp(std::time_t now, unsigned char choice) {
    constexpr std::array<int, 8> offsets{0, -1, 1, -2, 2, 300, -301, 86400};
    constexpr std::array<int, 4> zones{0, 7200, -12600, 18000};
    const std::time_t at = now + offsets[choice % 8U];
    const unsigned style = choice / 8U % 8U;
    const std::time_t local = at + (style >= 4 && style < 7 ? zones[style - 3] : 0);
    std::tm time{};
    gmtime_r(&local, &time);
    if (style == 7)
        return http_date(time);
    std::array<char, 40> text{};
    (void)std::snprintf(text.data(), text.size(), "%04d-%02d-%02d%c%02d:%02d:%02d",
                        time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, style == 1 ? 't' : 'T',
                        time.tm_hour, time.tm_min, time.tm_sec);
    constexpr std::array<std::string_view, 7> ends{".000Z",  "z",     "Z",    ".123456Z",
                                                   "+02:00", "-0330", ".5+05"};
    return text.data() + std::string{ends[style]};
}

// The seconds since 1970, or nothing for a date that does not exist.
inline std::optional<std::time_t> seconds_of(int year, int month, int day, int hour, int minute,
                                             int second) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const std::array<int, 12> days{31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > days[static_cast<std::size_t>(month) - 1] ||
        hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    std::tm time{};
    time.tm_year = year - 1900;
    time.tm_mon = month - 1;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    time.tm_sec = second;
    return timegm(&time);
}

// Whether `text` begins with this form, in which a 9 is any digit.
inline bool has_form(std::string_view text, std::string_view form) {
    return text.size() >= form.size() &&
           std::equal(form.begin(), form.end(), text.begin(), [](char wanted, char byte) {
               return wanted == '9' ? '0' <= byte && byte <= '9' : wanted == byte;
           });
}

inline int number(std::string_view text, std::size_t begin, std::size_t size) {
    return std::stoi(std::string{text.substr(begin, size)});
}

// YYYY-MM-DD[Tt]hh:mm:ss[.digits](Z|z|±hh:mm|±hhmm|±hh)
inline std::optional<std::time_t> reference_timestamp(std::string_view text) {
    if (!has_form(text, "9999-99-99T99:99:99") && !has_form(text, "9999-99-99t99:99:99"))
        return std::nullopt;
    const auto local = seconds_of(number(text, 0, 4), number(text, 5, 2), number(text, 8, 2),
                                  number(text, 11, 2), number(text, 14, 2), number(text, 17, 2));
    text.remove_prefix(19);
    if (text.starts_with('.')) {
        const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
        if (end == 1)
            return std::nullopt;
        text.remove_prefix(end);
    }
    if (!local || text == "Z" || text == "z")
        return local;
    if (!text.starts_with('+') && !text.starts_with('-'))
        return std::nullopt;
    const int sign = text.front() == '+' ? 1 : -1;
    text.remove_prefix(1);
    int minutes = 0;
    if (text.size() == 5 && has_form(text, "99:99"))
        minutes = number(text, 3, 2);
    else if (text.size() == 4 && has_form(text, "9999"))
        minutes = number(text, 2, 2);
    else if (text.size() != 2 || !has_form(text, "99"))
        return std::nullopt;
    if (number(text, 0, 2) > 23 || minutes > 59)
        return std::nullopt;
    return *local - sign * (number(text, 0, 2) * 3600 + minutes * 60);
}

// Sun, 06 Nov 1994 08:49:37 GMT
inline std::optional<std::time_t> reference_http_date(std::string_view text) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || !has_form(text.substr(5, 3), "99 ") ||
        !has_form(text.substr(11), " 9999 99:99:99 GMT"))
        return std::nullopt;
    const std::size_t month = months.find(text.substr(8, 3));
    if (month % 3 != 0) // as npos is 0 by 3
        return std::nullopt;
    const auto time =
        seconds_of(number(text, 12, 4), static_cast<int>(month / 3) + 1, number(text, 5, 2),
                   number(text, 17, 2), number(text, 20, 2), number(text, 23, 2));
    if (!time)
        return std::nullopt;
    std::tm again{};
    gmtime_r(&*time, &again);
    return http_date(again) == text ? time : std::nullopt;
}

/// The verifier as PROTOCOL.md, 2 describes it.
class reference_verifier {
public:
    explicit reference_verifier(const forest::verifier_options& options) : options_{options} {}

    forest::verification verify(std::string_view head, forest::wall_time now) {
        using forest::refusal;
        std::vector<std::string> timestamps[2];
        std::vector<std::string> signatures[2];
        while (!head.starts_with("\r\n")) {
            const std::size_t end = head.find("\r\n");
            const std::string_view line = head.substr(0, end);
            head.remove_prefix(end + 2);
            std::string name{line.substr(0, line.find(':'))};
            for (char& byte : name)
                byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
            const std::string value = trimmed(line.substr(std::min(line.find(':'), line.size())));
            for (const std::size_t dash : {0U, 1U}) {
                if (name == (dash == 1 ? "x-timestamp" : "x_timestamp"))
                    timestamps[dash].push_back(value);
                if (name == (dash == 1 ? "x-signature" : "x_signature"))
                    signatures[dash].push_back(value);
            }
        }
        if (conflict(timestamps) || conflict(signatures))
            return refusal::fields_conflict;
        const std::string stamped = sole(timestamps);
        const std::string claimed = sole(signatures);
        if (stamped.empty() || claimed.empty())
            return refusal::signature_missing;
        return verify(stamped, claimed, now);
    }

private:
    struct accepted {
        std::string signature;
        forest::wall_time when;
    };

    // Behind the colon.
    static std::string trimmed(std::string_view value) {
        if (!value.empty())
            value.remove_prefix(1);
        const std::size_t begin = value.find_first_not_of(" \t");
        if (begin == std::string_view::npos)
            return {};
        return std::string{value.substr(begin, value.find_last_not_of(" \t") - begin + 1)};
    }

    static bool conflict(const std::vector<std::string> (&values)[2]) {
        return values[0].size() > 1 || values[1].size() > 1 ||
               (!values[0].empty() && !values[1].empty() && values[0] != values[1]);
    }

    static std::string sole(const std::vector<std::string> (&values)[2]) {
        const auto& some = values[0].empty() ? values[1] : values[0];
        return some.empty() ? std::string{} : some.front();
    }

    forest::verification verify(const std::string& stamped, const std::string& claimed,
                                forest::wall_time now) {
        using forest::refusal;
        auto signed_at = reference_timestamp(stamped);
        if (!signed_at) {
            signed_at = reference_http_date(stamped);
            if (!signed_at)
                return refusal::timestamp_malformed;
            if (!options_.accept_http_dates)
                return refusal::timestamp_is_http_date;
        }
        const auto second =
            std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
        const std::chrono::seconds ahead{*signed_at - second};
        if (ahead > options_.tolerance || -ahead > options_.tolerance)
            return {refusal::timestamp_outside, ahead};
        if (claimed != sign(stamped))
            return refusal::signature_wrong;
        return remember(claimed, now);
    }

    // Called with times that never decrease.
    forest::verification remember(const std::string& signature, forest::wall_time now) {
        forest::verification result = forest::refusal::none;
        if (options_.replay_window == forest::duration::zero())
            return result;
        std::erase_if(accepted_, [&](const accepted& each) {
            return now - each.when > options_.replay_window;
        });
        for (const accepted& each : accepted_) {
            if (each.signature == signature)
                return forest::refusal::replayed;
        }
        if (accepted_.size() == options_.replay_entries_max) {
            accepted_.pop_front();
            result.replay_forgotten = true;
        }
        accepted_.push_back({signature, now});
        return result;
    }

    forest::verifier_options options_;
    std::deque<accepted> accepted_;
};

inline std::string upper(std::string text) {
    for (char& byte : text)
        byte = static_cast<char>(std::toupper(static_cast<unsigned char>(byte)));
    return text;
}

// The fields of one head, with what a fuzzer cannot guess.
inline std::string fill_in(std::string_view input, std::time_t now) {
    std::string text;
    std::string latest;
    while (!input.empty()) {
        const unsigned char byte = take_choice(input);
        if (byte == 240)
            text += latest = choose_timestamp(now, take_choice(input));
        else if (byte == 241)
            text += sign(latest);
        else if (byte == 242)
            text += upper(sign(latest));
        else
            text.push_back(static_cast<char>(byte));
    }
    return text;
}

inline std::vector<std::string_view> split_heads(std::string_view input) {
    constexpr char separator = '\xfd';
    constexpr std::size_t heads_max = 4;
    std::vector<std::string_view> heads;
    for (std::size_t end = 0; heads.size() < heads_max && end != std::string_view::npos;) {
        end = input.find(separator);
        heads.push_back(input.substr(0, end));
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    return heads;
}

} // namespace detail

inline void signed_head_target(std::string_view input) {
    using namespace std::chrono;
    constexpr std::array<seconds, 4> tolerances{seconds{300}, seconds{0}, seconds{1}, seconds{2}};
    // In the middle of a year, before 1970, around a leap day, and at the end of a year.
    constexpr std::array<std::time_t, 4> clocks{1765281600, -86400, 951868799, 1798761599};
    const unsigned char choice = take_choice(input);
    const unsigned char moment = take_choice(input);
    forest::verifier_options options{.tolerance = tolerances[choice % 4U]};
    if (choice / 4 % 4 == 1)
        options.accept_http_dates = true;
    if (choice / 4 % 4 >= 2) {
        options.replay_window = options.replay_window_min();
        options.replay_entries_max = choice / 16 % 2 == 0 ? 1000 : 1;
    }
    const forest::hmac_sha256_verifier verifier{detail::fuzzed_secret, options};
    detail::reference_verifier reference{options};
    const std::time_t began = clocks[moment % 4U];
    forest::wall_time now{seconds{began} + milliseconds{moment / 4 * 15}};

    for (const std::string_view fields : detail::split_heads(input.substr(0, message_bytes_max))) {
        const std::string text = detail::fill_in(fields, began) + "\r\n\r\n";
        const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n" + text;
        std::vector<char> data{head.begin(), head.end()};
        forest::detail::request_parser parser;
        (void)parser.parse(data);
        if (!parser.error()) {
            const forest::verification expected = reference.verify("Host: a\r\n" + text, now);
            const forest::verification got =
                verifier({.path = "/", .fields = parser.fields(data), .received = now});
            require(got.why == expected.why, "another decision than that of the reference");
            require(got.skew == expected.skew, "another difference of the clocks");
            require(got.replay_forgotten == expected.replay_forgotten,
                    "a signature is forgotten, or is not");
        }
        now += milliseconds{(moment / 16) * (moment / 16) * 97};
    }
}

} // namespace forest_fuzz

#endif
