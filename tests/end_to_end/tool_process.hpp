// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_END_TO_END_TOOL_PROCESS_HPP
#define FOREST_TESTS_END_TO_END_TOOL_PROCESS_HPP

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// Our programs as a script meets them: a process with arguments, an environment, two outputs and a
// status. Every wait is bounded, and no process outlives its object.

namespace forest::test {

/// How long anything may take that is to happen at once; sanitizers and busy machines are slow.
inline constexpr std::chrono::seconds patience{30};

/// Calls `condition` until it holds; false when it does not within `patience`.
template <typename Condition>
[[nodiscard]] bool eventually(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

/// A file descriptor that is closed at the end.
class descriptor {
public:
    explicit descriptor(int number = -1) : number_{number} {}
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }

    void close() {
        if (number_ >= 0)
            ::close(std::exchange(number_, -1));
    }

    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

inline void require_system(bool succeeded, const char* what) {
    if (!succeeded)
        throw std::system_error(errno, std::generic_category(), what);
}

/// Polls like `::poll`. The watchdog of the tests interrupts it from time to time; then it begins
/// again.
template <std::size_t Count>
[[nodiscard]] int poll_on(std::array<pollfd, Count>& all, std::chrono::milliseconds limit) {
    int ready = -1;
    do
        ready = ::poll(all.data(), all.size(), static_cast<int>(limit.count()));
    while (ready < 0 && errno == EINTR);
    return ready;
}

/// How a process is to be started.
struct tool_setup {
    std::vector<std::string> arguments;
    std::string secret{};                   ///< given in FOREST_AUTH_SECRET unless empty
    std::vector<std::string> environment{}; ///< further variables, `NAME=value`
    bool on_terminal = false;               ///< standard output is a pseudo-terminal
    std::string program = "FOREST_HEALTH";  ///< the variable that has its path
    std::string folder = ".";               ///< in which it works
    std::string input_file = "/dev/null";   ///< its standard input
    unsigned short rows = 0;                ///< of the terminal; 0: it does not know
    unsigned short columns = 0;
};

/// A file that is removed again.
class temporary_file {
public:
    explicit temporary_file(std::string_view content) {
        std::string name = (std::filesystem::temp_directory_path() / "forest-XXXXXX").string();
        const int opened = ::mkstemp(name.data());
        BOOST_REQUIRE(opened >= 0);
        ::close(opened);
        path = name;
        std::ofstream{path, std::ios::binary} << content;
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { std::filesystem::remove(path); }

    std::string path;
};

/// One running program. Whatever it prints is searched for the secret.
class tool_process {
public:
    explicit tool_process(tool_setup setup) : secret_{setup.secret} {
        const char* const path = std::getenv(setup.program.c_str());
        if (path == nullptr)
            throw std::runtime_error(setup.program + " must be the path of a program");
        descriptor out_end;
        descriptor error_end;
        if (setup.on_terminal)
            open_terminal(out_end, {setup.rows, setup.columns, 0, 0});
        else
            open_pipe(output_, out_end);
        open_pipe(errors_, error_end);

        setup.arguments.insert(setup.arguments.begin(), path);
        std::vector<std::string> variables = inherited_variables();
        variables.insert(variables.end(), setup.environment.begin(), setup.environment.end());
        if (!setup.secret.empty())
            variables.push_back("FOREST_AUTH_SECRET=" + setup.secret);

        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, out_end.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, error_end.get(), STDERR_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, setup.input_file.c_str(), O_RDONLY,
                                         0);
        posix_spawn_file_actions_addchdir_np(&actions, setup.folder.c_str());
        errno = ::posix_spawn(&process_, path, &actions, nullptr, pointers(setup.arguments).data(),
                              pointers(variables).data());
        posix_spawn_file_actions_destroy(&actions);
        require_system(errno == 0, path);
    }

    tool_process(const tool_process&) = delete;
    tool_process& operator=(const tool_process&) = delete;

    ~tool_process() {
        if (process_ > 0 && !status_) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
    }

    /// Where /proc tells of it.
    [[nodiscard]] pid_t id() const noexcept { return process_; }

    void signal(int number) const { require_system(::kill(process_, number) == 0, "kill"); }

    /// The next line of standard output without its end; nothing at its end.
    std::optional<std::string> line() {
        std::size_t end = 0;
        while ((end = out_.find('\n', taken_)) == std::string::npos) {
            if (!read_more())
                return std::nullopt;
        }
        std::string text = out_.substr(taken_, end - taken_);
        taken_ = end + 1;
        return text;
    }

    /// The next line as JSON. Fails the test at the end of the output.
    nlohmann::json event() {
        const auto text = line();
        BOOST_REQUIRE_MESSAGE(text, "the tool ended: " << err_);
        return nlohmann::json::parse(*text);
    }

    /// The next event of that name; others before it are passed over.
    nlohmann::json event(std::string_view name) {
        for (;;) {
            nlohmann::json next = event();
            if (next.at("event") == name)
                return next;
        }
    }

    /// Reads until standard output contains `text` behind its first `passed` bytes.
    void read_until(std::string_view text, std::size_t passed = 0) {
        while (out_.find(text, passed) == std::string::npos)
            BOOST_REQUIRE_MESSAGE(read_more(), "no '" << text << "' in: " << out_);
    }

    /// Reads until standard error contains `text`.
    void read_error_until(std::string_view text) {
        while (err_.find(text) == std::string::npos)
            BOOST_REQUIRE_MESSAGE(read_more(), "no '" << text << "' in: " << err_);
    }

    /// Reads until standard error has `lines` lines.
    void read_error_lines(std::ptrdiff_t lines) {
        while (std::count(err_.begin(), err_.end(), '\n') < lines)
            BOOST_REQUIRE_MESSAGE(read_more(), "fewer than " << lines << " lines in: " << err_);
    }

    /// How many bytes of its standard output wait to be read.
    [[nodiscard]] int unread() const {
        int bytes = 0;
        require_system(::ioctl(output_.get(), FIONREAD, &bytes) == 0, "FIONREAD");
        return bytes;
    }

    /// Gives its terminal another size, as somebody does who drags its window.
    void resize(unsigned short rows, unsigned short columns) const {
        const winsize size{rows, columns, 0, 0};
        require_system(::ioctl(output_.get(), TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
        signal(SIGWINCH); // It is not the terminal's session, to which the kernel sends it.
    }

    /// Closes our end of its standard output, as `head` does.
    void stop_reading() { output_.close(); }

    /// The exit status; waits for the end. A signal counts as 128 and its number, as in a shell.
    int wait() {
        while (read_more())
            ;
        int raw = 0;
        const bool ended = eventually([&] { return ::waitpid(process_, &raw, WNOHANG) != 0; });
        BOOST_REQUIRE_MESSAGE(ended, "the tool did not end");
        status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        if (!secret_.empty()) {
            BOOST_TEST(out_.find(secret_) == std::string::npos);
            BOOST_TEST(err_.find(secret_) == std::string::npos);
        }
        return *status_;
    }

    /// Everything printed so far; complete after `wait`.
    [[nodiscard]] const std::string& out() const noexcept { return out_; }
    [[nodiscard]] const std::string& err() const noexcept { return err_; }

private:
    static void open_pipe(descriptor& ours, descriptor& theirs) {
        std::array<int, 2> ends{};
        require_system(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
        ours = descriptor{ends[0]};
        theirs = descriptor{ends[1]};
    }

    void open_terminal(descriptor& theirs, const winsize& size) {
        output_ = descriptor{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
        require_system(output_.get() >= 0 && ::grantpt(output_.get()) == 0 &&
                           ::unlockpt(output_.get()) == 0,
                       "posix_openpt");
        theirs = descriptor{::open(::ptsname(output_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
        require_system(theirs.get() >= 0 && ::ioctl(theirs.get(), TIOCSWINSZ, &size) == 0,
                       "ptsname");
    }

    // What a sanitizer or a coverage run needs, and nothing that changes what the tool does.
    static std::vector<std::string> inherited_variables() {
        std::vector<std::string> result;
        for (char** each = environ; *each != nullptr; ++each) {
            const std::string_view variable{*each};
            if (variable.rfind("FOREST_", 0) != 0 && variable.rfind("NO_COLOR=", 0) != 0 &&
                variable.rfind("TERM=", 0) != 0)
                result.emplace_back(variable);
        }
        return result;
    }

    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> result;
        for (std::string& text : texts)
            result.push_back(text.data());
        result.push_back(nullptr);
        return result;
    }

    // Whether either output may still say something; waits until one does.
    bool read_more() {
        std::array<pollfd, 2> ends{pollfd{output_.get(), POLLIN, 0},
                                   pollfd{errors_.get(), POLLIN, 0}};
        if (output_.get() < 0 && errors_.get() < 0)
            return false;
        constexpr auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
        const int ready = poll_on(ends, limit);
        BOOST_REQUIRE_MESSAGE(ready > 0, "the tool said nothing more; so far: " << out_ << err_);
        if (ends[0].revents != 0)
            read_from(output_, out_);
        if (ends[1].revents != 0)
            read_from(errors_, err_);
        return true;
    }

    // The end of a terminal is an error, that of a pipe is not.
    static void read_from(descriptor& from, std::string& into) {
        std::array<char, 4096> buffer{};
        const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
        if (count > 0)
            into.append(buffer.data(), static_cast<std::size_t>(count));
        else
            from.close();
    }

    std::string secret_;
    pid_t process_ = -1;
    std::optional<int> status_;
    descriptor output_;
    descriptor errors_;
    std::string out_;
    std::string err_;
    std::size_t taken_ = 0; // of `out_`, by `line`
};

/// A tool that has ended.
struct tool_result {
    int status = 0;
    std::string out;
    std::string err;
};

/// Runs the tool to its end.
inline tool_result run_tool(std::vector<std::string> arguments, std::string secret = {},
                            std::string program = "FOREST_HEALTH") {
    tool_process tool{{std::move(arguments), std::move(secret), {}, false, std::move(program)}};
    const int status = tool.wait();
    return {status, tool.out(), tool.err()};
}

/// A command line that is refused, for tables of them.
struct refused_line {
    std::vector<std::string> arguments;
    std::string said; ///< a part of the sentence
};

inline std::ostream& operator<<(std::ostream& out, const refused_line& line) {
    for (const std::string& argument : line.arguments)
        out << argument << ' ';
    return out;
}

/// A secret that would be noticed in any output.
inline const std::string secret = "not-to-be-printed-3f9a";

/// A program that serves, from its first line on.
class serving_process {
public:
    explicit serving_process(tool_setup setup) : process{std::move(setup)} {
        constexpr std::string_view prefix = "listening on ";
        const auto first = process.line();
        BOOST_REQUIRE_MESSAGE(first, "the server ended: " << process.err());
        BOOST_REQUIRE(first->rfind(prefix, 0) == 0);
        base = first->substr(prefix.size());
    }

    [[nodiscard]] std::string url() const { return base + "/forest/health"; }

    /// `host:port`, to listen there again.
    [[nodiscard]] std::string address() const { return base.substr(base.find("//") + 2); }

    [[nodiscard]] int port() const { return std::stoi(base.substr(base.rfind(':') + 1)); }

    static std::vector<std::string> prepended(std::string first, std::vector<std::string> others) {
        others.insert(others.begin(), std::move(first));
        return others;
    }

    tool_process process;
    std::string base;
};

/// `forest-health serve`.
class serving_tool : public serving_process {
public:
    explicit serving_tool(std::vector<std::string> arguments = {}, std::string with = secret)
        : serving_process{{prepended("serve", std::move(arguments)), std::move(with), {}, false}} {}
};

} // namespace forest::test

#endif
