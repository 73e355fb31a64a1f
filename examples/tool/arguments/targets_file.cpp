// SPDX-License-Identifier: BSL-1.0
#include "targets_file.hpp"

#include "target_url.hpp"
#include "usage_error.hpp"
#include <tool/output/text.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <istream>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::cli {

namespace {

// A line has room for a URL and the white space around it.
constexpr std::size_t line_bytes_max = 2 * url::text_bytes_max;

// Editors on Windows begin UTF-8 files with this mark.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view white = " \t\r\v\f";
    const std::size_t begin = text.find_first_not_of(white);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(white) + 1 - begin);
}

class targets_reader {
public:
    targets_reader(std::istream& input, std::string name) : in_{input}, name_{std::move(name)} {}

    void read_into(std::vector<url>& targets) {
        const std::size_t before = targets.size();
        errno = 0;
        while (next_line()) {
            const std::string_view text = trimmed(line());
            if (text.empty() || text.front() == '#')
                continue;
            if (targets.size() - before == file_targets_max)
                throw fault(fmt::format("there are more than {} URLs", file_targets_max));
            url target;
            if (const std::string bad = read_target(std::string{text}, target); !bad.empty())
                throw fault(bad);
            targets.push_back(std::move(target));
        }
        if (in_.bad())
            throw usage_error(fmt::format("--targets: {} cannot be read: {}", name_,
                                          std::generic_category().message(errno)));
        if (targets.empty())
            throw usage_error(
                fmt::format("--targets: {} has no URL; write one on each line", name_));
    }

private:
    // Reading ends at a line that is too long, unless the line is to be skipped.
    bool next_line() {
        ++number_;
        in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        size_ = static_cast<std::size_t>(in_.gcount());
        if (in_.good()) {
            --size_; // the line end
            return true;
        }
        if (in_.bad() || size_ == 0)
            return false;
        if (in_.eof())
            return true;
        if (trimmed(line()).substr(0, 1) != "#")
            throw fault(fmt::format("it has more than {} bytes", line_bytes_max));
        in_.clear();
        in_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        return true;
    }

    [[nodiscard]] std::string_view line() const noexcept {
        std::string_view text{buffer_.data(), size_};
        if (number_ == 1 && text.substr(0, byte_order_mark.size()) == byte_order_mark)
            text.remove_prefix(byte_order_mark.size());
        return text;
    }

    [[nodiscard]] usage_error fault(std::string_view problem) const {
        return usage_error(fmt::format("--targets: {}, line {}: {}", name_, number_, problem));
    }

    std::istream& in_;
    std::string name_;
    std::size_t number_ = 0; // of the line, from 1
    std::array<char, line_bytes_max + 1> buffer_{};
    std::size_t size_ = 0;
};

} // namespace

void read_targets(const std::string& name, std::vector<url>& urls) {
    if (name == "-")
        return targets_reader{std::cin, "standard input"}.read_into(urls);
    const std::string shown = fmt::format("'{}'", ascii_escape(name));
    errno = 0;
    std::ifstream file{name, std::ios::binary};
    if (!file.is_open())
        throw usage_error(fmt::format("--targets: {} cannot be read: {}", shown,
                                      std::generic_category().message(errno)));
    targets_reader{file, shown}.read_into(urls);
}

} // namespace forest::cli
