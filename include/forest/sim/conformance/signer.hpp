// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_SIGNER_HPP
#define FOREST_SIM_CONFORMANCE_SIGNER_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <iostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Holds a signer to what docs/reference/signer.md promises.

namespace forest::sim::conformance {

namespace detail {

inline std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes)
        text.append(forest::detail::hex_pair(static_cast<unsigned char>(byte)));
    return text;
}

// RFC 4648, 4, without the last digits, which depend on what follows.
inline std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned pending = 0;
    int bits = 0;
    for (const char byte : bytes) {
        pending = (pending << 8 | static_cast<unsigned char>(byte)) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            text += digits[(pending >> (bits - 6)) & 63];
    }
    return text;
}

// Whether a text shows the secret to whoever reads it.
inline bool shows(std::string_view text, std::string_view secret) {
    const auto contains = [](std::string_view whole, std::string_view part) {
        return std::search(whole.begin(), whole.end(), part.begin(), part.end(),
                           [](char left, char right) {
                               return forest::detail::lower(left) == forest::detail::lower(right);
                           }) != whole.end();
    };
    bool found = contains(text, secret) || contains(text, hex(secret));
    // Behind a user's name, say, the groups of three bytes begin elsewhere.
    for (std::size_t skipped = 0; skipped < 3; ++skipped)
        found = found || contains(text, base64(secret.substr(skipped)));
    return found;
}

// What is written to the standard streams while it lives.
class captured_output {
public:
    captured_output()
        : out_{std::cout.rdbuf(&written_)},
          error_{std::cerr.rdbuf(&written_)},
          log_{std::clog.rdbuf(&written_)} {}
    captured_output(const captured_output&) = delete;
    captured_output& operator=(const captured_output&) = delete;
    ~captured_output() {
        std::cout.rdbuf(out_);
        std::cerr.rdbuf(error_);
        std::clog.rdbuf(log_);
    }

    [[nodiscard]] std::string text() const { return written_.str(); }

private:
    std::stringbuf written_;
    std::streambuf* out_;
    std::streambuf* error_;
    std::streambuf* log_;
};

template <typename Make>
class signer_battery {
public:
    explicit signer_battery(Make& make) : make_{make} {
        request_.target = "http://conformance.example:3000/forest/health?a=b";
    }

    std::vector<violation> run(const progress_callback& told) {
        if (told)
            told({"a secret", 1, 2});
        run_with("a secret of the conformance battery");
        if (told)
            told({"a secret that is longer than a block of the hash", 2, 2});
        run_with(std::string(200, 'k') + "\xc3\xa9");
        return found_.take();
    }

private:
    void run_with(const std::string& secret) {
        const captured_output output;
        try {
            check(secret);
        } catch (const std::exception& thrown) {
            if (found_.expect(!shows(thrown.what(), secret), "signer.secret_told",
                              "the message of an exception shows the secret"))
                found_.add("signer.threw", thrown.what());
        } catch (...) {
            found_.add("signer.threw", "something that is no std::exception");
        }
        const std::string written = output.text();
        found_.expect(!shows(written, secret) && !shows_signature(written), "signer.secret_printed",
                      "signing wrote ", written.size(),
                      " bytes to the standard streams, with the secret or a signature in them");
    }

    using model = decltype(std::declval<Make&>()(std::string_view{}));

    // What is there already, as a client that asks for a schema has it.
    static constexpr std::string_view present = "If-None-Match: abc\r\nX-Present: 1\r\n";

    // The lines that a signer adds; signed as a client does, which gives it the request's own
    // fields.
    std::string sign(model& by, wall_time at) {
        request_.fields.clear();
        (void)request_.fields.add("If-None-Match", "abc");
        (void)request_.fields.add("X-Present", "1");
        by.sign(request_, at, request_.fields);
        const std::string_view text = request_.fields.text();
        if (!found_.expect(text.substr(0, present.size()) == present, "signer.fields_changed",
                           "lines that were there are not, or are others: expected ",
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
        for (const wall_time at : times)
            signatures.push_back(sign(signing, at));
        note_signatures(signatures[0], make_("another secret"), first);
        for (const std::string& each : signatures)
            look_at(each, secret);

        // Often enough for a clock that is read in secret to have gone on.
        constexpr std::size_t times_repeated = 5000;
        for (std::size_t round = 0; round < times_repeated; ++round)
            for (std::size_t index = times.size(); index-- > 0;)
                if (!found_.expect(sign(signing, times[index]) == signatures[index],
                                   "signer.depends_on_history",
                                   "the same request was signed another way the second time"))
                    return;

        model other = make_(secret);
        const std::string others = sign(other, first);
        found_.expect(others == signatures[0], "signer.objects_differ",
                      "a second signer with the same secret signed another way");
        if constexpr (std::copy_constructible<model>) {
            model copy{std::as_const(signing)};
            found_.expect(sign(copy, first) == signatures[0], "signer.copy_differs",
                          "a copy signed another way than its original");
        }
        model moved{std::move(other)};
        found_.expect(sign(moved, first) == others, "signer.copy_differs",
                      "a signer that was moved signed another way than before");
    }

    // The values that depend on the secret, among those that were added.
    void note_signatures(std::string_view added, model&& stranger, wall_time at) {
        const std::string others = sign(stranger, at);
        field_view{added}.for_each([&](std::string_view, std::string_view value) {
            if (others.find(value) == std::string::npos)
                signatures_.emplace_back(value);
        });
    }

    void look_at(std::string_view added, std::string_view secret) {
        found_.expect(!shows(added, secret), "signer.secret_sent",
                      "the secret stands in a header field");
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

} // namespace detail

/// Holds the signers that `make(secret)` answers to their promises. A `make` that has no use for a
/// secret ignores it. What the signers write to the standard streams is looked at and dropped, so
/// no other thread should write there meanwhile. Returns what was found wrong, each fault once.
template <typename Make>
    requires requires(Make& make, std::string_view secret) {
        { make(secret) } -> signer;
    }
[[nodiscard]] std::vector<violation> check_signer(Make&& make, const progress_callback& told = {}) {
    return detail::signer_battery<std::remove_reference_t<Make>>{make}.run(told);
}

} // namespace forest::sim::conformance

#endif
