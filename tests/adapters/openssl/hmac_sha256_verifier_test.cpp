// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>

#include <adapters/support/golden_signatures.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/health_route.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace forest;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

static_assert(std::copyable<hmac_sha256_verifier>);
static_assert(std::constructible_from<request_verifier, hmac_sha256_verifier>);

const std::string secret = "my-secret";
const std::string stamp = "2025-01-01T12:00:00.000Z";
const std::string good = "647ef9b0503cc0771133c774d026d886499a2c65f0bb6ca360ebdff8daeacad6";
const wall_time noon = *parse_timestamp(stamp);

// The same moment, written otherwise, and its signature.
const std::string other_stamp = "2025-01-01T12:00:00Z";
const std::string other_good = "2da47a1bc76a2326f8ae38876bc5aec68b3b3a0cad6247623b0c8713b106f425";

std::string line(std::string_view name, std::string_view value) {
    return std::string{name}.append(": ").append(value).append("\r\n");
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char byte) { return static_cast<char>(std::toupper(byte)); });
    return text;
}

std::string hex(std::string_view timestamp) {
    const auto digits = hmac_sha256{secret}.sign(timestamp);
    return {digits.data(), digits.size()};
}

std::string headers(std::string_view timestamp, std::string_view signature) {
    return line("X_TIMESTAMP", timestamp) + line("X_SIGNATURE", signature);
}

server_request asking(std::string_view raw, wall_time received = noon) {
    return {http_method::get, "/forest/health", field_view{raw}, received};
}

bool accepts(const std::string& raw, wall_time received = noon) {
    return hmac_sha256_verifier{secret}(asking(raw, received));
}

struct row {
    std::string what;
    std::string raw;

    friend std::ostream& operator<<(std::ostream& out, const row& shown) {
        return out << shown.what;
    }
};

const std::vector<row> accepted{
    {"underscores", headers(stamp, good)},
    {"in the other order", line("X_SIGNATURE", good) + line("X_TIMESTAMP", stamp)},
    {"among other fields", line("Host", "a") + headers(stamp, good) + line("X_OTHER", "b")},
    {"x_timestamp", line("x_timestamp", stamp) + line("x_signature", good)},
    {"X_timestamp", line("X_timestamp", stamp) + line("X_signature", good)},
    {"X-Timestamp", line("X-Timestamp", stamp) + line("X-Signature", good)},
    {"x-timestamp", line("x-timestamp", stamp) + line("x-signature", good)},
    {"mixed spellings", line("X_TIMESTAMP", stamp) + line("x-SiGnAtUrE", good)},
    {"both spellings, equal",
     headers(stamp, good) + line("X-Timestamp", stamp) + line("X-Signature", good)},
    {"both spellings of one field", headers(stamp, good) + line("X-Signature", good)},
    {"both spellings, equal but for blanks",
     headers(stamp, good) + "X-Timestamp: \t" + stamp + " \r\n"},
    {"blanks around the values", headers(" \t" + stamp + "\t ", "\t" + good + "  ")},
    {"no blank before the values", "X_TIMESTAMP:" + stamp + "\r\nX_SIGNATURE:" + good + "\r\n"},
    {"no fraction", headers(other_stamp, other_good)},
};

const std::vector<row> refused{
    {"no fields at all", ""},
    {"no signature", line("X_TIMESTAMP", stamp)},
    {"no timestamp", line("X_SIGNATURE", good)},
    {"empty signature", headers(stamp, "")},
    {"empty timestamp", headers("", good)},
    {"empty timestamp, rightly signed", headers("", hex(""))},
    {"wrong signature", headers(stamp, other_good)},
    {"signature of another secret",
     headers("2025-12-09T12:00:00.000Z",
             "b1fa47dd01adb84e4dcb6b8a5aad1b7b9ce8228ecdbd912aa6e888b7582cf6e2")},
    {"first digit wrong", headers(stamp, "7" + good.substr(1))},
    {"last digit wrong", headers(stamp, good.substr(0, 63) + "7")},
    {"a digit too few", headers(stamp, good.substr(0, 63))},
    {"half a signature", headers(stamp, good.substr(0, 32))},
    {"a digit too many", headers(stamp, good + "0")},
    {"signature twice in one value", headers(stamp, good + good)},
    {"upper-case signature", headers(stamp, upper(good))},
    {"one upper-case digit", headers(stamp, good.substr(0, 3) + "E" + good.substr(4))},
    {"a digit of sixteen, which carries", headers(stamp, std::string{good}.replace(6, 2, "ag"))},
    {"no hex digits", headers(stamp, std::string(64, 'g'))},
    {"bytes before and after the digits", headers(stamp, "/:`g@G" + good.substr(6))},
    {"signature in quotes", headers(stamp, "\"" + good + "\"")},
    {"signature with its algorithm", headers(stamp, "sha256=" + good)},
    {"duplicated signature", headers(stamp, good) + line("X_SIGNATURE", good)},
    {"duplicated signature, in another case", headers(stamp, good) + line("x_signature", good)},
    {"duplicated signature, the second wrong",
     headers(stamp, good) + line("X_SIGNATURE", other_good)},
    {"duplicated signature, the first wrong",
     line("X_SIGNATURE", other_good) + headers(stamp, good)},
    {"duplicated signature, the second empty", headers(stamp, good) + line("X_SIGNATURE", "")},
    {"duplicated timestamp", headers(stamp, good) + line("X_TIMESTAMP", stamp)},
    {"duplicated dashed timestamp",
     line("X-Timestamp", stamp) + line("X-TIMESTAMP", stamp) + line("X-Signature", good)},
    {"three times, both spellings",
     headers(stamp, good) + line("X-Signature", good) + line("X_SIGNATURE", good)},
    {"joined by a proxy", headers(stamp + ", " + stamp, good + ", " + good)},
    {"both spellings, other timestamp", headers(stamp, good) + line("X-Timestamp", other_stamp)},
    {"both spellings, other signature", headers(stamp, good) + line("X-Signature", other_good)},
    {"both spellings, two valid pairs",
     headers(stamp, good) + line("X-Timestamp", other_stamp) + line("X-Signature", other_good)},
    {"both spellings, one empty", headers(stamp, good) + line("X-Signature", "")},
    {"both spellings, the first empty", line("X-Signature", "") + headers(stamp, good)},
    {"other names", line("TIMESTAMP", stamp) + line("SIGNATURE", good)},
    {"names with spaces", line("X TIMESTAMP", stamp) + line("X SIGNATURE", good)},
    {"names run together", line("XTIMESTAMP", stamp) + line("XSIGNATURE", good)},
    {"the same moment signed otherwise", headers(other_stamp, good)},
};

// Rightly signed, but not in the grammar of the server.
const std::vector<std::string> unreadable{
    "2025-01-01T12:00:00",   "2025-01-01 12:00:00Z", "2025-01-01T12:00:00,000Z",
    "2025-01-01T12:00:00.Z", "2025-01-01T12:00Z",    "2025-01-01",
    "20250101T120000Z",      "1735732800",           "Wed, 01 Jan 2025 12:00:00 GMT",
    "2025-02-30T12:00:00Z",  "2025-01-01T24:00:00Z", "2025-01-01T12:00:00Z junk",
    "12025-01-01T12:00:00Z", "2025-01-01T12:00:61Z", "now",
};

const std::vector<std::string> readable{
    "2025-01-01T12:00:00Z",      "2025-01-01t12:00:00z",     "2025-01-01T12:00:00.123456789Z",
    "2025-01-01T14:00:00+02:00", "2025-01-01T14:00:00+0200", "2025-01-01T14:00:00+02",
    "2025-01-01T09:30:00-02:30", "2025-01-01T11:59:60Z",
};

struct distance {
    std::chrono::milliseconds clock; // of the server, from noon
    bool accepted;

    friend std::ostream& operator<<(std::ostream& out, const distance& shown) {
        return out << shown.clock.count() << " ms";
    }
};

// Both clocks are floored: the server's second lasts until its last millisecond.
const std::vector<distance> window{
    {0ms, true},        {299s, true},   {300s, true},       {300999ms, true},    {301s, false},
    {301001ms, false},  {1h, false},    {24h * 365, false}, {-299s, true},       {-300s, true},
    {-300001ms, false}, {-301s, false}, {-1h, false},       {-24h * 365, false},
};

BOOST_AUTO_TEST_SUITE(hmac_sha256_verifier_test)

BOOST_DATA_TEST_CASE(golden_vectors_are_accepted, data::make(tests::golden_signatures)) {
    const hmac_sha256_verifier verify{sample.secret};
    const std::string raw = headers(sample.timestamp, sample.signature);
    BOOST_TEST(verify(asking(raw, *parse_timestamp(sample.timestamp))));
}

BOOST_DATA_TEST_CASE(good_signatures_are_accepted, data::make(accepted)) {
    BOOST_TEST(accepts(sample.raw));
}

BOOST_DATA_TEST_CASE(everything_else_is_refused, data::make(refused)) {
    BOOST_TEST(!accepts(sample.raw));
}

BOOST_DATA_TEST_CASE(timestamps_outside_the_grammar_are_refused, data::make(unreadable)) {
    BOOST_TEST(!accepts(headers(sample, hex(sample))));
}

BOOST_DATA_TEST_CASE(timestamps_in_the_grammar_are_accepted, data::make(readable)) {
    BOOST_TEST(accepts(headers(sample, hex(sample))));
}

BOOST_DATA_TEST_CASE(the_window_is_five_minutes_in_whole_seconds, data::make(window)) {
    BOOST_TEST(accepts(headers(stamp, good), noon + sample.clock) == sample.accepted);
}

BOOST_AUTO_TEST_CASE(the_clients_fraction_is_cut_off_too) {
    const std::string late = "2025-01-01T12:00:00.999Z";
    const std::string raw = headers(late, hex(late));
    BOOST_TEST(accepts(raw, noon - 300s));
    BOOST_TEST(!accepts(raw, noon - 301s));
    BOOST_TEST(accepts(raw, noon + 300s));
    BOOST_TEST(!accepts(raw, noon + 301s));
}

BOOST_AUTO_TEST_CASE(the_tolerance_is_an_option) {
    const std::string raw = headers(stamp, good);
    const hmac_sha256_verifier strict{secret, {.tolerance = 0s}};
    BOOST_TEST(strict(asking(raw, noon + 999ms)));
    BOOST_TEST(!strict(asking(raw, noon + 1s)));
    BOOST_TEST(!strict(asking(raw, noon - 1ms)));
}

BOOST_AUTO_TEST_CASE(every_digit_counts) {
    for (std::size_t index = 0; index < good.size(); ++index) {
        std::string wrong = good;
        wrong[index] = wrong[index] == '0' ? '1' : '0';
        BOOST_TEST(!accepts(headers(stamp, wrong)));
    }
}

BOOST_AUTO_TEST_CASE(every_byte_but_the_digits_is_refused) {
    // Each takes the place of a 6, so that a reader who maps bytes carelessly would find a 6.
    BOOST_REQUIRE(good.front() == '6');
    for (int byte = 0; byte < 256; ++byte) {
        if (byte == '6')
            continue;
        std::string wrong = good;
        wrong.front() = static_cast<char>(byte);
        BOOST_TEST(!accepts(headers(stamp, wrong)));
    }
}

BOOST_DATA_TEST_CASE(what_the_signer_sends_is_accepted, data::make({false, true}), dashed) {
    hmac_sha256_signer signer{secret, dashed ? header_style::dash : header_style::underscore};
    header_fields fields;
    signer.sign(request{}, noon + 123ms, fields);
    BOOST_TEST(accepts(std::string{fields.text()}));
    BOOST_TEST(!hmac_sha256_verifier{"another"}(asking(fields.text())));
}

BOOST_AUTO_TEST_CASE(an_empty_secret_is_refused) {
    BOOST_CHECK_EXCEPTION(
        hmac_sha256_verifier{""}, std::system_error,
        [](const std::system_error& thrown) { return thrown.code() == errc::secret_missing; });
}

BOOST_AUTO_TEST_CASE(without_a_replay_window_two_masters_may_sign_the_same) {
    const hmac_sha256_verifier verify{secret};
    const std::string raw = headers(stamp, good);
    BOOST_TEST(verify(asking(raw)));
    BOOST_TEST(verify(asking(raw)));
}

// With the least window, no moment is left at which a signature could be used again.
BOOST_DATA_TEST_CASE(within_the_replay_window_a_signature_is_good_once,
                     data::make({0, 1, 2, 299, 300})) {
    const std::chrono::seconds tolerance{sample};
    const verifier_options settings{.tolerance = tolerance, .replay_window = 2 * tolerance + 1s};
    BOOST_TEST((settings.replay_window == settings.replay_window_min()));
    const std::string raw = headers(stamp, good);
    for (const auto first : {-std::chrono::milliseconds{tolerance}, 0ms}) {
        const hmac_sha256_verifier verify{secret, settings};
        BOOST_TEST(verify(asking(raw, noon + first)));
        for (auto at = first; at <= tolerance + 2s; at += 250ms)
            BOOST_TEST_REQUIRE(!verify(asking(raw, noon + at)));
        BOOST_TEST((verify(asking(raw, noon + tolerance + 999ms)).why == refusal::replayed));
        BOOST_TEST((verify(asking(raw, noon + tolerance + 1s)).why == refusal::timestamp_outside));
    }
}

template <typename Wrong>
void require_refused(const verifier_options& settings, Wrong expected) {
    BOOST_TEST((settings.validate() == expected));
    BOOST_TEST((settings.validate() == condition::invalid_argument));
    BOOST_CHECK_EXCEPTION((hmac_sha256_verifier{secret, settings}), std::system_error,
                          [&](const auto& thrown) { return thrown.code() == expected; });
}

BOOST_AUTO_TEST_CASE(options_out_of_their_range_are_refused_by_name) {
    using wrong = signature_errc;
    BOOST_TEST(!verifier_options{}.validate());
    require_refused({.tolerance = -1s}, wrong::invalid_tolerance);
    require_refused({.tolerance = verifier_options::tolerance_max + 1s}, wrong::invalid_tolerance);
    for (const duration shorter : {duration{-1}, duration{1}, duration{5s}, duration{300s},
                                   duration{600s}, duration{601s} - 1ns})
        require_refused({.replay_window = shorter}, wrong::invalid_replay_window);
    BOOST_TEST((!verifier_options{.replay_window = 601s}.validate()));
    BOOST_TEST((!verifier_options{.replay_window = 1h}.validate()));
    require_refused({.tolerance = 301s, .replay_window = 601s}, wrong::invalid_replay_window);
    BOOST_TEST(
        (!verifier_options{.tolerance = verifier_options::tolerance_max, .replay_window = 733 * 24h}
              .validate()));
    require_refused({.replay_entries_max = 0}, wrong::invalid_replay_entries_max);
    require_refused({.replay_entries_max = verifier_options::replay_entries_limit + 1},
                    wrong::invalid_replay_entries_max);
    require_refused({.replay_window = 601s, .accept_http_dates = true},
                    wrong::http_dates_with_replay_window);
    BOOST_TEST((!verifier_options{.accept_http_dates = true}.validate()));
}

BOOST_AUTO_TEST_CASE(each_wrong_option_is_named_in_a_message_of_its_own) {
    std::set<std::string> messages;
    std::set<std::string_view> names;
    for (int code = 1; code <= 5; ++code) {
        const std::error_code ec = signature_errc{code};
        BOOST_TEST(ec.category().name() == std::string{"forest.signature"});
        BOOST_TEST((ec == condition::invalid_argument));
        messages.insert(ec.message());
        names.insert(name(ec));
    }
    BOOST_TEST(messages.size() == 5U);
    BOOST_TEST(names.size() == 5U);
    BOOST_TEST(names.count("invalid_replay_window") == 1U);
    BOOST_TEST(name(std::error_code{signature_errc{6}}) == "unknown");
    BOOST_TEST(messages.count("unknown error") == 0U);
}

// -- Dates of HTTP, which some clients sign --

const std::string date_stamp = "Sun, 29 Nov 2026 15:22:31 GMT";
const std::string date_good = "aa0dc0bc06ae2c145be75618e45d22ef67be03a967029c858216a4b9d2a9c451";
const wall_time date_time = *parse_timestamp("2026-11-29T15:22:31Z");

BOOST_AUTO_TEST_CASE(a_signed_date_is_accepted_only_by_an_option) {
    const std::string raw = headers(date_stamp, date_good);
    BOOST_TEST((hmac_sha256_verifier{secret}(asking(raw, date_time)).why ==
                refusal::timestamp_is_http_date));
    const hmac_sha256_verifier verify{secret, {.accept_http_dates = true}};
    BOOST_TEST(verify(asking(raw, date_time)));
    BOOST_TEST(verify(asking(raw, date_time)));
    BOOST_TEST(verify(asking(headers(" " + date_stamp + "\t", date_good), date_time)));
    BOOST_TEST(verify(asking(headers(stamp, good))));
    // What is signed are the bytes, and not the moment.
    BOOST_TEST((verify(asking(headers("2026-11-29T15:22:31Z", date_good), date_time)).why ==
                refusal::signature_wrong));
    BOOST_TEST(
        (verify(asking(headers(date_stamp, good), date_time)).why == refusal::signature_wrong));
}

BOOST_DATA_TEST_CASE(the_window_of_a_signed_date_has_the_same_ends, data::make(window)) {
    const hmac_sha256_verifier verify{secret, {.accept_http_dates = true}};
    const std::string raw = headers(date_stamp, date_good);
    BOOST_TEST(verify(asking(raw, date_time + sample.clock)) == sample.accepted);
}

BOOST_DATA_TEST_CASE(other_forms_of_a_date_are_refused_although_they_are_rightly_signed,
                     data::make({"Mon, 29 Nov 2026 15:22:31 GMT", "sun, 29 nov 2026 15:22:31 gmt",
                                 "SUN, 29 NOV 2026 15:22:31 GMT", "Sunday, 29-Nov-26 15:22:31 GMT",
                                 "Sun Nov 29 15:22:31 2026", "Sun, 29 Nov 2026 15:22:31 UTC",
                                 "Sun, 29 Nov 2026 15:22:31 +0000", "29 Nov 2026 15:22:31 GMT"})) {
    const hmac_sha256_verifier verify{secret, {.accept_http_dates = true}};
    BOOST_TEST((verify(asking(headers(sample, hex(sample)), date_time)).why ==
                refusal::timestamp_malformed));
}

BOOST_AUTO_TEST_CASE(a_refusal_says_why_for_the_log) {
    const hmac_sha256_verifier verify{secret, {.replay_window = 601s}};
    const auto why = [&](const std::string& raw, wall_time at = noon) {
        return verify(asking(raw, at)).why;
    };
    BOOST_TEST((why("") == refusal::signature_missing));
    BOOST_TEST((why(line("X_TIMESTAMP", stamp)) == refusal::signature_missing));
    BOOST_TEST((why(line("X_SIGNATURE", good)) == refusal::signature_missing));
    BOOST_TEST(
        (why(headers(stamp, good) + line("X-Timestamp", other_stamp)) == refusal::fields_conflict));
    BOOST_TEST((why(headers("now", good)) == refusal::timestamp_malformed));
    BOOST_TEST((why(headers(stamp, other_good)) == refusal::signature_wrong));
    BOOST_TEST((why(headers(stamp, "short")) == refusal::signature_wrong));
    BOOST_TEST((why(headers(stamp, good), noon + 1h) == refusal::timestamp_outside));
    BOOST_TEST((verify(asking(headers(stamp, good), noon + 1h)).skew == -1h));
    BOOST_TEST((verify(asking(headers(stamp, good), noon - 1h)).skew == 1h));
    BOOST_TEST((why(headers(stamp, good)) == refusal::none));
    BOOST_TEST((why(headers(stamp, good)) == refusal::replayed));
}

BOOST_AUTO_TEST_CASE(a_replay_in_the_other_spelling_is_one) {
    const hmac_sha256_verifier verify{secret, {.tolerance = 2s, .replay_window = 5s}};
    BOOST_TEST(verify(asking(headers(stamp, good))));
    BOOST_TEST(!verify(asking(line("X-Timestamp", stamp) + line("X-Signature", good))));
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_remembered) {
    const hmac_sha256_verifier verify{
        secret, {.tolerance = 2s, .replay_window = 5s, .replay_entries_max = 1}};
    const std::string raw = headers(stamp, good);
    BOOST_TEST(!verify(asking(raw, noon + 1h)));
    BOOST_TEST(verify(asking(raw)));
    // Strangers do not wear out the memory.
    for (int attempt = 0; attempt < 10; ++attempt)
        BOOST_TEST(!verify(asking(headers(other_stamp, good))));
    BOOST_TEST(!verify(asking(raw)));
}

BOOST_AUTO_TEST_CASE(the_replay_memory_is_bounded_and_forgets_the_oldest) {
    const hmac_sha256_verifier verify{
        secret, {.tolerance = 29s, .replay_window = 59s, .replay_entries_max = 3}};
    const std::vector<std::string> stamps{"2025-01-01T12:00:00Z", "2025-01-01T12:00:01Z",
                                          "2025-01-01T12:00:02Z", "2025-01-01T12:00:03Z"};
    for (const std::string& each : stamps)
        BOOST_TEST(verify(asking(headers(each, hex(each)))));
    for (std::size_t index = 1; index < stamps.size(); ++index)
        BOOST_TEST(!verify(asking(headers(stamps[index], hex(stamps[index])))));
    BOOST_TEST(verify.replays_forgotten() == 1U);
    const verification again = verify(asking(headers(stamps[0], hex(stamps[0]))));
    BOOST_TEST(again);
    BOOST_TEST(again.replay_forgotten);
    BOOST_TEST(verify.replays_forgotten() == 2U);
}

BOOST_AUTO_TEST_CASE(copies_share_the_replay_memory) {
    const hmac_sha256_verifier verify{secret, {.tolerance = 2s, .replay_window = 5s}};
    const request_verifier copy = verify;
    const std::string raw = headers(stamp, good);
    BOOST_TEST(verify(asking(raw)));
    BOOST_TEST(!copy(asking(raw)));
}

constexpr int thread_count = 4;

template <typename Work>
void on_threads(Work work) {
    std::vector<std::thread> threads;
    for (int index = 0; index < thread_count; ++index)
        threads.emplace_back(work, index);
    for (std::thread& each : threads)
        each.join();
}

BOOST_AUTO_TEST_CASE(threads_that_ask_at_once_get_their_own_answers) {
    constexpr int rounds = 500;
    const hmac_sha256_verifier verify{secret};
    const std::string right = headers(stamp, good);
    const std::string wrong = headers(stamp, other_good);
    std::atomic<int> accepted_count = 0;
    std::atomic<int> wrong_answers = 0;
    on_threads([&](int thread) {
        for (int round = 0; round < rounds; ++round) {
            const bool expected = (round + thread) % 2 == 0;
            const bool answer = verify(asking(expected ? right : wrong));
            accepted_count += answer ? 1 : 0;
            wrong_answers += answer != expected ? 1 : 0;
        }
    });
    BOOST_TEST(wrong_answers == 0);
    BOOST_TEST(accepted_count == thread_count * rounds / 2);
}

BOOST_AUTO_TEST_CASE(of_threads_that_replay_one_signature_one_is_let_in) {
    constexpr int stamps = 50;
    const hmac_sha256_verifier verify{secret, {.replay_window = 601s}};
    std::vector<std::string> raw;
    for (int index = 0; index < stamps; ++index) {
        const auto text = format_timestamp(noon + std::chrono::milliseconds{index});
        const std::string_view each{text.data(), text.size()};
        raw.push_back(headers(each, hex(each)));
    }
    std::atomic<int> accepted_count = 0;
    on_threads([&](int) {
        for (const std::string& each : raw)
            accepted_count += verify(asking(each)) ? 1 : 0;
    });
    BOOST_TEST(accepted_count == stamps);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
