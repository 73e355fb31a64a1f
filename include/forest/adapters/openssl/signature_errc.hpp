// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_SIGNATURE_ERRC_HPP
#define FOREST_ADAPTERS_OPENSSL_SIGNATURE_ERRC_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

// The faults of the options of a signer or a verifier.

namespace forest::inline FOREST_FORM {

/// The option of a signer or a verifier that is out of its range.
enum class signature_errc {
    invalid_fraction_digits = 1,
    invalid_tolerance,
    invalid_replay_window,
    invalid_replay_entries_max,
    http_dates_with_replay_window,
};

namespace detail {

class signature_category_type final : public option_category {
public:
    const char* name() const noexcept override { return "forest.signature"; }
    std::string_view identifier(int value) const noexcept override {
        switch (signature_errc{value}) {
        case signature_errc::invalid_fraction_digits: return "invalid_fraction_digits";
        case signature_errc::invalid_tolerance: return "invalid_tolerance";
        case signature_errc::invalid_replay_window: return "invalid_replay_window";
        case signature_errc::invalid_replay_entries_max: return "invalid_replay_entries_max";
        case signature_errc::http_dates_with_replay_window: return "http_dates_with_replay_window";
        }
        return {};
    }
    std::string message(int value) const override {
        switch (signature_errc{value}) {
        case signature_errc::invalid_fraction_digits:
            return "signer_options.fraction_digits must be from 3 to 9";
        case signature_errc::invalid_tolerance:
            return "verifier_options.tolerance must be from 0 to 366 days";
        case signature_errc::invalid_replay_window:
            return "verifier_options.replay_window must be 0, or at least 2 x tolerance + 1 s: a "
                   "shorter one forgets signatures whose timestamps are still accepted";
        case signature_errc::invalid_replay_entries_max:
            return "verifier_options.replay_entries_max must be from 1 to 16777216";
        case signature_errc::http_dates_with_replay_window:
            return "verifier_options.accept_http_dates needs a replay_window of 0: all clients "
                   "that check in the same second sign the same date";
        }
        return "unknown error";
    }
};

inline const signature_category_type signature_category_object{};

} // namespace detail

[[nodiscard]] inline std::error_code make_error_code(signature_errc code) noexcept {
    return {static_cast<int>(code), detail::signature_category_object};
}

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::signature_errc> : std::true_type {};

#endif
