// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_RECIPES_BEAST_SERVER_HPP
#define FOREST_EXAMPLES_RECIPES_BEAST_SERVER_HPP

#include <forest/route_table.hpp>

#include <cstdint>
#include <memory>

// The application's own server, without either Asio.

/// Serves the routes of a table to one client, on a thread of its own. One client is enough here.
class beast_server {
public:
    /// `routes` must outlive the server.
    explicit beast_server(const forest::route_table& routes);

    /// Waits for that client.
    ~beast_server();

    [[nodiscard]] std::uint16_t port() const;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

#endif
