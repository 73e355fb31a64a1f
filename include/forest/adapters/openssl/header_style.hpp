// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HEADER_STYLE_HPP
#define FOREST_ADAPTERS_OPENSSL_HEADER_STYLE_HPP

#include <forest/form.hpp>

#include <string_view>

// The spelling of the two header fields of a signed request (PROTOCOL.md, 1). A client sends only
// one spelling, because some servers join the values of both. A server accepts both.

namespace forest::inline FOREST_FORM {

/// The spelling that is sent.
enum class header_style {
    underscore, ///< X_TIMESTAMP: read by all servers, but dropped by nginx by default
    dash,       ///< X-Timestamp: passes nginx, but some servers do not read it
};

/// The names of the two header fields of a signed request.
struct signature_field_names {
    std::string_view timestamp;
    std::string_view signature;
};

[[nodiscard]] constexpr signature_field_names field_names(header_style style) noexcept {
    if (style == header_style::dash)
        return {"X-Timestamp", "X-Signature"};
    return {"X_TIMESTAMP", "X_SIGNATURE"};
}

} // namespace forest::inline FOREST_FORM

#endif
