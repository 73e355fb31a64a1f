// SPDX-License-Identifier: BSL-1.0
// expect: resolver\.async_resolve\(name, handler\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/resolver.hpp>

#include <string_view>

struct blocking_resolver {
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void async_resolve(std::string_view, Handler);
#else
    forest::resolution resolve(std::string_view);
#endif
};

template <forest::resolver>
struct requires_a_resolver {};

requires_a_resolver<blocking_resolver> instance;
