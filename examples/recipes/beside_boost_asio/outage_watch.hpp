// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_RECIPES_OUTAGE_WATCH_HPP
#define FOREST_EXAMPLES_RECIPES_OUTAGE_WATCH_HPP

#include <functional>
#include <memory>
#include <string>

// The application's view of forest, without either Asio.

/// Watches a server on a thread of its own until it is destroyed.
class outage_watch {
public:
    /// `is_down` is called on that thread with the server and the reason.
    outage_watch(std::string url, std::string secret,
                 std::function<void(std::string target, std::string reason)> is_down);
    ~outage_watch();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// A server that is well for a second, so that this example has an outage.
class short_lived_server {
public:
    explicit short_lived_server(std::string secret);
    ~short_lived_server();

    [[nodiscard]] const std::string& url() const noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

#endif
