// SPDX-License-Identifier: BSL-1.0

// A program on Boost.Asio that watches a server. Forest is on the standalone Asio. One program may
// have both, but no file can include both, so forest is behind a header of your own. Its events are
// posted to the application's io_context.

#include "outage_watch.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

int main() {
    boost::asio::io_context io;
    const auto work = boost::asio::make_work_guard(io);
    const std::thread::id main_thread = std::this_thread::get_id();
    bool called_here = false;

    const short_lived_server server{"my-secret"};
    const outage_watch watch{
        server.url(), "my-secret", [&](std::string target, std::string reason) {
            boost::asio::post(io, [&, target = std::move(target), reason = std::move(reason)] {
                std::cout << target << " is down: " << reason << '\n';
                called_here = std::this_thread::get_id() == main_thread;
                io.stop();
            });
        }};
    io.run();
    return called_here ? EXIT_SUCCESS : EXIT_FAILURE;
}
