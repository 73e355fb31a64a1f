// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_PROCESSES_OPENED_DESCRIPTORS_HPP
#define FOREST_TESTS_PROCESSES_OPENED_DESCRIPTORS_HPP

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

// Which calls open descriptors, and how. opened_descriptors.cpp replaces the functions of the C
// library that open one, in this binary and in the shared libraries that it uses. A call is sound
// if the descriptor is close-on-exec from the beginning. A descriptor that is marked afterwards may
// already be in a program that another thread has started.

namespace forest::test {

class opened_descriptors {
public:
    static opened_descriptors& get();

    /// Forgets everything, and notes calls from now on.
    void begin();

    /// Stops noting calls. Returns those that opened a descriptor that a new program would inherit,
    /// as `socket` or `fopen /etc/hosts`, each once.
    std::set<std::string> end();

    /// Returns the calls since `begin` of one function, such as `accept4`, that opened a
    /// descriptor.
    [[nodiscard]] std::size_t calls(const std::string& function);

    /// For the replaced functions. `detail` is the name of a file.
    void note(const char* function, bool closed_on_exec, const char* detail = "");

private:
    std::mutex mutex_;
    bool notes_ = false;
    std::set<std::string> inherited_;
    std::multiset<std::string> all_;
};

} // namespace forest::test

#endif
