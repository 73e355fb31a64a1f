// SPDX-License-Identifier: BSL-1.0
// What a user reads who lets the route deduce a server type that cannot carry it (B22).
// expect: server\.get\(path, handler\)
#include <forest/health_route.hpp>

#include <string>

struct posting_server {
    template <typename Handler>
    void post(std::string, Handler) {}
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void get(std::string, Handler) {}
#endif
};

void serve(posting_server& server) {
    forest::basic_health_route route{server, forest::accept_unsigned};
    route.drain();
}
