// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_OTHER_TEST_DATA_HPP
#define FOREST_TESTS_SUPPORT_OTHER_TEST_DATA_HPP

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

// Where other people's test data is. It is not part of the project, so a test that wants it must do
// without when it is not there, and say so.

namespace forest::tests {

/// The path of a file below the directory that the variable FOREST_TEST_DATA names, by default
/// `shared/data` beside the project. Empty, with a message, when there is no such file.
inline std::optional<std::filesystem::path> other_test_data(const std::string& name) {
    const char* const settings = std::getenv("FOREST_TEST_DATA");
#ifdef FOREST_TEST_DATA_DEFAULT
    const std::filesystem::path beside = FOREST_TEST_DATA_DEFAULT;
#else
    const std::filesystem::path project =
        std::filesystem::absolute(__FILE__).lexically_normal().parent_path().parent_path();
    const std::filesystem::path beside = project.parent_path() / "shared" / "data";
#endif
    const std::filesystem::path found = (settings != nullptr ? settings : beside) / name;
    if (std::filesystem::exists(found))
        return found;
    // Boost.Test hides messages by default, and a skipped test should be noticed.
    std::cout << "skipped: there is no " << found << "; set FOREST_TEST_DATA\n";
    return std::nullopt;
}

} // namespace forest::tests

#endif
