// SPDX-License-Identifier: BSL-1.0
#include "option_kinds.hpp"

#include "text.hpp"
#include "usage_error.hpp"

#include <CLI/App.hpp>

#include <fmt/format.h>

namespace forest::cli {

void add_duration(CLI::App& app, const std::string& name, duration& into,
                  const std::string& standard, const std::string& help) {
    into = parse_duration(name, standard);
    app.add_option_function<std::string>(
           name, [&into, name](const std::string& text) { into = parse_duration(name, text); },
           help)
        ->type_name("DURATION")
        ->default_str(standard);
}

void add_count(CLI::App& app, const std::string& name, int& into, const std::string& help) {
    app.add_option_function<std::string>(
           name, [&into, name](const std::string& text) { into = parse_count(name, text); }, help)
        ->type_name("N")
        ->default_str(std::to_string(into));
}

void add_file(CLI::App& app, const std::string& name, std::string& into, const std::string& help) {
    app.add_option_function<std::string>(
           name,
           [&into, name](const std::string& text) {
               if (text.empty())
                   throw usage_error(name + " needs the name of a file");
               into = text;
           },
           help)
        ->type_name("FILE");
}

void add_choice(CLI::App& app, const std::string& name, bool& second_chosen,
                const std::string& first, const std::string& second, const std::string& help) {
    const auto choose = [&second_chosen, name, first, second](const std::string& text) {
        if (text != first && text != second)
            throw usage_error(fmt::format("{}: '{}' is neither {} nor {}", name, ascii_escape(text),
                                          first, second));
        second_chosen = text == second;
    };
    app.add_option_function<std::string>(name, choose, help)
        ->type_name(first + "|" + second)
        ->default_str(first);
}

} // namespace forest::cli
