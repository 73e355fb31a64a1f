// SPDX-License-Identifier: BSL-1.0
#include <everything.hpp>

#include <string_view>

// One of two units that include every header of the library. Linking is the test; running it shows
// that both see the same objects.

const std::string_view* version_seen_by_other() noexcept;

int main() {
    return version_seen_by_other() == &forest::version ? 0 : 1;
}
