// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_PROGRAM_HPP
#define FOREST_EXAMPLES_CLI_PROGRAM_HPP

#include "secret.hpp"
#include "usage_error.hpp"

#include <forest/adapters/asio/shutdown_signals.hpp>

#include <cstdio>
#include <exception>

// How every program here begins and ends.

namespace forest::cli {

/// What `main` returns, which does nothing before: takes the secret out of the environment, and
/// returns the exit status that `run` answers, or that of what it throws, which is said in one
/// sentence on standard error, after the program's name. SIGINT and SIGTERM end it from here on,
/// also as process 1.
template <typename Run>
[[nodiscard]] int run_program(const char* name, const Run& run) noexcept {
    const auto fail = [name](const std::exception& failed, exit_status with) {
        std::fprintf(stderr, "%s: %s\n", name, failed.what());
        return static_cast<int>(with);
    };
    let_signals_end_first_process();
    try {
        take_secret_variable();
        return static_cast<int>(run());
    } catch (const usage_error& wrong) {
        return fail(wrong, exit_status::usage_error);
    } catch (const std::exception& failed) {
        return fail(failed, exit_status::failure);
    }
}

} // namespace forest::cli

#endif
