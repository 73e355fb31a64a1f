// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_SIGNER_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_SIGNER_BATTERY_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::string hex(std::string_view bytes);

// Base64 (RFC 4648, 4) without the last digits, which depend on the bytes that follow.
FOREST_DECL std::string base64(std::string_view bytes);

// Returns whether a text contains the secret, plain or encoded.
FOREST_DECL bool shows(std::string_view text, std::string_view secret);

// Captures the output to the standard streams while it exists.
class captured_output {
public:
    captured_output();
    captured_output(const captured_output&) = delete;
    captured_output& operator=(const captured_output&) = delete;
    ~captured_output();

    [[nodiscard]] std::string text() const { return written_.str(); }

private:
    std::stringbuf written_;
    std::streambuf* out_;
    std::streambuf* error_;
    std::streambuf* log_;
};

// The scenarios for a signer. `Make` makes one from a secret.
template <typename Make>
class signer_battery {
public:
    explicit signer_battery(Make& make) : make_{make} {
        request_.target = "http://conformance.example:3000/forest/health?a=b";
    }

    std::vector<violation> run(const progress_callback& on_progress) {
        const std::vector<scenario> scenarios{
            {"a secret", [this] { run_with("a secret of the conformance battery"); }},
            {"a secret that is longer than a block of the hash",
             [this] { run_with(std::string(200, 'k') + "\xc3\xa9"); }}};
        play_all(
            scenarios, on_progress, [](std::string_view, const auto& body) { body(); },
            [] { return true; });
        return found_.take();
    }

private:
    void run_with(const std::string& secret) {
        const captured_output output;
        if (const auto thrown = thrown_by([&] { check(secret); }))
            if (found_.expect(!shows(*thrown, secret), "signer.secret_told",
                              "the message of an exception shows the secret"))
                found_.add("signer.threw", *thrown);
        const std::string written = output.text();
        found_.expect(!shows(written, secret) && !shows_signature(written), "signer.secret_printed",
                      "signing wrote ", written.size(),
                      " bytes to the standard streams, with the secret or a signature in them");
    }

    using model = decltype(std::declval<Make&>()(std::string_view{}));

    // Fields that the request already has, as in the fetch of a schema.
    static constexpr std::string_view present = "If-None-Match: abc\r\nX-Present: 1\r\n";

    // Returns the lines that a signer adds. The signer gets the fields of the request itself,
    // as from a client.
    std::string sign(model& signing, wall_time now) {
        request_.fields.clear();
        (void)request_.fields.add("If-None-Match", "abc");
        (void)request_.fields.add("X-Present", "1");
        signing.sign(request_, now, request_.fields);
        const std::string_view text = request_.fields.text();
        if (!found_.expect(text.substr(0, present.size()) == present, "signer.fields_changed",
                           "the lines of the request are missing or changed: expected ",
                           quoted{present}, " first, got ", quoted{text.substr(0, present.size())}))
            return {};
        return std::string{text.substr(present.size())};
    }

    void check(std::string_view secret) {
        using namespace std::chrono_literals;
        constexpr wall_time first{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
        constexpr std::array times{first, first + 1ms, first + 24h * 365 * 50, wall_time{},
                                   first - 1ms};
        model signing = make_(secret);
        std::vector<std::string> signatures;
        for (const wall_time now : times)
            signatures.push_back(sign(signing, now));
        note_signatures(signatures[0], make_("another secret"), first);
        for (const std::string& each : signatures)
            check_fields(each, secret);

        // In so many calls a clock changes. A signer must not read a clock.
        constexpr std::size_t times_repeated = 5000;
        for (std::size_t round = 0; round < times_repeated; ++round)
            for (std::size_t index = times.size(); index-- > 0;)
                if (!found_.expect(sign(signing, times[index]) == signatures[index],
                                   "signer.depends_on_history",
                                   "the same request was signed differently the second time"))
                    return;

        model other = make_(secret);
        const std::string others = sign(other, first);
        found_.expect(others == signatures[0], "signer.objects_differ",
                      "a second signer with the same secret signed differently");
        if constexpr (std::copy_constructible<model>) {
            model copy{std::as_const(signing)};
            found_.expect(sign(copy, first) == signatures[0], "signer.copy_differs",
                          "a copy signed differently from its original");
        }
        model moved{std::move(other)};
        found_.expect(sign(moved, first) == others, "signer.copy_differs",
                      "a signer that was moved signed differently from before");
    }

    // Stores which of the added values depend on the secret.
    void note_signatures(std::string_view added, model&& stranger, wall_time now) {
        const std::string others = sign(stranger, now);
        field_view{added}.for_each([&](std::string_view, std::string_view value) {
            if (others.find(value) == std::string::npos)
                signatures_.emplace_back(value);
        });
    }

    void check_fields(std::string_view added, std::string_view secret) {
        found_.expect(!shows(added, secret), "signer.secret_sent",
                      "the secret is in a header field");
        const field_view fields{added};
        fields.for_each([&](std::string_view name, std::string_view) {
            constexpr std::array<std::string_view, 8> reserved{
                "Host", "Connection", "Content-Length", "Transfer-Encoding",
                "TE",   "User-Agent", "Accept",         "Upgrade"};
            found_.expect(
                std::none_of(reserved.begin(), reserved.end(),
                             [name](std::string_view each) { return iequals(each, name); }),
                "signer.reserved_field", "it adds the field ", quoted{name});
            found_.expect(fields.count(name) == 1, "signer.reserved_field", "it adds the field ",
                          name, " more than once");
        });
    }

    bool shows_signature(std::string_view text) const {
        return std::any_of(signatures_.begin(), signatures_.end(), [text](const std::string& each) {
            return text.find(each) != std::string_view::npos;
        });
    }

    Make& make_;
    request request_;
    findings found_;
    std::vector<std::string> signatures_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/signer_battery.ipp>
#endif

#endif
