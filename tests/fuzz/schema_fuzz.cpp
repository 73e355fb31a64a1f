// SPDX-License-Identifier: BSL-1.0
#include <fuzz/schema_target.hpp>

#include <cstddef>
#include <cstdint>

// For libFuzzer: clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude -Itests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    forest_fuzz::schema_target({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
