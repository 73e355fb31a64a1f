// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_ARGUMENTS_HELP_FORMATTER_HPP
#define FOREST_EXAMPLES_TOOL_ARGUMENTS_HELP_FORMATTER_HPP

#include "wrapped_text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstddef>
#include <string>
#include <utility>

// The help of CLI11, which does not wrap by itself.

namespace forest::cli {

/// Wraps the help to a number of columns. The explanation of an option stands beside the option if
/// there is room for both, otherwise below it.
class help_formatter : public CLI::Formatter {
public:
    explicit help_formatter(std::size_t width) : width_{width} {}

    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        return entry(make_option_name(option, is_positional) + make_option_opts(option),
                     make_option_desc(option));
    }

    std::string make_subcommand(const CLI::App* sub) const override {
        return entry(sub->get_name(), sub->get_description());
    }

    std::string make_description(const CLI::App* app) const override {
        const std::string text = app->get_description();
        return text.empty() ? text : wrapped(text, width_, 0, 0);
    }

    std::string make_usage(const CLI::App* app, std::string name) const override {
        std::string text = Formatter::make_usage(app, std::move(name));
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        return wrapped(text, width_, 4, 0);
    }

private:
    static constexpr std::size_t beside_width_min = 72;
    static constexpr std::size_t beside_column = 36;
    static constexpr std::size_t below_column = 4;

    [[nodiscard]] std::string entry(const std::string& name, const std::string& explained) const {
        const bool beside = width_ >= beside_width_min;
        const std::size_t column = beside ? beside_column : below_column;
        std::string text = "  " + wrapped(name, width_, below_column, 2);
        if (explained.empty())
            return text;
        if (beside && 2 + name.size() < column)
            text.pop_back();                                 // Both on one line.
        const std::size_t line_begin = text.rfind('\n') + 1; // 0 if there is none
        text.resize(line_begin + column, ' ');
        return text + wrapped(explained, width_, column, column);
    }

    std::size_t width_;
};

} // namespace forest::cli

#endif
