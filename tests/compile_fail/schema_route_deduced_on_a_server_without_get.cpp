// SPDX-License-Identifier: BSL-1.0
// What a user reads who lets the schema route deduce a server type that cannot carry it (B22).
// expect: server\.get\(path, handler\)
#include <forest/schema_route.hpp>

#include <string>
#include <string_view>

struct posting_server {
    template <typename Handler>
    void post(std::string, Handler) {}
#ifdef FOREST_COMPILE_OK
    template <typename Handler>
    void get(std::string, Handler) {}
#endif
};

std::string hash_of(std::string_view text) {
    return std::to_string(text.size());
}

void serve(posting_server& server) {
    forest::basic_schema_route route{server, forest::accept_unsigned, hash_of,
                                     R"({"collections":[]})"};
    (void)route.etag();
}
