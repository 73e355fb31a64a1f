// SPDX-License-Identifier: BSL-1.0
#include "terminal.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace forest::cli {

namespace {

// Whoever shares the terminal or pipe has made it non-blocking.
bool wait_for_room() noexcept {
    pollfd room{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&room, 1, -1) >= 0;
}

// As many lines as a pipe takes whole or not at all. More could be taken in part when a signal
// comes, and then nothing would tell that one came.
std::string_view indivisible_part(std::string_view text) noexcept {
    if (text.size() <= PIPE_BUF)
        return text;
    const std::size_t line_end = text.rfind('\n', PIPE_BUF - 1);
    return text.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

bool variable_is_set(const char* name) noexcept {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

bool can_move_the_cursor() noexcept {
    const char* const kind = std::getenv("TERM");
    return kind != nullptr && *kind != '\0' && std::string_view{kind} != "dumb";
}

} // namespace

terminal::terminal()
    : interactive_{::isatty(STDOUT_FILENO) == 1 && can_move_the_cursor()},
      colours_{interactive_ && !variable_is_set("NO_COLOR")} {
    // A reader that goes away is an error of `write` to be handled, not a reason to be killed.
    std::signal(SIGPIPE, SIG_IGN);
}

terminal_size terminal::size() const noexcept {
    winsize found{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0 || found.ws_row == 0)
        return {};
    return {found.ws_col, found.ws_row};
}

std::string terminal::coloured(std::string_view colour, std::string_view text) const {
    return colours_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string{text};
}

void terminal::write(std::string_view text) {
    while (!text.empty() && !error_) {
        const std::string_view part = interactive_ ? text : indivisible_part(text);
        const ssize_t written = ::write(STDOUT_FILENO, part.data(), part.size());
        if (written >= 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EAGAIN && wait_for_room())
            continue;
        else
            error_ = std::error_code{errno, std::generic_category()};
    }
}

bool terminal::failed() const noexcept {
    return error_ && error_ != std::errc::broken_pipe && error_ != std::errc::interrupted;
}

void terminal::look_for_reader() noexcept {
    pollfd output{STDOUT_FILENO, 0, 0};
    if (!error_ && ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0)
        error_ = std::make_error_code(std::errc::broken_pipe);
}

void log(std::string_view sentence) {
    const std::string line = fmt::format("{} {}\n", utc(wall_clock_now()), sentence);
    (void)std::fputs(line.c_str(), stderr);
}

} // namespace forest::cli
