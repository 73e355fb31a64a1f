// SPDX-License-Identifier: BSL-1.0
#include "commands.hpp"
#include "program.hpp"
#include <tool/arguments/arguments.hpp>
#include <tool/arguments/exit_status.hpp>

#include <utility>
#include <variant>

// The command-line tool forest-health: checks servers, and serves the health of one.

namespace {

using forest::cli::exit_status;

struct run_command {
    exit_status operator()(exit_status ended) const { return ended; }

    template <typename Arguments>
    exit_status operator()(Arguments&& arguments) const {
        return forest::cli::run(std::forward<Arguments>(arguments));
    }
};

} // namespace

int main(int argc, char** argv) {
    return forest::cli::run_program("forest-health", [&] {
        return std::visit(run_command{}, forest::cli::parse_arguments(argc, argv));
    });
}
