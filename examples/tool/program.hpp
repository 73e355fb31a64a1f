// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_PROGRAM_HPP
#define FOREST_EXAMPLES_TOOL_PROGRAM_HPP

#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/secret.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/output/terminal.hpp>

#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/openssl/openssl_at_exit.hpp>

#include <exception>
#include <string>

// The beginning and the end of every program here.

namespace forest::cli {

/// The body of `main`. Removes the secret from the environment, and returns the exit status of
/// `run`. If `run` throws, writes the message in one sentence to standard error, after the
/// program's name, and returns the status of the exception. From this call on, SIGINT and SIGTERM
/// end the program, even as process 1, and threads may use TLS until the process has ended. Waits
/// until the log is written, for a bounded time.
template <typename Run>
[[nodiscard]] int run_program(const char* name, const Run& run) noexcept {
    occupy_standard_descriptors();
    let_signals_end_first_process();
    keep_openssl_at_exit();
    const auto end_with = [](exit_status status) {
        finish_log();
        return static_cast<int>(status);
    };
    const auto fail = [&](const std::exception& failed, exit_status status) {
        finish_log(); // its lines were written before the message
        complain(std::string{name} + ": " + failed.what() + "\n");
        return static_cast<int>(status);
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
