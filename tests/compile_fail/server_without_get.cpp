// SPDX-License-Identifier: BSL-1.0
// expect: server\.get\(path, handler\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/server.hpp>

#include <string>

struct posting_server {
    template <typename Handler>
    void post(std::string, Handler);
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void get(std::string, Handler);
#endif
};

template <forest::server>
struct requires_a_server {};

requires_a_server<posting_server> instance;
