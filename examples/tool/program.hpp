// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_PROGRAM_HPP
#define FOREST_EXAMPLES_TOOL_PROGRAM_HPP

#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/secret.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/output/terminal.hpp>

#include <forest/adapters/asio/shutdown_signals.hpp>

#include <exception>
#include <string>

// How every program here begins and ends.

namespace forest::cli {

/// The whole of `main`: takes the secret out of the environment, and returns the exit status that
/// `run` returns, or the status of the exception that it throws, which is written in one sentence
/// to standard error, after the program's name. From here on SIGINT and SIGTERM end the program,
/// also as process 1. Waits for the log to be written, for a bounded time.
template <typename Run>
[[nodiscard]] int run_program(const char* name, const Run& run) noexcept {
    occupy_standard_descriptors();
    let_signals_end_first_process();
    const auto end_with = [](exit_status with) {
        finish_log();
        return static_cast<int>(with);
    };
    const auto fail = [&](const std::exception& failed, exit_status with) {
        finish_log(); // whose lines were written before
        complain(std::string{name} + ": " + failed.what() + "\n");
        return static_cast<int>(with);
    };
    try {
        take_secret_variable();
        return end_with(run());
    } catch (const usage_error& wrong) {
        return fail(wrong, exit_status::usage_error);
    } catch (const check_not_made& failed) {
        return fail(failed, exit_status::inconclusive);
    } catch (const std::exception& failed) {
        return fail(failed, exit_status::failure);
    }
}

} // namespace forest::cli

#endif
