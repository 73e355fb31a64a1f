// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_HEALTH_DOCUMENT_HPP
#define FOREST_CORE_DETAIL_JSON_HEALTH_DOCUMENT_HPP

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/error.hpp>

// What a health body says (PROTOCOL.md, 1), as a value without pointers, since the answer's buffer
// is used again.

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace forest::detail {

/// The two members of a health body that count. Trivially copyable.
struct health_document {
    /// How many bytes of a version are kept.
    static constexpr std::size_t version_bytes_max = 128;

    enum class state : unsigned char {
        ok,       ///< `status` is the string `ok`
        stopping, ///< `status` is the string `stopping` (B9)
        other,    ///< anything else, or no `status` at all
    };

    state status = state::other;

    /// The string `version`, cut after a whole character when it is longer than
    /// `version_bytes_max`; empty when there is none. Valid while this object is.
    [[nodiscard]] constexpr std::string_view version() const noexcept {
        return {version_.data(), version_size_};
    }

    friend std::error_code parse_health_document(std::string_view body,
                                                 health_document& out) noexcept;

private:
    void set_status(const json_value& value) noexcept {
        const bool is_string = value.type == json_value::kind::string;
        if (is_string && value.string().equals("ok"))
            status = state::ok;
        else if (is_string && value.string().equals("stopping"))
            status = state::stopping;
        else
            status = state::other;
    }

    void set_version(const json_value& value) noexcept {
        version_size_ = static_cast<unsigned char>(value.string().copy_prefix_to(version_));
    }

    std::array<char, version_bytes_max> version_{};
    unsigned char version_size_ = 0;
};

/// Takes the last `status` and the last `version` of `body`. Answers `malformed_body`, and leaves
/// `out` as it was, when the body is not one JSON object.
[[nodiscard]] inline std::error_code parse_health_document(std::string_view body,
                                                           health_document& out) noexcept {
    json_value last_status;
    json_value last_version;
    const auto on_member = [&](json_string key, const json_value& value) {
        if (key.equals("status"))
            last_status = value;
        else if (key.equals("version"))
            last_version = value;
    };
    const std::error_code ec = read_json_object(body, on_member);
    if (!ec) {
        out.set_status(last_status);
        out.set_version(last_version);
    }
    return ec;
}

} // namespace forest::detail

#endif
