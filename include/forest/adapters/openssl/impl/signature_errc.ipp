// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_SIGNATURE_ERRC_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_SIGNATURE_ERRC_IPP

#include <forest/adapters/openssl/signature_errc.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view signature_category_type::identifier(int value) const noexcept {
    switch (signature_errc{value}) {
    case signature_errc::invalid_fraction_digits: return "invalid_fraction_digits";
    case signature_errc::invalid_tolerance: return "invalid_tolerance";
    case signature_errc::invalid_replay_window: return "invalid_replay_window";
    case signature_errc::invalid_replay_entries_max: return "invalid_replay_entries_max";
    case signature_errc::http_dates_with_replay_window: return "http_dates_with_replay_window";
    }
    return {};
}

FOREST_DECL std::string signature_category_type::message(int value) const {
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

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(signature_errc code) noexcept {
    return {static_cast<int>(code), detail::signature_category_object.get()};
}

} // namespace forest::inline FOREST_FORM

#endif
