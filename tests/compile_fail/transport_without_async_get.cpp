// SPDX-License-Identifier: BSL-1.0
// expect: transport\.async_get\(get, timeout, handler\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/transport.hpp>

struct silent_transport {
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void async_get(const forest::request&, forest::duration, Handler);
#endif
    void cancel();
};

template <forest::transport>
struct requires_a_transport {};

requires_a_transport<silent_transport> instance;
