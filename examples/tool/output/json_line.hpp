// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_JSON_LINE_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_JSON_LINE_HPP

#include "text.hpp"

#include <forest/core/time.hpp>

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

// How an object for scripts is written: in ASCII, on one line.

namespace forest::cli {

/// Members in the order in which they are added. Names need no escaping.
class json_line {
public:
    void add_text(std::string_view name, std::string_view value) {
        begin(name);
        text_ += ascii_quote(value);
    }

    void add_flag(std::string_view name, bool value) {
        begin(name);
        text_ += value ? "true" : "false";
    }

    template <typename Integer>
    void add_integer(std::string_view name, Integer value) {
        begin(name);
        fmt::format_to(std::back_inserter(text_), "{}", value);
    }

    // Has three digits after the point: more would be noise.
    void add_number(std::string_view name, double value) {
        begin(name);
        fmt::format_to(std::back_inserter(text_), "{:.3f}", value);
    }

    // Is precise to the microsecond.
    void add_milliseconds(std::string_view name, duration value) {
        add_number(name, milliseconds(value));
    }

    std::string finish() && { return std::move(text_) + "}\n"; }

private:
    void begin(std::string_view name) {
        text_ += text_.empty() ? '{' : ',';
        text_ += '"';
        text_ += name;
        text_ += "\":";
    }

    std::string text_;
};

} // namespace forest::cli

#endif
