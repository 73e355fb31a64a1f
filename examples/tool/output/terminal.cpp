// SPDX-License-Identifier: BSL-1.0
#include "terminal.hpp"

#include "queued_output.hpp"
#include "text.hpp"
#include "write_lines.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace forest::cli {

namespace {

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
    // If the reader ends, `write` returns an error, and the process is not killed.
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
    while (!text.empty() && !error_)
        error_ = write_part(STDOUT_FILENO, text);
}

bool is_failure(const std::error_code& error) noexcept {
    return error && error != std::errc::broken_pipe && error != std::errc::interrupted;
}

void terminal::look_for_reader() noexcept {
    pollfd output{STDOUT_FILENO, 0, 0};
    if (!error_ && ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0)
        error_ = std::make_error_code(std::errc::broken_pipe);
}

void occupy_standard_descriptors() noexcept {
    // A new descriptor gets the lowest free number, which is the missing one. Each is opened for
    // the wrong direction, so that its use fails.
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(number, F_GETFD) == -1 && errno == EBADF)
            (void)::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

namespace {

std::atomic<bool> log_begun{false};

std::string omitted_from_log(const left_out& gap) {
    return fmt::format("{} {} lines until {} are left out: nobody read this log\n", utc(gap.first),
                       gap.events, utc(gap.last));
}

// Never destroyed, because its thread may be inside a write when the program ends.
queued_output& standard_error() {
    static auto& output = *new queued_output{STDERR_FILENO, omitted_from_log};
    log_begun = true;
    return output;
}

} // namespace

void log(std::string_view sentence) {
    const wall_time now = wall_clock_now();
    std::string line = fmt::format("{} {}\n", utc(now), sentence);
    try {
        standard_error().change([&](line_queue& lines) { lines.add_check(std::move(line), now); });
    } catch (const std::system_error&) {
        complain(line); // without a thread for it
    }
}

void finish_log() noexcept {
    if (log_begun)
        (void)standard_error().finish([] { return false; });
}

void complain(std::string_view text) noexcept {
    std::signal(SIGPIPE, SIG_IGN);
    constexpr auto wait_max = reader_patience{}.stalled_max;
    while (!text.empty()) {
        pollfd room{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&room, 1, static_cast<int>(wait_max.count())) <= 0)
            return;
        if (write_part(STDERR_FILENO, text))
            return;
    }
}

} // namespace forest::cli
