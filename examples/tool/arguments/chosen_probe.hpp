// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_PROBE_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_PROBE_HPP

#include "arguments.hpp"

#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/transport.hpp>
#include <forest/probes.hpp>

#include <CLI/App.hpp>

#include <span>
#include <utility>

// What a check asks, and what counts, as the command line says.

namespace forest::cli {

/// One of the library's probes, with the fields of the command line.
class probe_choice {
public:
    probe_choice(probe_kind kind, probes::basic_status<true> status, probes::grpc_health grpc)
        : kind_{kind}, status_{std::move(status)}, grpc_{std::move(grpc)} {}

    [[nodiscard]] bool needs_http2() const noexcept { return kind_ == probe_kind::grpc; }

    void prepare(request& get) const;

    [[nodiscard]] verdict judge(const reply& answer, wall_time now) const noexcept;

private:
    probe_kind kind_;
    probes::basic_status<true> status_; // has the fields and the method with every probe
    probes::grpc_health grpc_;
};

/// The probe for the transports of the library.
struct chosen_probe : probe_choice {
    static constexpr transport_abilities needs{.methods = true};
};

/// The probe for libcurl.
struct curl_probe : probe_choice {
    static constexpr transport_abilities needs{.methods = true, .bodies = true, .trailers = true};
};

static_assert(probe<chosen_probe> && probe<curl_probe>);

/// The options that choose a probe and a transport.
void add_probe(CLI::App& app, probe_arguments& probe, request_arguments& request);

/// Throws usage_error for options that contradict each other, or that HTTP does not allow.
[[nodiscard]] probe_choice make_probe(const probe_arguments& probe,
                                      const request_arguments& request);

/// Throws usage_error for options that have no meaning for these targets. `keeps`: connections are
/// kept for the next check.
void require_fitting(const probe_arguments& probe, const request_arguments& request, bool keeps,
                     std::span<const url> targets);

/// Returns whether only the connections to these targets are checked, so that nothing is signed.
[[nodiscard]] bool are_ports(std::span<const url> targets) noexcept;

/// Returns the URL that is checked: with `--probe grpc`, one without a path gets that of the health
/// service.
[[nodiscard]] url target_for(const probe_arguments& probe, url target);

} // namespace forest::cli

#endif
