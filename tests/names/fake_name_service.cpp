// SPDX-License-Identifier: BSL-1.0
#include "fake_name_service.hpp"

#include <netdb.h>

// In place of the C library's, and of those with which sanitizers replace it.

extern "C" int getaddrinfo(const char* name, const char*, const addrinfo*, addrinfo** found) {
    *found = nullptr;
    return forest::test::fake_name_service::get().look_up(name, found);
}

extern "C" void freeaddrinfo(addrinfo* first) noexcept {
    forest::test::fake_name_service::free_all(first);
}
