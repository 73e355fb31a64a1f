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
    std::string_view identifier(int value) const noexcept override;
    std::string message(int value) const override;
};

inline constinit const never_destroyed<signature_category_type> signature_category_object;

} // namespace detail

[[nodiscard]] FOREST_DECL std::error_code make_error_code(signature_errc code) noexcept;

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::signature_errc> : std::true_type {};

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/signature_errc.ipp>
#endif

#endif
