// SPDX-License-Identifier: BSL-1.0
#include "secret.hpp"

#include "usage_error.hpp"
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

// A file is read without the line ends at its end, because editors and `echo` add them.

namespace forest::cli {

namespace {

constexpr std::size_t secret_bytes_max = 64 * 1024;

// A program must not wait in silence for a pipe or a terminal without data.
constexpr std::chrono::seconds read_max{5};

constexpr const char* variable = "FOREST_AUTH_SECRET";

// The value of the variable before it was removed.
std::optional<std::string>& taken_secret() {
    static std::optional<std::string> taken;
    return taken;
}

[[noreturn]] void refuse(const std::string& shown, std::string_view why) {
    throw usage_error(fmt::format("--secret-file: '{}' {}", shown, why));
}

[[noreturn]] void refuse_unreadable(const std::string& shown, int error) {
    refuse(shown, "cannot be read: " + std::generic_category().message(error));
}

// Editors write these marks, but do not show them, and no server has one in its secret. The longer
// marks come first, because the mark of UTF-32 begins like that of UTF-16.
std::string_view byte_order_mark(std::string_view text) {
    struct mark {
        std::string_view bytes;
        std::string_view encoding;
    };
    using namespace std::string_view_literals;
    constexpr std::array marks{
        mark{"\xef\xbb\xbf"sv, "UTF-8"},    mark{"\xff\xfe\0\0"sv, "UTF-32LE"},
        mark{"\0\0\xfe\xff"sv, "UTF-32BE"}, mark{"\xff\xfe"sv, "UTF-16LE"},
        mark{"\xfe\xff"sv, "UTF-16BE"},
    };
    for (const mark& each : marks) {
        if (text.substr(0, each.bytes.size()) == each.bytes)
            return each.encoding;
    }
    return {};
}

class open_file {
public:
    // Opens without waiting for the other end of a pipe. A terminal does not become the controlling
    // terminal.
    explicit open_file(const std::string& name)
        : number_{::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)} {}
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file() {
        if (number_ >= 0)
            ::close(number_);
    }

    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_;
};

// Waits until something can be read, or its end was reached; false when the time is over.
bool wait_readable(int descriptor, std::chrono::steady_clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return false;
        pollfd waited{descriptor, POLLIN, 0};
        const int ready = ::poll(&waited, 1, static_cast<int>(left.count()));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return true; // Reading reports the error.
    }
}

// Reads up to one byte more than allowed.
std::string read_to_end(const open_file& file, const std::string& shown) {
    const auto deadline = std::chrono::steady_clock::now() + read_max;
    std::string text(secret_bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        if (!wait_readable(file.number(), deadline))
            refuse(shown,
                   fmt::format("has not come to its end within {} s; let its writer write the "
                               "secret and close it, or name a regular file",
                               read_max.count()));
        const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
        if (count == 0)
            break;
        if (count > 0)
            size += static_cast<std::size_t>(count);
        else if (errno != EAGAIN && errno != EINTR)
            refuse_unreadable(shown, errno);
    }
    text.resize(size);
    return text;
}

std::string read_secret_file(const std::string& name) {
    const std::string shown = ascii_escape(name);
    const open_file file{name};
    struct stat found{};
    if (file.number() < 0) {
        const int error = errno;
        if (::stat(name.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
            refuse(shown, "is a socket; name a file or a pipe");
        refuse_unreadable(shown, error);
    }
    if (::fstat(file.number(), &found) != 0)
        refuse_unreadable(shown, errno);
    if (S_ISDIR(found.st_mode))
        refuse(shown, "is a directory; name the file with the secret");
    warn_if_others_may_read("--secret-file", name);

    std::string secret = read_to_end(file, shown);
    if (secret.size() > secret_bytes_max)
        refuse(shown, fmt::format("has more than {} bytes; is it the file with the secret?",
                                  secret_bytes_max));
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r'))
        secret.pop_back();
    if (secret.empty())
        refuse(shown, "is empty; put the server's secret there");
    if (const std::string_view encoding = byte_order_mark(secret); !encoding.empty())
        refuse(shown,
               fmt::format("begins with a byte order mark ({}), which would be a part of the "
                           "secret; save it as UTF-8 without one",
                           encoding));
    return secret;
}

} // namespace

void take_secret_variable() {
    const std::string beginning = std::string{variable} + '=';
    // A variable that was set twice is there twice; the first one counts, as for getenv.
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        if (std::strncmp(*each, beginning.c_str(), beginning.size()) != 0)
            continue;
        char* const value = *each + beginning.size();
        const std::size_t size = std::strlen(value);
        if (!taken_secret())
            taken_secret().emplace(value, size);
        ::explicit_bzero(value, size);
    }
    (void)::unsetenv(variable);
}

void await_pipe(std::string_view option, const std::string& name) {
    struct stat found{};
    if (::stat(name.c_str(), &found) != 0 || !S_ISFIFO(found.st_mode))
        return;
    // The pipe stays open until the program ends, so that a later reader gets its content.
    const int pipe = ::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (pipe >= 0 && !wait_readable(pipe, std::chrono::steady_clock::now() + read_max))
        throw usage_error(
            fmt::format("{}: nothing has come from the pipe '{}' within {} s; let its "
                        "writer write, or name a regular file",
                        option, ascii_escape(name), read_max.count()));
}

void warn_if_others_may_read(std::string_view option, const std::string& name) {
    struct stat found{};
    if (::stat(name.c_str(), &found) != 0 || !(S_ISREG(found.st_mode) || S_ISFIFO(found.st_mode)))
        return;
    constexpr mode_t others = S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    if ((found.st_mode & others) != 0)
        log(fmt::format("warning: {}: '{}' may be read or changed by other users (mode {:04o}); "
                        "chmod 600 it",
                        option, ascii_escape(name), found.st_mode & 07777U));
    else if (found.st_uid != ::geteuid() && found.st_uid != 0)
        log(fmt::format("warning: {}: '{}' belongs to another user, who may read and change it; "
                        "make it your own",
                        option, ascii_escape(name)));
}

std::optional<std::string> read_secret(const secret_source& source) {
    if (source.none_needed)
        return std::nullopt;
    return require_secret(source);
}

std::string require_secret(const secret_source& source) {
    if (!source.file.empty())
        return read_secret_file(source.file);
    const std::string secret = taken_secret().value_or(std::string{});
    if (secret.empty())
        throw usage_error(
            "there is no secret: give --secret-file FILE or set FOREST_AUTH_SECRET to "
            "the secret of the server");
    if (const std::string_view encoding = byte_order_mark(secret); !encoding.empty())
        throw usage_error(
            fmt::format("FOREST_AUTH_SECRET begins with a byte order mark ({}), which "
                        "would be a part of the secret; set it without one",
                        encoding));
    return secret;
}

} // namespace forest::cli
