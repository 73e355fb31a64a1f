// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_HELD_REQUEST_HPP
#define FOREST_TESTS_SUPPORT_HELD_REQUEST_HPP

#include <forest/core/ip_address.hpp>
#include <forest/sim/network/memory_server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

// A request to a server in memory whose answer may come later.

namespace forest::tests {

class held_request {
public:
    template <typename Server>
    held_request(Server& server, std::string_view path, std::string_view fields,
                 const std::optional<ip_address>& peer = {}, std::string_view method = "GET") {
        std::string bytes{method};
        bytes.append(" ").append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(fields);
        bytes.append("\r\n");
        pending_ = server.serve(
            bytes,
            [received = received_](std::string_view given) {
                received->bytes = given;
                ++received->count;
            },
            false, peer);
    }

    /// The client closes the connection.
    void leave() const { pending_.client_gone(); }

    /// The server needs the connection.
    void answer_now() const { pending_.answer_now(); }

    [[nodiscard]] bool answered() const { return received_->count > 0; }
    [[nodiscard]] int answers() const { return received_->count; }
    [[nodiscard]] const std::string& answer() const { return received_->bytes; }

    /// 0 without an answer.
    [[nodiscard]] int status() const {
        return answered() ? std::stoi(received_->bytes.substr(9, 3)) : 0;
    }

    [[nodiscard]] std::string body() const {
        const std::size_t head = received_->bytes.find("\r\n\r\n");
        return head == std::string::npos ? std::string{} : received_->bytes.substr(head + 4);
    }

    /// The value of a field of the answer; empty if there is none.
    [[nodiscard]] std::string field(std::string_view name) const {
        const std::string line = std::string{"\r\n"}.append(name).append(": ");
        const std::size_t found = received_->bytes.find(line);
        if (found == std::string::npos)
            return {};
        const std::size_t value = found + line.size();
        return received_->bytes.substr(value, received_->bytes.find("\r\n", value) - value);
    }

private:
    struct bytes_received {
        std::string bytes;
        int count = 0;
    };

    std::shared_ptr<bytes_received> received_ = std::make_shared<bytes_received>();
    sim::memory_server::pending pending_;
};

} // namespace forest::tests

#endif
