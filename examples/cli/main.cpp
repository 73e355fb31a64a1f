// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"
#include "commands.hpp"
#include "usage_error.hpp"

#include <cstdio>
#include <exception>
#include <variant>

// The command-line tool forest-health: asks servers whether they are well, and answers for one.

namespace {

using forest::cli::exit_status;

struct run_command {
    exit_status operator()(exit_status ended) const { return ended; }

    template <typename Arguments>
    exit_status operator()(const Arguments& arguments) const {
        return forest::cli::run(arguments);
    }
};

exit_status fail(const char* sentence, exit_status with) noexcept {
    std::fprintf(stderr, "forest-health: %s\n", sentence);
    return with;
}

exit_status run(int argc, const char* const* argv) noexcept {
    try {
        return std::visit(run_command{}, forest::cli::parse_arguments(argc, argv));
    } catch (const forest::cli::usage_error& wrong) {
        return fail(wrong.what(), exit_status::usage_error);
    } catch (const std::exception& failed) {
        return fail(failed.what(), exit_status::failure);
    }
}

} // namespace

int main(int argc, char** argv) {
    return static_cast<int>(run(argc, argv));
}
