// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_JSON_READER_HPP
#define FOREST_CORE_DETAIL_JSON_JSON_READER_HPP

#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

// A strict reader of RFC 8259 that allocates nothing. It validates the whole text, but reports only
// the members of the outermost object or array. A caller that needs more reads the raw value again.
// The reader does not recurse, and the depth has a limit, so a peer cannot exhaust the stack.

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

/// The largest depth of nested arrays and objects. A text with a larger depth is malformed.
inline constexpr std::size_t json_depth_max = 128;

/// A value of a JSON text, viewed in place. It is valid only as long as that text.
struct json_value {
    enum class kind { null, boolean, number, string, array, object };

    kind type = kind::null;
    std::string_view raw; ///< the text of the value, with quotes and brackets

    /// Returns the string; it is empty if the value is of another kind.
    [[nodiscard]] constexpr json_string string() const noexcept {
        return type == kind::string ? json_string{{raw.data() + 1, raw.size() - 2}} : json_string{};
    }
};

// Each function `take_…` takes one construct from the front. When it has returned false, the
// position has no meaning.
class json_scanner {
public:
    explicit json_scanner(std::string_view text) noexcept : text_{text} {}

    void skip_blanks() noexcept;

    bool at_end() const noexcept { return position_ == text_.size(); }
    std::size_t position() const noexcept { return position_; }
    std::string_view from(std::size_t begin) const noexcept {
        return {text_.data() + begin, position_ - begin};
    }

    // Returns 0 at the end. A zero byte is never valid JSON, so the two need not be distinguished.
    char peek() const noexcept { return at_end() ? '\0' : text_[position_]; }

    bool take(char byte) noexcept;

    bool take_string() noexcept;

    // Takes one value with everything in it, inside of `depth` open containers.
    bool take_value(std::size_t depth, json_value::kind& type) noexcept;

    // Takes a key, its colon and the blanks before the value.
    bool take_key() noexcept { return take_string() && take_colon(); }

    bool take_colon() noexcept;

private:
    static bool is_blank(char byte) noexcept;

    static json_value::kind kind_of(char first) noexcept;

    // Called behind a value: closes the containers that end here, and takes the comma after which
    // another value must follow.
    bool close_containers(std::size_t outermost, std::size_t& depth) noexcept;

    bool take_scalar(char first) noexcept;

    bool take_word(std::string_view word) noexcept;

    bool take_digits() noexcept;

    bool take_number() noexcept;

    std::string_view text_;
    std::size_t position_ = 0;
    std::array<bool, json_depth_max>
        in_object_; // for each open container; other elements mean nothing
};

/// Returns whether `text` is exactly one JSON value of any kind, in UTF-8 without a byte order mark
/// (RFC 8259). Blanks around it are allowed. Half of a surrogate pair in an escape is allowed by
/// the grammar. The cost is linear in the size of the text.
[[nodiscard]] FOREST_DECL bool is_valid_json(std::string_view text) noexcept;

// Reads all of `text` as one object or array, and makes a call for each of its elements.
template <class F>
bool take_container(std::string_view text, char open, char close, F&& take_element) {
    json_scanner scanner{text};
    scanner.skip_blanks();
    if (!scanner.take(open))
        return false;
    scanner.skip_blanks();
    if (!scanner.take(close)) {
        do {
            scanner.skip_blanks();
            if (!take_element(scanner))
                return false;
            scanner.skip_blanks();
        } while (scanner.take(','));
        if (!scanner.take(close))
            return false;
    }
    scanner.skip_blanks();
    return scanner.at_end();
}

FOREST_DECL bool take_element(json_scanner& scanner, json_value& value) noexcept;

/// Validates `text` as exactly one JSON object, and calls `on_member(json_string, json_value)` for
/// each of its own members, in order and including duplicates. Returns `malformed_body` for any
/// other text. The caller must then drop the members that it received before the error.
template <class F>
[[nodiscard]] std::error_code read_json_object(std::string_view text, F&& on_member) {
    const auto take_member = [&](json_scanner& scanner) {
        const std::size_t key_begin = scanner.position();
        if (!scanner.take_string())
            return false;
        const json_value key{json_value::kind::string, scanner.from(key_begin)};
        json_value value;
        if (!scanner.take_colon() || !take_element(scanner, value))
            return false;
        on_member(key.string(), value);
        return true;
    };
    return take_container(text, '{', '}', take_member) ? std::error_code{} : errc::malformed_body;
}

/// Like `read_json_object` for an array, with a call of `on_element(json_value)` for each element.
template <class F>
[[nodiscard]] std::error_code read_json_array(std::string_view text, F&& on_element) {
    const auto take_element = [&](json_scanner& scanner) {
        json_value value;
        if (!detail::take_element(scanner, value))
            return false;
        on_element(value);
        return true;
    };
    return take_container(text, '[', ']', take_element) ? std::error_code{} : errc::malformed_body;
}

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/json/impl/json_reader.ipp>
#endif

#endif
