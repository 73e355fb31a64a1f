// SPDX-License-Identifier: BSL-1.0
// What a user reads whose server type cannot carry a route (B22).
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
    forest::basic_health_route<posting_server> route{server, forest::accept_unsigned};
    route.drain();
}
