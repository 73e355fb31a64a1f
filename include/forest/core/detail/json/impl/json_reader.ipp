// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_IMPL_JSON_READER_IPP
#define FOREST_CORE_DETAIL_JSON_IMPL_JSON_READER_IPP

#include <forest/core/detail/json/json_reader.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void json_scanner::skip_blanks() noexcept {
    while (position_ < text_.size() && is_blank(text_[position_]))
        ++position_;
}

FOREST_DECL bool json_scanner::take(char byte) noexcept {
    if (peek() != byte)
        return false;
    ++position_;
    return true;
}

FOREST_DECL bool json_scanner::take_string() noexcept {
    if (!take('"'))
        return false;
    const std::size_t end = end_of_string(text_, position_);
    if (end == std::string_view::npos)
        return false;
    position_ = end;
    return true;
}

FOREST_DECL bool json_scanner::take_value(std::size_t depth, json_value::kind& type) noexcept {
    const std::size_t outermost = depth;
    bool first = true; // a closing bracket without a value is allowed only directly behind the
                       // opening one
    type = kind_of(peek());
    if (type != json_value::kind::object && type != json_value::kind::array)
        return take_scalar(peek());
    while (true) {
        if (first && depth > outermost && take(in_object_[depth - 1] ? '}' : ']')) {
            --depth;
        } else {
            if (depth > outermost && in_object_[depth - 1] && !take_key())
                return false;
            const char byte = peek();
            if (byte == '{' || byte == '[') {
                if (depth == json_depth_max)
                    return false;
                in_object_[depth++] = byte == '{';
                ++position_;
                skip_blanks();
                first = true;
                continue;
            }
            if (!take_scalar(byte))
                return false;
        }
        if (!close_containers(outermost, depth))
            return false;
        if (depth == outermost)
            return true;
        first = false;
    }
}

FOREST_DECL bool json_scanner::take_colon() noexcept {
    skip_blanks();
    if (!take(':'))
        return false;
    skip_blanks();
    return true;
}

FOREST_DECL bool json_scanner::is_blank(char byte) noexcept {
    return byte <= ' ' && (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t');
}

FOREST_DECL json_value::kind json_scanner::kind_of(char first) noexcept {
    switch (first) {
    case '{': return json_value::kind::object;
    case '[': return json_value::kind::array;
    case '"': return json_value::kind::string;
    case 't':
    case 'f': return json_value::kind::boolean;
    case 'n': return json_value::kind::null;
    default: return json_value::kind::number;
    }
}

FOREST_DECL bool json_scanner::close_containers(std::size_t outermost,
                                                std::size_t& depth) noexcept {
    while (depth > outermost) {
        skip_blanks();
        if (take(',')) {
            skip_blanks();
            return true;
        }
        if (!take(in_object_[depth - 1] ? '}' : ']'))
            return false;
        --depth;
    }
    return true;
}

FOREST_DECL bool json_scanner::take_scalar(char first) noexcept {
    switch (first) {
    case '"': return take_string();
    case 't': return take_word("true");
    case 'f': return take_word("false");
    case 'n': return take_word("null");
    default: return take_number();
    }
}

FOREST_DECL bool json_scanner::take_word(std::string_view word) noexcept {
    if (text_.substr(position_, word.size()) != word)
        return false;
    position_ += word.size();
    return true;
}

FOREST_DECL bool json_scanner::take_digits() noexcept {
    const std::size_t begin = position_;
    while ('0' <= peek() && peek() <= '9')
        ++position_;
    return position_ != begin;
}

FOREST_DECL bool json_scanner::take_number() noexcept {
    take('-');
    if (!take('0') && !take_digits())
        return false;
    if (take('.') && !take_digits())
        return false;
    if (take('e') || take('E')) {
        if (!take('+'))
            take('-');
        return take_digits();
    }
    return true;
}

FOREST_DECL bool is_valid_json(std::string_view text) noexcept {
    json_scanner scanner{text};
    json_value::kind type{};
    scanner.skip_blanks();
    if (!scanner.take_value(0, type))
        return false;
    scanner.skip_blanks();
    return scanner.at_end();
}

FOREST_DECL bool take_element(json_scanner& scanner, json_value& value) noexcept {
    const std::size_t begin = scanner.position();
    if (!scanner.take_value(1, value.type))
        return false;
    value.raw = scanner.from(begin);
    return true;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
