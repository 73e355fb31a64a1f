// SPDX-License-Identifier: BSL-1.0
#include <everything.hpp>

#include <string_view>

// The second unit; see main.cpp.

const std::string_view* version_seen_by_other() noexcept;

const std::string_view* version_seen_by_other() noexcept {
    return &forest::version;
}
