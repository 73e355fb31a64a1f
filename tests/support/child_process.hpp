// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_CHILD_PROCESS_HPP
#define FOREST_TESTS_SUPPORT_CHILD_PROCESS_HPP

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

// Child processes for the tests of fork, exec and exit.

namespace forest::test {

/// How long a child may run before SIGALRM ends it, in seconds.
inline constexpr unsigned child_seconds_max = 20;

/// Returns how a child has ended, for messages: `exit 0`, `signal 11`.
inline std::string end_of(pid_t child) {
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child)
        return "no child";
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "exit " + std::to_string(WEXITSTATUS(status));
}

/// Runs `body` in a child that was forked from this thread, and returns how the child has ended. If
/// `body` returns, that is `exit 0`, without any destructor.
template <typename Body>
std::string in_child(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(child_seconds_max);
        body();
        ::_exit(0);
    }
    return end_of(child);
}

/// Runs one test case of this binary as a program of its own, with `role` in the variable
/// FOREST_TEST_ROLE, and returns how the program has ended.
inline std::string in_program(const std::string& test_case, const std::string& role) {
    const std::string filter = "--run_test=" + test_case;
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(child_seconds_max);
        ::setenv("FOREST_TEST_ROLE", role.c_str(), 1);
        ::execl("/proc/self/exe", "processes", filter.c_str(), "--log_level=nothing",
                "--catch_system_errors=no", "--report_level=no", nullptr);
        ::_exit(127);
    }
    return end_of(child);
}

/// Returns the role of this program; empty if it was not started by `in_program`.
inline std::string role_of_this_program() {
    const char* const role = std::getenv("FOREST_TEST_ROLE");
    return role == nullptr ? std::string{} : std::string{role};
}

} // namespace forest::test

#endif
