// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_SOCKET_CLIENT_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_SOCKET_CLIENT_IPP

#include <forest/adapters/posix/socket_client.hpp>

namespace forest::inline FOREST_FORM::sim::conformance {

FOREST_DECL socket_client::~socket_client() {
    for (const auto& each : exchanges_) {
        each->stopping = true; // A socket that has not connected yet cannot be shut down.
        ::shutdown(each->socket.number(), SHUT_RDWR);
        each->thread.join();
    }
}

FOREST_DECL void socket_client::send(std::uint16_t port, std::string bytes,
                                     std::function<void(std::string)> done) {
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

FOREST_DECL bool socket_client::exchange::send(std::uint16_t port, std::string_view bytes) const {
    const sockaddr_in address = forest::detail::loopback(port);
    if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 ||
        stopping)
        return false;
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

FOREST_DECL std::string socket_client::exchange::read_to_end() const {
    std::string all;
    std::array<char, 16384> bytes;
    for (;;) {
        const ssize_t count = ::recv(socket.number(), bytes.data(), bytes.size(), 0);
        if (count <= 0)
            return all;
        all.append(bytes.data(), static_cast<std::size_t>(count));
    }
}

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
