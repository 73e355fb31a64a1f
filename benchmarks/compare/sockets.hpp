// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_COMPARE_SOCKETS_HPP
#define FOREST_BENCHMARKS_COMPARE_SOCKETS_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

// What the programs that call the system themselves have in common.

namespace compare {

inline void require(bool holds, const char* call) {
    if (!holds)
        throw std::system_error{errno, std::generic_category(), call};
}

template <typename Value>
void set_option(int descriptor, int level, int name, const Value& value) {
    require(::setsockopt(descriptor, level, name, &value, sizeof value) == 0, "setsockopt");
}

/// Registers a descriptor with an epoll, once. After an event, its user reads or writes until it
/// would block.
inline void watch(int epoll, int descriptor, std::uint64_t data) {
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    wanted.data.u64 = data;
    require(::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &wanted) == 0, "epoll_ctl");
}

/// All addresses of the loopback device, and no other device's.
inline int listen_on_loopback(std::uint16_t port) {
    constexpr int backlog = 4096;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(listener >= 0, "socket");
    set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    require(::setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) == 0, "SO_BINDTODEVICE");
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    require(::bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0, "bind");
    require(::listen(listener, backlog) == 0, "listen");
    return listener;
}

struct endpoint {
    sockaddr_in address{};
    std::string authority;
};

/// Of `http://ADDRESS:PORT/…`, an address of version 4 in digits.
inline endpoint parse_target(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    const std::string_view authority =
        url.starts_with(scheme)
            ? url.substr(scheme.size()).substr(0, url.find('/', scheme.size()) - scheme.size())
            : std::string_view{};
    const std::size_t colon = authority.find(':');
    endpoint found;
    found.authority = authority;
    found.address.sin_family = AF_INET;
    std::uint16_t port = 0;
    if (colon != authority.npos)
        std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), port);
    found.address.sin_port = htons(port);
    if (port == 0 || ::inet_pton(AF_INET, std::string{authority.substr(0, colon)}.c_str(),
                                 &found.address.sin_addr) != 1)
        throw std::invalid_argument("not http://ADDRESS:PORT/…: " + std::string{url});
    return found;
}

} // namespace compare

#endif
