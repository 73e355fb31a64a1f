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

    ~socket_client() {
        for (const auto& each : exchanges_) {
            each->stopping = true; // A socket that has not connected yet cannot be shut down.
            ::shutdown(each->socket.number(), SHUT_RDWR);
            each->thread.join();
        }
    }

    /// Sends `bytes`. When the server has closed the connection, calls `done` on another thread
    /// with all received bytes. There are no bytes if the port refuses the connection. Throws
    /// std::system_error if the system has no socket or thread left.
    void send(std::uint16_t port, std::string bytes, std::function<void(std::string)> done) {
        std::erase_if(exchanges_, [](const auto& each) {
            const bool over = each->over;
            if (over)
                each->thread.join();
            return over;
        });
        auto& added = *exchanges_.emplace_back(std::make_unique<exchange>());
        try {
            added.socket = forest::detail::tcp_socket();
            added.thread =
                std::thread{[&added, port, bytes = std::move(bytes), done = std::move(done)] {
                    std::string answer;
                    if (added.send(port, bytes))
                        answer = added.read_to_end();
                    done(std::move(answer));
                    added.over = true;
                }};
        } catch (...) {
            exchanges_.pop_back();
            throw;
        }
    }

private:
    struct exchange {
        forest::detail::descriptor socket;
        std::atomic<bool> stopping{false};
        std::atomic<bool> over{false};
        std::thread thread;

        [[nodiscard]] bool send(std::uint16_t port, std::string_view bytes) const {
            const sockaddr_in address = forest::detail::loopback(port);
            if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) != 0 ||
                stopping)
                return false;
            while (!bytes.empty()) {
                const ssize_t sent =
                    ::send(socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (sent < 0)
                    return false;
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            }
            return true;
        }

        [[nodiscard]] std::string read_to_end() const {
            std::string all;
            std::array<char, 16384> bytes;
            for (;;) {
                const ssize_t count = ::recv(socket.number(), bytes.data(), bytes.size(), 0);
                if (count <= 0)
                    return all;
                all.append(bytes.data(), static_cast<std::size_t>(count));
            }
        }
    };

    std::vector<std::unique_ptr<exchange>> exchanges_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
