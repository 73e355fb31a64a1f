// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_SERVE_ANSWER_LOG_HPP
#define FOREST_EXAMPLES_TOOL_SERVE_ANSWER_LOG_HPP

#include <tool/output/terminal.hpp>

#include <forest/core/http_method.hpp>
#include <forest/core/verification.hpp>
#include <forest/signed_route.hpp>

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <string>

// The lines about its answers that a serving program writes to standard error.

namespace forest::cli {

/// Why a request was refused, with the names of options as the command line has them.
inline std::string refusal_text(const verification& decided) {
    switch (decided.why) {
    case refusal::timestamp_is_http_date:
        return "the timestamp is an HTTP date; --accept-http-dates accepts those";
    case refusal::signature_missing:
        return "the request has no timestamp or no signature; does the client have the secret, or "
               "does a proxy "
               "drop field names with underscores (--header-style dash)?";
    case refusal::replayed:
        return "the signature was accepted before; it is a replay, or two clients with one secret "
               "signed the same moment, which --timestamp-digits 9 prevents";
    default: return hint(decided);
    }
}

/// Logs the answers of a route. Not thread-safe.
class answer_log {
public:
    /// With `all` it logs each answer, otherwise only signatures that were forgotten too early.
    explicit answer_log(bool all) : all_{all} {}

    void operator()(const route_answer& answer) {
        // Logs the 1st, 2nd, 4th, 8th, … of them, so that the log does not grow with the load.
        if (answer.verified.replay_forgotten && std::has_single_bit(++forgotten_))
            log(fmt::format("{} signature{} forgotten before the replay window had passed and may "
                            "be used again; raise --replay-entries",
                            forgotten_, forgotten_ == 1 ? " was" : "s were"));
        if (!all_)
            return;
        const std::string why =
            answer.verified ? std::string{} : ": " + refusal_text(answer.verified);
        log(fmt::format("{} {} {}{}", answer.method == http_method::head ? "HEAD" : "GET",
                        answer.path, answer.status, why));
    }

private:
    bool all_;
    std::uint64_t forgotten_ = 0;
};

} // namespace forest::cli

#endif
