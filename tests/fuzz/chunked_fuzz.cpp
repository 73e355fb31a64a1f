// SPDX-License-Identifier: BSL-1.0
#include <fuzz/chunked_target.hpp>

#include <cstddef>
#include <cstdint>

// For libFuzzer; tests/README.md says how it is built and run.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    forest_fuzz::chunked_target({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
