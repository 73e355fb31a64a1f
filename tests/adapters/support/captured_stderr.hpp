// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_CAPTURED_STDERR_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_CAPTURED_STDERR_HPP

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

// What the process writes to its standard error for a while.

namespace forest::test {

/// From construction to destruction, standard error goes to a file without a name.
class captured_stderr {
public:
    captured_stderr() : file_{std::tmpfile()}, before_{::dup(STDERR_FILENO)} {
        if (file_ == nullptr || before_ < 0 || ::dup2(::fileno(file_), STDERR_FILENO) < 0)
            throw std::runtime_error{"standard error cannot be captured"};
    }

    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;

    ~captured_stderr() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        std::fclose(file_);
    }

    /// All that has been written so far.
    [[nodiscard]] std::string text() const {
        std::string all;
        std::array<char, 4096> bytes;
        ssize_t count = 0;
        while ((count = ::pread(::fileno(file_), bytes.data(), bytes.size(),
                                static_cast<off_t>(all.size()))) > 0)
            all.append(bytes.data(), static_cast<std::size_t>(count));
        return all;
    }

private:
    std::FILE* file_;
    int before_;
};

} // namespace forest::test

#endif
