// SPDX-License-Identifier: BSL-1.0

// The routes on the built-in server: the cases that each shipped server passes.

#include <adapters/support/route_cases.hpp>

#include <forest/adapters/asio/asio_server.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

namespace {

class served_asio {
public:
    served_asio() { server_.emplace(io_.get_executor()); }

    served_asio(const served_asio&) = delete;
    served_asio& operator=(const served_asio&) = delete;

    ~served_asio() {
        server_.reset();
        work_.reset();
    }

    forest::asio_server& server() { return *server_; }

    std::uint16_t listen() {
        if (const std::error_code ec = server_->listen("127.0.0.1", 0))
            throw std::system_error{ec};
        thread_ = std::jthread{[this] { io_.run(); }};
        return server_->port();
    }

    static int status(std::string_view, int usual) { return usual; }

private:
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::optional<forest::asio_server> server_;
    std::jthread thread_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(asio_server_routes_test)

FOREST_ROUTE_CASES(served_asio)

BOOST_AUTO_TEST_SUITE_END()
