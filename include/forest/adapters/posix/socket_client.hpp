// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_SOCKET_CLIENT_HPP
#define FOREST_ADAPTERS_POSIX_SOCKET_CLIENT_HPP

#include <forest/adapters/posix/detail/descriptor.hpp>
#include <forest/form.hpp>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// The client of the battery for servers: sends bytes over a socket, and reads until the server
// closes the connection.

namespace forest::inline FOREST_FORM::sim::conformance {

/// Sends requests to a port of 127.0.0.1, each on a connection and a thread of its own. Not
/// thread-safe. The destructor closes the open connections and waits for the threads.
class socket_client {
public:
    socket_client() = default;
    socket_client(const socket_client&) = delete;
    socket_client& operator=(const socket_client&) = delete;

    ~socket_client();

    /// Sends `bytes`. When the server has closed the connection, calls `done` on another thread
    /// with all received bytes. There are no bytes if the port refuses the connection. Throws
    /// std::system_error if the system has no socket or thread left.
    void send(std::uint16_t port, std::string bytes, std::function<void(std::string)> done);

private:
    struct exchange {
        forest::detail::descriptor socket;
        std::atomic<bool> stopping{false};
        std::atomic<bool> over{false};
        std::thread thread;

        [[nodiscard]] bool send(std::uint16_t port, std::string_view bytes) const;

        [[nodiscard]] std::string read_to_end() const;
    };

    std::vector<std::unique_ptr<exchange>> exchanges_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/socket_client.ipp>
#endif

#endif
