// SPDX-License-Identifier: BSL-1.0
// first: name .reuse_conections. used|to .const transport_options.
// first: is misspelt|MisspeltOrWithoutUnit
#include <forest/adapters/asio/asio_transport.hpp>

void connect(const forest::asio_clock& clock) {
#ifdef FOREST_COMPILE_OK
    const forest::asio_transport transport{clock, {.reuse_connections = true}};
#else
    const forest::asio_transport transport{clock, {.reuse_conections = true}};
#endif
}
