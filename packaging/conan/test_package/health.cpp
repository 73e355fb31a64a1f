// SPDX-License-Identifier: BSL-1.0
#include <forest/core/options.hpp>
#include <forest/version.hpp>
#ifdef WITH_STACK
#include <forest/forest.hpp>

#include <asio/io_context.hpp>
#endif

#include <iostream>

int main() {
    std::cout << "forest " << forest::version << '\n';
#ifdef WITH_STACK
    asio::io_context io;
    const forest::health_client client{io.get_executor(), "http://127.0.0.1:1/forest/health",
                                       "secret"};
    return client.status() == forest::target_status::unknown ? 0 : 1;
#else
    return forest::options{}.valid() ? 0 : 1;
#endif
}
