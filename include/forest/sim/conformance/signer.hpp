// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_SIGNER_HPP
#define FOREST_SIM_CONFORMANCE_SIGNER_HPP

#include <forest/form.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/conformance/detail/signer_battery.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <string_view>
#include <type_traits>
#include <vector>

// Checks that a signer keeps the promises of docs/reference/signer.md.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Checks the signers that `make(secret)` returns. A `make` for signers without a secret ignores
/// `secret`. The battery captures and drops what is written to the standard streams, so no other
/// thread should write there at the same time. Returns the violations, at most one for each rule.
template <typename Make>
    requires requires(Make& make, std::string_view secret) {
        { make(secret) } -> signer;
    }
[[nodiscard]] std::vector<violation> check_signer(Make&& make,
                                                  const progress_callback& on_progress = {}) {
    return detail::signer_battery<std::remove_reference_t<Make>>{make}.run(on_progress);
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
