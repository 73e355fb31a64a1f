// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_IMPL_SCHEMA_CONTENT_IPP
#define FOREST_CORE_DETAIL_JSON_IMPL_SCHEMA_CONTENT_IPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/detail/json/utf8.hpp>

#include <algorithm>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string schema_content_writer::write() && {
    scanner_.skip_blanks();
    write_value(0, false);
    return std::move(content_);
}

FOREST_DECL void schema_content_writer::write_value(std::size_t depth, bool unordered) {
    assert(depth < json_depth_max || (scanner_.peek() != '{' && scanner_.peek() != '['));
    switch (scanner_.peek()) {
    case '{': return write_object(depth);
    case '[': return write_array(depth, unordered);
    case '"': return (void)write_string();
    default: break;
    }
    const std::size_t begin = scanner_.position();
    json_value::kind type{};
    (void)scanner_.take_value(0, type);
    const std::string_view raw = scanner_.from(begin);
    if (type == json_value::kind::number)
        write_number(raw);
    else
        content_ += raw;
}

FOREST_DECL void schema_content_writer::write_object(std::size_t depth) {
    const std::size_t begin = content_.size();
    const std::size_t first = elements_.size();
    (void)scanner_.take('{');
    content_ += '{';
    scanner_.skip_blanks();
    while (!scanner_.take('}')) {
        const std::size_t key_begin = content_.size();
        const json_string key = write_string();
        const std::size_t key_end = content_.size();
        (void)scanner_.take_colon();
        write_value(depth + 1, depth == 0 && key.equals("collections"));
        content_ += ',';
        if (depth == 0 && key.equals("etag"))
            content_.resize(key_begin);
        else
            elements_.push_back({key_begin, key_end, content_.size()});
        skip_comma();
    }
    sort(begin + 1, first, true);
    content_ += '}';
}

FOREST_DECL void schema_content_writer::write_array(std::size_t depth, bool unordered) {
    const std::size_t begin = content_.size();
    const std::size_t first = elements_.size();
    (void)scanner_.take('[');
    content_ += '[';
    scanner_.skip_blanks();
    while (!scanner_.take(']')) {
        const std::size_t element_begin = content_.size();
        write_value(depth + 1, false);
        content_ += ',';
        if (unordered)
            elements_.push_back({element_begin, content_.size(), content_.size()});
        skip_comma();
    }
    if (unordered)
        sort(begin + 1, first, false);
    content_ += ']';
}

FOREST_DECL void schema_content_writer::skip_comma() {
    scanner_.skip_blanks();
    (void)scanner_.take(',');
    scanner_.skip_blanks();
}

FOREST_DECL std::string_view schema_content_writer::key_of(const element& item) const noexcept {
    return std::string_view{content_}.substr(item.begin, item.key_end - item.begin);
}

FOREST_DECL void schema_content_writer::sort(std::size_t begin, std::size_t first, bool members) {
    const auto start = elements_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto before = [this](const element& left, const element& right) {
        return key_of(left) < key_of(right);
    };
    const auto same_key = [this](const element& left, const element& right) {
        return key_of(left) == key_of(right);
    };
    const bool sorted = std::is_sorted(start, elements_.end(), before);
    if (!sorted)
        std::sort(start, elements_.end(), [this](const element& left, const element& right) {
            const int order = key_of(left).compare(key_of(right));
            return order < 0 || (order == 0 && left.begin < right.begin);
        });
    const bool repeated =
        members && std::adjacent_find(start, elements_.end(), same_key) != elements_.end();
    if (!sorted || repeated) {
        sorted_.clear();
        for (auto each = start; each != elements_.end(); ++each) {
            const bool replaced =
                repeated && each + 1 != elements_.end() && same_key(*each, *(each + 1));
            if (!replaced)
                sorted_.append(content_, each->begin, each->end - each->begin);
        }
        content_.replace(begin, std::string::npos, sorted_);
    }
    elements_.resize(first);
}

FOREST_DECL json_string schema_content_writer::write_string() {
    const std::size_t begin = scanner_.position();
    (void)scanner_.take_string();
    const std::string_view quoted = scanner_.from(begin);
    const json_string text{quoted.substr(1, quoted.size() - 2)};
    content_ += '"';
    std::string_view rest = text.raw();
    while (!rest.empty()) {
        const std::size_t plain = std::min(rest.find('\\'), rest.size());
        content_ += rest.substr(0, plain);
        rest.remove_prefix(plain);
        if (!rest.empty())
            write_escape(rest);
    }
    content_ += '"';
    return text;
}

FOREST_DECL void schema_content_writer::write_escape(std::string_view& rest) {
    const char kind = rest[1];
    if (kind != 'u') {
        rest.remove_prefix(2);
        switch (kind) {
        case 'b': return write_character('\b');
        case 'f': return write_character('\f');
        case 'n': return write_character('\n');
        case 'r': return write_character('\r');
        case 't': return write_character('\t');
        default: return write_character(static_cast<unsigned char>(kind));
        }
    }
    const char32_t unit = read_utf16_escape(rest);
    rest.remove_prefix(utf16_escape_size);
    const char32_t low = is_high_surrogate(unit) ? read_utf16_escape(rest) : 0;
    if (is_low_surrogate(low)) {
        rest.remove_prefix(utf16_escape_size);
        return write_character(combine_surrogates(unit, low));
    }
    if (!is_high_surrogate(unit) && !is_low_surrogate(unit))
        return write_character(unit);
    const auto digits = hex_digits(static_cast<std::uint16_t>(unit));
    content_ += '\\';
    content_.append(digits.data(), digits.size());
}

FOREST_DECL void schema_content_writer::write_character(char32_t character) {
    if (character == '"' || character == '\\')
        content_ += '\\';
    content_ += utf8_character{character}.text();
}

FOREST_DECL void schema_content_writer::write_number(std::string_view raw) {
    const std::size_t begin = content_.size();
    if (raw.front() == '-') {
        content_ += '-';
        raw.remove_prefix(1);
    }
    const std::size_t digits_begin = content_.size();
    const std::size_t mantissa_size = std::min(raw.find_first_of("eE"), raw.size());
    const std::string_view mantissa = raw.substr(0, mantissa_size);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    std::int64_t power = 0;
    content_ += mantissa.substr(0, point);
    if (point < mantissa.size()) {
        content_ += mantissa.substr(point + 1);
        power = -static_cast<std::int64_t>(mantissa.size() - point - 1);
    }
    const std::size_t leading = content_.find_first_not_of('0', digits_begin);
    if (leading == std::string::npos) {
        content_.resize(begin);
        content_ += '0';
        return;
    }
    content_.erase(digits_begin, leading - digits_begin);
    const std::size_t end = content_.find_last_not_of('0') + 1;
    power += static_cast<std::int64_t>(content_.size() - end);
    content_.resize(end);
    write_exponent(raw.substr(std::min(mantissa_size + 1, raw.size())), power);
}

FOREST_DECL void schema_content_writer::write_exponent(std::string_view written,
                                                       std::int64_t more) {
    const bool negative = !written.empty() && written.front() == '-';
    written.remove_prefix(std::min(written.find_first_not_of("+-0"), written.size()));
    constexpr std::size_t digits_max = 18; // Numbers with 18 digits fit into 64 bits.
    if (written.size() <= digits_max) {
        std::int64_t sum = 0;
        for (const char digit : written)
            sum = sum * 10 + (digit - '0');
        sum = (negative ? -sum : sum) + more;
        if (sum != 0)
            content_.append("e").append(std::to_string(sum));
        return;
    }
    std::string size{written};
    std::int64_t carry = negative ? -more : more;
    for (std::size_t place = size.size(); carry != 0 && place-- > 0;) {
        carry += size[place] - '0';
        const std::int64_t digit = (carry % 10 + 10) % 10;
        size[place] = static_cast<char>('0' + digit);
        carry = (carry - digit) / 10;
    }
    if (carry > 0)
        size.insert(0, std::to_string(carry));
    size.erase(0, size.find_first_not_of('0'));
    content_.append(negative ? "e-" : "e").append(size);
}

FOREST_DECL std::string schema_content(std::string_view text) {
    assert(is_valid_json(text));
    return schema_content_writer{text}.write();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
