// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_OBEDIENT_PEER_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_OBEDIENT_PEER_HPP

#include <forest/sim/conformance_peer.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// A socket server on the event loop of the test that does what a battery says, right or wrong.

namespace forest::test {

/// Listens on a free port of 127.0.0.1. The io_context outlives it, and must not run afterwards.
class obedient_peer {
public:
    explicit obedient_peer(asio::io_context& io)
        : acceptor_{io, loopback()}, refusing_{io, asio::ip::tcp::v4()} {
        refusing_.bind(loopback()); // and does not listen
        accept();
    }

    sim::conformance::peer_plan plan;
    std::vector<sim::conformance::peer_request> requests;

    [[nodiscard]] std::string url() const {
        const bool refused = plan.act == sim::conformance::peer_act::refuse;
        const auto port =
            refused ? refusing_.local_endpoint().port() : acceptor_.local_endpoint().port();
        return "http://127.0.0.1:" + std::to_string(port) + "/path/to?query=1%202";
    }

    /// Sends the answers that are held back.
    void release() {
        for (const auto& each : std::exchange(held_, {}))
            each();
    }

private:
    using tcp = asio::ip::tcp;

    static tcp::endpoint loopback() { return {asio::ip::address_v4::loopback(), 0}; }

    struct connection : std::enable_shared_from_this<connection> {
        connection(obedient_peer& at, tcp::socket from, std::uint64_t of)
            : peer{at}, socket{std::move(from)}, timer{socket.get_executor()}, number{of} {}

        // One read at a time: an answer that was held back finds one pending.
        void read() {
            if (std::exchange(reading, true))
                return;
            asio::async_read_until(
                socket, asio::dynamic_buffer(input), "\r\n\r\n",
                [self = shared_from_this()](std::error_code ec, std::size_t size) {
                    self->reading = false;
                    if (!ec)
                        self->received(size);
                });
        }

        void received(std::size_t size) {
            const std::string head = input.substr(0, size - 2);
            input.erase(0, size);
            const std::size_t target = head.find(' ') + 1;
            const std::size_t fields = head.find("\r\n") + 2;
            peer.requests.push_back({head.substr(target, head.find(' ', target) - target),
                                     head.substr(fields), number});
            closing = head.find("\r\nConnection: close\r\n") != std::string::npos;
            act(answer_to(peer.plan));
        }

        static std::string answer_to(const sim::conformance::peer_plan& plan) {
            std::string bytes = "HTTP/1.1 " + std::to_string(plan.status) + " \r\n" + plan.fields;
            if (plan.status == 204)
                return bytes + "\r\n";
            if (!plan.chunked)
                return bytes + "Content-Length: " + std::to_string(plan.body.size()) + "\r\n\r\n" +
                       plan.body;
            bytes += "Transfer-Encoding: chunked\r\n\r\n";
            for (const char& byte : plan.body)
                bytes.append("1;number=\"1\"\r\n").append(1, byte).append("\r\n");
            return bytes + "0\r\nX-Trailer: 1\r\n\r\n";
        }

        void act(std::string bytes) {
            using enum sim::conformance::peer_act;
            const std::string half = bytes.substr(0, bytes.size() - 10);
            switch (peer.plan.act) {
            case refuse: // It is asked for at the other port.
            case answer: return send(std::move(bytes));
            case hold:
                peer.held_.emplace_back([self = shared_from_this(), bytes] { self->send(bytes); });
                return read(); // To notice that the client has left.
            case silence: return read();
            case drip: return drip_from(std::move(bytes));
            case reset: return send(half, &connection::reset);
            case truncate: return send(half, &connection::close);
            case garbage: return send("220 mail.example ESMTP\r\n\r\n", &connection::close);
            }
        }

        template <typename Then>
        void send(std::string bytes, Then then) {
            output = std::move(bytes);
            asio::async_write(socket, asio::buffer(output),
                              [self = shared_from_this(), then](std::error_code, std::size_t) {
                                  std::invoke(then, *self);
                              });
        }

        void send(std::string answer) {
            send(std::move(answer),
                 [](connection& self) { self.closing ? self.close() : self.read(); });
        }

        void drip_from(std::string rest) {
            if (rest.empty() || !socket.is_open())
                return;
            send(rest.substr(0, 1), [rest](connection& self) {
                self.timer.expires_after(std::chrono::milliseconds{100});
                self.timer.async_wait([alive = self.shared_from_this(), rest](std::error_code) {
                    alive->drip_from(rest.substr(1));
                });
            });
        }

        void close() {
            std::error_code ignored;
            socket.close(ignored);
        }

        void reset() {
            std::error_code ignored;
            socket.set_option(asio::socket_base::linger{true, 0}, ignored);
            close();
        }

        obedient_peer& peer;
        tcp::socket socket;
        asio::steady_timer timer;
        std::uint64_t number;
        std::string input;
        std::string output;
        bool closing = false;
        bool reading = false;
    };

    void accept() {
        acceptor_.async_accept([this](std::error_code ec, tcp::socket accepted) {
            if (ec)
                return;
            std::make_shared<connection>(*this, std::move(accepted), ++connections_)->read();
            accept();
        });
    }

    tcp::acceptor acceptor_;
    tcp::acceptor refusing_;
    std::vector<std::function<void()>> held_;
    std::uint64_t connections_ = 0;
};

} // namespace forest::test

#endif
