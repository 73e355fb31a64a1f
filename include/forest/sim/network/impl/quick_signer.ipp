// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_QUICK_SIGNER_IPP
#define FOREST_SIM_NETWORK_IMPL_QUICK_SIGNER_IPP

#include <forest/sim/network/quick_signer.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string quick_hex(std::string_view text) {
    const auto digits =
        forest::detail::hex_digits(detail::quick_hash(text, forest::detail::fnv_1a_begin));
    return {digits.data(), digits.size()};
}

FOREST_DECL void quick_signer::sign(const request&, wall_time moment,
                                    header_fields& fields) const noexcept {
    const auto timestamp = format_timestamp(moment);
    const std::string_view text{timestamp.data(), timestamp.size()};
    const auto signature = forest::detail::hex_digits(detail::quick_hash(text, key_));
    (void)fields.add("X_TIMESTAMP", text); // Cannot fail: there is room for both fields.
    (void)fields.add("X_SIGNATURE", {signature.data(), signature.size()});
}

FOREST_DECL bool quick_verifier::operator()(const server_request& request) const noexcept {
    std::string_view timestamp;
    std::string_view claimed;
    request.fields.for_each_of(
        "X_TIMESTAMP", [&](std::string_view value) { timestamp = value; }, "X_SIGNATURE",
        [&](std::string_view value) { claimed = value; });
    constexpr std::chrono::seconds tolerance{300};
    const auto signed_at = parse_timestamp(timestamp);
    if (!signed_at)
        return false;
    const auto age = std::chrono::floor<std::chrono::seconds>(request.received) - *signed_at;
    const auto expected = forest::detail::hex_digits(detail::quick_hash(timestamp, key_));
    return age <= tolerance && -age <= tolerance &&
           claimed == std::string_view{expected.data(), expected.size()};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
