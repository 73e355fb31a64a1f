// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_HEALTH_DOCUMENT_HPP
#define FOREST_CORE_HEALTH_DOCUMENT_HPP

#include <forest/form.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

// The content of a health body (PROTOCOL.md, 1). It is a value without pointers, because the buffer
// of the answer is used again.

namespace forest::inline FOREST_FORM {

struct health_document;

namespace detail {

[[nodiscard]] FOREST_DECL std::error_code parse_health_document(std::string_view body,
                                                                health_document& out) noexcept;

} // namespace detail

/// The two relevant members of a health body. Trivially copyable.
struct health_document {
    /// How many bytes of a version are kept.
    static constexpr std::size_t version_bytes_max = 128;

    enum class state : unsigned char {
        ok,       ///< `status` is the string `ok`
        stopping, ///< `status` is the string `stopping` (B9)
        other,    ///< anything else, or no `status` at all
    };

    state status = state::other;

    /// Returns the string `version`; empty if there is none. If it is longer than
    /// `version_bytes_max`, it is cut after a whole character. It is valid as long as this object.
    [[nodiscard]] constexpr std::string_view version() const noexcept {
        return {version_.data(), version_size_};
    }

    // This function is in health_document_parser.hpp, so that a verdict needs no parser.
    friend std::error_code detail::parse_health_document(std::string_view body,
                                                         health_document& out) noexcept;

private:
    std::array<char, version_bytes_max> version_{};
    unsigned char version_size_ = 0;
};

} // namespace forest::inline FOREST_FORM

#endif
