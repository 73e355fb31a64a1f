// SPDX-License-Identifier: BSL-1.0
// expect: transport\.cancel\(\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/transport.hpp>

struct endless_transport {
    template <typename Handler>
    void async_get(const forest::request&, forest::duration, Handler);
#ifdef FOREST_COMPILE_OK
    void cancel();
#endif
};

template <forest::transport>
struct requires_a_transport {};

requires_a_transport<endless_transport> instance;
