// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_HANDLER_MEMORY_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_HANDLER_MEMORY_IPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void* handler_memory::allocate(std::size_t bytes) {
    for (block& each : blocks_) {
        if (bytes <= block_bytes && !each.used.exchange(true, std::memory_order_acquire))
            return each.bytes;
    }
    return ::operator new(bytes);
}

FOREST_DECL void handler_memory::deallocate(void* memory) noexcept {
    for (block& each : blocks_) {
        if (memory == each.bytes)
            return each.used.store(false, std::memory_order_release);
    }
    ::operator delete(memory);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
