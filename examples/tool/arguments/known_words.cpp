// SPDX-License-Identifier: BSL-1.0
#include "known_words.hpp"

#include "nearest_word.hpp"
#include "usage_error.hpp"
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::cli {

namespace {

// Editors and word processors replace one hyphen or two by these characters, in UTF-8: U+2010 to
// U+2015, the minus sign, and the small and full-width forms.
constexpr std::array<std::string_view, 10> other_dashes{"\u2010", "\u2011", "\u2012", "\u2013",
                                                        "\u2014", "\u2015", "\u2212", "\ufe58",
                                                        "\ufe63", "\uff0d"};

std::string_view without_dashes(std::string_view word) noexcept {
    for (std::size_t before = 0; before != word.size();) {
        before = word.size();
        if (word.substr(0, 1) == "-")
            word.remove_prefix(1);
        for (const std::string_view dash : other_dashes)
            if (word.substr(0, dash.size()) == dash)
                word.remove_prefix(dash.size());
    }
    return word;
}

// A single `-` is standard input.
bool looks_like_option(std::string_view word) noexcept {
    return word != "-" && without_dashes(word).size() < word.size();
}

std::string_view name_part(std::string_view word) noexcept {
    return word.substr(0, word.find('='));
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands(std::function<bool(const CLI::App*)>{});
}

std::vector<std::string> long_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* const option : app.get_options())
        for (const std::string& name : option->get_lnames())
            names.push_back(name);
    return names;
}

const CLI::Option* option_called(const CLI::App& app, std::string_view word) {
    const std::string_view name = name_part(word);
    for (const CLI::Option* const option : app.get_options()) {
        for (const std::string& each : option->get_lnames())
            if (name.substr(0, 2) == "--" && name.substr(2) == each)
                return option;
        for (const std::string& each : option->get_snames())
            if (name == "-" + each)
                return option;
    }
    return nullptr;
}

// `a`, `a and b`, `a, b and c`.
std::string listed(const std::vector<std::string>& words, std::string_view last = "and") {
    std::string text;
    for (std::size_t index = 0; index < words.size(); ++index) {
        if (index > 0)
            text += index + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
        text += words[index];
    }
    return text;
}

std::vector<std::string> with_dashes(std::vector<std::string> names) {
    for (std::string& name : names)
        name.insert(0, "--");
    return names;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
    std::vector<std::string> names;
    for (const CLI::App* const command : commands)
        names.push_back(command->get_name());
    return names;
}

// `forest-health watch`
std::string full_name(const CLI::App& app) {
    return app.get_parent() == nullptr ? app.get_name()
                                       : app.get_parent()->get_name() + " " + app.get_name();
}

// A URL may hold a password, which must not be repeated.
std::string shown(std::string_view word) {
    return word.find('@') == std::string_view::npos ? "'" + ascii_escape(word) + "'" : "the last";
}

class word_reader {
public:
    word_reader(const CLI::App& app, int argc, const char* const* argv, const std::string& version)
        : root_{app}, version_{version} {
        for (int index = 1; index < argc; ++index)
            words_.emplace_back(argv[index]);
    }

    std::string read() {
        const CLI::App* app = &root_;
        std::size_t arguments = 0;
        for (; position_ < words_.size(); ++position_) {
            const std::string_view word = words_[position_];
            if (word == "--") {
                arguments += words_.size() - position_ - 1;
                require_room(*app, arguments, words_.back());
                return {};
            }
            if (looks_like_option(word)) {
                if (std::string output = read_option(*app); !output.empty())
                    return output;
            } else if (word == "help") {
                return help_of(*app, position_ + 1);
            } else if (word == "version") {
                return version_ + "\n";
            } else if (!commands_of(*app).empty()) {
                app = &command_called(word);
            } else {
                require_room(*app, ++arguments, word);
            }
        }
        return {};
    }

private:
    // Returns the help of the program or of a command; for `help watch`, of the command `watch`.
    std::string help_of(const CLI::App& app, std::size_t next) const {
        const bool command_follows = !commands_of(app).empty() && next < words_.size() &&
                                     !looks_like_option(words_[next]) && words_[next] != "help";
        const CLI::App& meant = command_follows ? command_called(words_[next]) : app;
        return meant.help(meant.get_parent() == nullptr ? "" : meant.get_parent()->get_name());
    }

    // Goes to the value of the option, if there is one.
    std::string read_option(const CLI::App& app) {
        const std::string_view word = words_[position_];
        const CLI::Option* const option = option_called(app, word);
        if (option != nullptr && option == app.get_help_ptr())
            return help_of(app, position_ + 1);
        const bool alone = words_.size() == (app.get_parent() == nullptr ? 1U : 2U);
        if (name_part(word) == "--version" &&
            (option == nullptr || option->get_items_expected_max() == 0 ||
             (alone && !has_value(word))))
            return version_ + "\n";
        if (option == nullptr)
            refuse(app, word);
        const bool is_flag = option->get_items_expected_max() == 0;
        if (is_flag && has_value(word))
            throw usage_error(
                fmt::format("{} takes no value; see {} --help", name_part(word), full_name(app)));
        if (!is_flag && option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw &&
            option->get_items_expected_max() == 1 && !seen_.insert(option).second)
            throw usage_error(
                fmt::format("{} is given twice; see {} --help", name_part(word), full_name(app)));
        if (is_flag || has_value(word))
            return {};
        require_value(*option, word);
        ++position_;
        return {};
    }

    static bool has_value(std::string_view word) noexcept {
        return word.find('=') != std::string_view::npos;
    }

    // A value that begins with two dashes must be joined to its option with `=`. Without `=` it is
    // more likely that the value was forgotten.
    void require_value(const CLI::Option& option, std::string_view word) const {
        const std::string needed =
            fmt::format("{} needs a value: {}", word, option.get_type_name());
        if (position_ + 1 == words_.size())
            throw usage_error(needed);
        const std::string_view value = words_[position_ + 1];
        if (value.size() > 2 && value.substr(0, 2) == "--")
            throw usage_error(fmt::format("{}; if '{}' is the value, write {}={}", needed,
                                          ascii_escape(value), word, ascii_escape(value)));
    }

    const CLI::App& command_called(std::string_view word) const {
        const std::vector<const CLI::App*> commands = commands_of(root_);
        for (const CLI::App* const command : commands)
            if (command->get_name() == word)
                return *command;
        const std::vector<std::string> names = names_of(commands);
        if (word.find("://") != std::string_view::npos)
            throw usage_error(
                fmt::format("give one of the commands {} before a URL, as in {} {} URL",
                            listed(names), root_.get_name(), names.front()));
        const std::vector<std::string> nearest = nearest_words(word, names);
        throw usage_error(nearest.empty()
                              ? fmt::format("there is no command '{}'; the commands are {}",
                                            ascii_escape(word), listed(names))
                              : fmt::format("there is no command '{}'; did you mean {}?",
                                            ascii_escape(word), listed(nearest, "or")));
    }

    void require_room(const CLI::App& app, std::size_t arguments, std::string_view word) const {
        std::size_t room = 0;
        for (const CLI::Option* const option : app.get_options())
            if (option->get_positional())
                room += static_cast<std::size_t>(option->get_items_expected_max());
        if (arguments <= room)
            return;
        // In a program without commands, the message begins with the name of the program.
        const std::string who = app.get_parent() == nullptr ? "it" : app.get_name();
        throw usage_error(room == 0 ? fmt::format("{} takes no argument; remove {}; see {} --help",
                                                  who, shown(word), full_name(app))
                                    : fmt::format("{} takes one URL; remove {}; see {} --help", who,
                                                  shown(word), full_name(app)));
    }

    // Names the options that the user may have meant: those of this command, or else of others.
    [[noreturn]] void refuse(const CLI::App& app, std::string_view word) const {
        const std::string name{without_dashes(name_part(word))};
        const bool before_command = !commands_of(app).empty();
        const std::string as_given = ascii_escape(name_part(word));
        const std::string refused =
            before_command ? fmt::format("'{}' is no option of {} itself", as_given, app.get_name())
            : app.get_parent() == nullptr
                ? fmt::format("there is no option '{}'", as_given)
                : fmt::format("{} has no option '{}'", app.get_name(), as_given);
        const auto require_not_here = [&](const std::vector<std::string>& names) {
            if (!names.empty())
                throw usage_error(
                    fmt::format("{}; did you mean {}?", refused, listed(with_dashes(names), "or")));
        };
        const auto require_not_elsewhere = [&](const std::string& meant) {
            const std::vector<std::string> commands = others_with(app, meant);
            if (!commands.empty())
                throw usage_error(fmt::format("{}; {} {} --{}{}", refused, listed(commands),
                                              commands.size() == 1 ? "has" : "have", meant,
                                              before_command ? ", behind the command" : ""));
        };
        if (option_called(app, "--" + name) != nullptr)
            require_not_here({name});
        require_not_elsewhere(name);
        require_not_here(meant_options(name, long_names(app)));
        for (const std::string& each : meant_options(name, all_long_names()))
            require_not_elsewhere(each);
        throw usage_error(fmt::format("{}; see {} --help", refused, full_name(app)));
    }

    // `-v` may mean any option that begins with this letter.
    static std::vector<std::string> meant_options(const std::string& name,
                                                  const std::vector<std::string>& known) {
        if (name.size() != 1)
            return nearest_words(name, known);
        std::vector<std::string> begun;
        for (const std::string& each : known)
            if (each.front() == name.front() && begun.size() < suggestions_max)
                begun.push_back(each);
        return begun;
    }

    std::vector<std::string> others_with(const CLI::App& app, const std::string& name) const {
        std::vector<std::string> names;
        for (const CLI::App* const command : commands_of(root_))
            if (command != &app && option_called(*command, "--" + name) != nullptr)
                names.push_back(command->get_name());
        return names;
    }

    std::vector<std::string> all_long_names() const {
        std::vector<std::string> all;
        for (const CLI::App* const command : commands_of(root_))
            for (const std::string& each : long_names(*command))
                if (std::find(all.begin(), all.end(), each) == all.end())
                    all.push_back(each);
        return all;
    }

    const CLI::App& root_;
    const std::string& version_;
    std::vector<std::string_view> words_;
    std::size_t position_ = 0;
    std::set<const CLI::Option*> seen_; // the options that have a value
};

} // namespace

bool answered_at_once(const CLI::App& app, int argc, const char* const* argv,
                      const std::string& version) {
    const std::string output = word_reader{app, argc, argv, version}.read();
    if (!output.empty())
        terminal{}.write(output);
    return !output.empty();
}

std::size_t help_width() {
    constexpr std::size_t readable_max = 100;
    return std::min(static_cast<std::size_t>(terminal{}.size().columns), readable_max);
}

} // namespace forest::cli
