// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_PROBE_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_CHOSEN_PROBE_HPP

#include "arguments.hpp"

#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/transport.hpp>
#include <forest/probes.hpp>

#include <CLI/App.hpp>

#include <utility>

// What a check asks, and what counts, as the command line says.

namespace forest::cli {

/// One of the library's probes, with the fields of the command line.
class chosen_probe {
public:
    static constexpr transport_abilities needs{.methods = true};

    chosen_probe(probe_kind kind, probes::basic_status<true> status)
        : kind_{kind}, status_{std::move(status)} {}

    void prepare(request& get) const;

    [[nodiscard]] verdict judge(const reply& answer, wall_time now) const noexcept;

private:
    probe_kind kind_;
    probes::basic_status<true> status_; // has the fields and the method in any case
};

static_assert(probe<chosen_probe>);

/// The options that choose a probe.
void add_probe(CLI::App& app, probe_arguments& probe);

/// Throws usage_error for options that contradict each other, or that HTTP does not allow.
[[nodiscard]] chosen_probe make_probe(const probe_arguments& probe);

} // namespace forest::cli

#endif
