// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Our programs as process 1, which the kernel does not end by signals that nobody handles. Each is
// run in a process namespace of its own and as usual, and must end in the same way. Skipped where
// there may be no such namespace.

namespace {

using forest::test::eventually;
using forest::test::secret;
using forest::test::tool_process;
using forest::test::tool_result;
using forest::test::tool_setup;

constexpr const char* unshare_program = "FOREST_UNSHARE";
const std::vector<std::string> unshare_options = {"--pid", "--fork", "--mount-proc",
                                                  "--kill-child"};

// Whether this process may make a process namespace.
bool has_namespaces() {
    static const bool has = [] {
        for (const char* path : {"/usr/bin/unshare", "/bin/unshare"}) {
            if (!std::filesystem::exists(path))
                continue;
            ::setenv(unshare_program, path, 1);
            std::vector<std::string> arguments = unshare_options;
            arguments.emplace_back("true");
            return forest::test::run_tool(arguments, {}, unshare_program).status == 0;
        }
        return false;
    }();
    if (!has)
        BOOST_TEST_MESSAGE("skipped: no process namespaces");
    return has;
}

std::string content(const std::string& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

// One of our programs, as process 1 or as any other.
class program {
public:
    program(const char* name, std::vector<std::string> arguments, bool is_first)
        : process_{setup(name, std::move(arguments), is_first)}, is_first_{is_first} {}

    tool_process& process() noexcept { return process_; }

    void signal(int number) { BOOST_REQUIRE(::kill(id(), number) == 0); }

    // Sends it as long as there is anyone to receive it; false when it has ended.
    bool signal_unless_ended(int number) {
        const std::string status = content("/proc/" + std::to_string(process_.id()) + "/status");
        return status.find("State:\tZ") == std::string::npos && ::kill(id(), number) == 0;
    }

    // Whether a handler of this signal has been installed.
    bool handles(int number) {
        const std::string status = content("/proc/" + std::to_string(id()) + "/status");
        const auto at = status.find("SigCgt:");
        return at != std::string::npos &&
               (std::stoull(status.substr(at + 7), nullptr, 16) >> (number - 1) & 1U) != 0;
    }

private:
    static tool_setup setup(const char* name, std::vector<std::string> arguments, bool is_first) {
        tool_setup made{std::move(arguments), secret, {}, false, name};
        for (const std::string& each : made.arguments) {
            if (each == "--secret-file")
                made.secret.clear();
        }
        if (is_first) {
            made.arguments.insert(made.arguments.begin(), std::getenv(name));
            made.arguments.insert(made.arguments.begin(), unshare_options.begin(),
                                  unshare_options.end());
            made.program = unshare_program;
        }
        return made;
    }

    pid_t id() {
        if (id_ == 0)
            id_ = is_first_ ? child() : process_.id();
        return id_;
    }

    pid_t child() const {
        const std::string id = std::to_string(process_.id());
        const std::string file = "/proc/" + id + "/task/" + id + "/children";
        std::string children;
        BOOST_REQUIRE(eventually([&] {
            children = content(file);
            return !children.empty();
        }));
        return static_cast<pid_t>(std::stol(children));
    }

    tool_process process_;
    bool is_first_;
    pid_t id_ = 0;
};

// A pipe in the file system that nobody writes to.
class silent_pipe {
public:
    silent_pipe() {
        std::string name =
            (std::filesystem::temp_directory_path() / "forest-first-XXXXXX").string();
        forest::test::require_system(::mkdtemp(name.data()) != nullptr, "mkdtemp");
        folder_ = name;
        forest::test::require_system(::mkfifo(path().c_str(), 0600) == 0, "mkfifo");
    }
    silent_pipe(const silent_pipe&) = delete;
    silent_pipe& operator=(const silent_pipe&) = delete;
    ~silent_pipe() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return folder_ + "/secret"; }
    [[nodiscard]] std::string folder() const { return folder_; }

    // Keeps the reader, who must have come, waiting for the first byte.
    void open_for_reader() {
        BOOST_REQUIRE(eventually([&] {
            end_ =
                forest::test::descriptor{::open(path().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
            return end_.get() >= 0;
        }));
    }

private:
    std::string folder_;
    forest::test::descriptor end_;
};

struct started {
    const char* program;
    std::vector<std::string> arguments;
};

std::ostream& operator<<(std::ostream& out, const started& value) {
    out << value.program;
    for (const std::string& each : value.arguments)
        out << ' ' << each;
    return out;
}

// What waits for its secret.
const started starting[] = {
    {"FOREST_HEALTH", {"sign"}},
    {"FOREST_HEALTH", {"check", "http://127.0.0.1:9/"}},
    {"FOREST_HEALTH", {"watch", "http://127.0.0.1:9/"}},
    {"FOREST_HEALTH", {"serve"}},
    {"FOREST_WAREHOUSE", {"--database", "/dev/null"}},
    {"FOREST_MASTER", {"http://127.0.0.1:9/"}},
};

constexpr int killed = 128;

} // namespace

BOOST_AUTO_TEST_SUITE(first_process_test)

BOOST_DATA_TEST_CASE(it_can_be_ended_while_it_starts, starting) {
    for (const bool is_first : {false, true}) {
        if (is_first && !has_namespaces())
            return;
        for (const int number : {SIGTERM, SIGINT}) {
            silent_pipe pipe;
            std::vector<std::string> arguments = sample.arguments;
            arguments.insert(arguments.end(), {"--secret-file", pipe.path()});
            program started{sample.program, arguments, is_first};
            pipe.open_for_reader();
            started.signal(number);
            BOOST_TEST(started.process().wait() == killed + number);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_check_that_waits_can_be_ended) {
    asio::io_context io;
    using asio::ip::tcp;
    for (const bool is_first : {false, true}) {
        if (is_first && !has_namespaces())
            return;
        tcp::acceptor silent{io, {asio::ip::address_v4::loopback(), 0}};
        const std::string url =
            "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/";
        program check{"FOREST_HEALTH", {"check", "--timeout", "5m", url}, is_first};
        const tcp::socket asked = silent.accept();
        check.signal(SIGTERM);
        BOOST_TEST(check.process().wait() == killed + SIGTERM);
    }
}

BOOST_AUTO_TEST_CASE(a_simulation_can_be_ended) {
    if (!has_namespaces())
        return;
    program simulation{"FOREST_HEALTH", {"simulate", "--for", "100y", "--targets", "100"}, true};
    BOOST_REQUIRE(eventually([&] { return simulation.handles(SIGTERM); }));
    simulation.signal(SIGTERM);
    BOOST_TEST(simulation.process().wait() == killed + SIGTERM);
}

BOOST_AUTO_TEST_CASE(what_ends_in_an_orderly_way_does_so) {
    for (const bool is_first : {false, true}) {
        if (is_first && !has_namespaces())
            return;
        for (const int number : {SIGTERM, SIGINT}) {
            silent_pipe folder;
            program serving{"FOREST_HEALTH", {"serve", "--grace", "0s"}, is_first};
            serving.process().read_until("listening on ");
            program warehouse{"FOREST_WAREHOUSE",
                              {"--database", folder.folder() + "/a.sqlite", "--grace", "0s"},
                              is_first};
            warehouse.process().read_until("listening on ");
            program watching{
                "FOREST_HEALTH", {"watch", "--verbose", "http://127.0.0.1:9/"}, is_first};
            watching.process().read_until("http");
            program master{"FOREST_MASTER", {"--verbose", "http://127.0.0.1:9/"}, is_first};
            master.process().read_until("http");
            for (program* each : {&serving, &warehouse, &watching, &master}) {
                each->signal(number);
                BOOST_TEST(each->process().wait() == 0);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_it_at_once) {
    for (const bool is_first : {false, true}) {
        if (is_first && !has_namespaces())
            return;
        silent_pipe folder;
        program warehouse{"FOREST_WAREHOUSE",
                          {"--database", folder.folder() + "/a.sqlite", "--grace", "1h"},
                          is_first};
        warehouse.process().read_until("listening on ");
        warehouse.signal(SIGTERM);
        warehouse.process().read_error_until("stopping");
        // The line comes before the callback has returned; what arrives until then is the same
        // signal.
        BOOST_REQUIRE(eventually([&] { return !warehouse.signal_unless_ended(SIGTERM); }));
        BOOST_TEST(warehouse.process().wait() == killed + SIGTERM);
    }
}

BOOST_AUTO_TEST_SUITE_END()
