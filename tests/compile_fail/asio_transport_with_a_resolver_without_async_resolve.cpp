// SPDX-License-Identifier: BSL-1.0
// expect: resolver\.async_resolve\(name, handler\)
// expect: does not satisfy|constraints not satisfied
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>

#include <string_view>

struct blocking_resolver {
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void async_resolve(std::string_view, Handler) {}
#endif
};

using transport = forest::basic_asio_transport<blocking_resolver>;

transport instance{forest::asio_clock{asio::any_io_executor{}}};
