// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_NAMES_NAME_SERVER_HPP
#define FOREST_TESTS_NAMES_NAME_SERVER_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// A name server on a free UDP port of 127.0.0.1 (RFC 1035), as much of one as a test needs.

namespace forest::test {

/// What the server answers to a name.
struct zone_entry {
    std::vector<std::uint32_t> addresses{}; ///< IPv4, in host order
    std::uint32_t ttl = 60;
    std::uint8_t code = 0; ///< RCODE: 2 server failure, 3 no such name, 5 refused
    bool silent = false;   ///< it answers nothing
};

class name_server {
public:
    name_server() {
        socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        (void)::bind(socket_, reinterpret_cast<const sockaddr*>(&at), size);
        (void)::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }

    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;

    ~name_server() {
        {
            const std::lock_guard lock{mutex_};
            ended_ = true;
        }
        thread_.join();
        ::close(socket_);
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    /// Names that were not set do not exist.
    void set(const std::string& name, zone_entry entry) {
        const std::lock_guard lock{mutex_};
        zone_[name] = std::move(entry);
    }

    /// How often an IPv4 address of a name was asked for.
    [[nodiscard]] std::size_t asked(const std::string& name) {
        const std::lock_guard lock{mutex_};
        return asked_[name];
    }

private:
    static constexpr std::size_t header_bytes = 12;

    void serve() {
        for (;;) {
            {
                const std::lock_guard lock{mutex_};
                if (ended_)
                    return;
            }
            pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, 10) <= 0)
                continue;
            std::array<char, 512> query{};
            sockaddr_in from{};
            socklen_t size = sizeof from;
            auto* const peer = reinterpret_cast<sockaddr*>(&from);
            const ssize_t count = ::recvfrom(socket_, query.data(), query.size(), 0, peer, &size);
            if (count <= static_cast<ssize_t>(header_bytes))
                continue;
            const std::string answer = answer_to({query.data(), static_cast<std::size_t>(count)});
            if (!answer.empty())
                (void)::sendto(socket_, answer.data(), answer.size(), 0, peer, size);
        }
    }

    std::string answer_to(std::string_view query) {
        std::string name;
        std::size_t at = header_bytes;
        while (at < query.size() && query[at] != 0) {
            const auto length = static_cast<unsigned char>(query[at]);
            name += (name.empty() ? "" : ".") + std::string{query.substr(at + 1, length)};
            at += 1U + length;
        }
        const std::size_t question_end = at + 5;
        if (question_end > query.size())
            return {};
        const bool wants_v4 = query[at + 1] == 0 && query[at + 2] == 1;
        const std::lock_guard lock{mutex_};
        asked_[name] += wants_v4 ? 1 : 0;
        const auto known = zone_.find(name);
        zone_entry entry;
        entry.code = 3;
        if (known != zone_.end())
            entry = known->second;
        if (entry.silent)
            return {};
        const std::size_t answers = wants_v4 && entry.code == 0 ? entry.addresses.size() : 0;
        std::string text{query.substr(0, question_end)};
        text[2] = static_cast<char>(0x84 | (query[2] & 0x01)); // an answer, authoritative
        text[3] = static_cast<char>(0x80 | entry.code);
        text.replace(6, 6, std::string{'\0', static_cast<char>(answers), '\0', '\0', '\0', '\0'});
        const auto add = [&text](std::uint32_t value, int bytes) {
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
                text += static_cast<char>(value >> shift);
        };
        for (std::size_t n = 0; n < answers; ++n) {
            add(0xc000 + header_bytes, 2); // the name of the question
            add(1, 2);                     // A
            add(1, 2);                     // IN
            add(entry.ttl, 4);
            add(4, 2);
            add(entry.addresses[n], 4);
        }
        return text;
    }

    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    bool ended_ = false;
    std::map<std::string, zone_entry> zone_;
    std::map<std::string, std::size_t> asked_;
    std::thread thread_;
};

} // namespace forest::test

#endif
