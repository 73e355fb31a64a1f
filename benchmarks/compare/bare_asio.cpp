// SPDX-License-Identifier: BSL-1.0

// What forest's own user instructions are compared with: checks by Asio's sockets as its examples
// use them, one exact call after the other on the concrete executor, and due times on a grid of
// 5 ms. Nothing is parsed beyond what says that an answer is complete.
//
// It has no deadline of its own: a check that is not done when its target is due again has failed.

#include "prober.hpp"
#include "sockets.hpp"

#include <netinet/tcp.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>
#include <asio/wait_traits.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using namespace compare;

class bare_asio {
public:
    explicit bare_asio(const prober_options& chosen) : reuse_{chosen.reuse} {
        targets_.reserve(chosen.targets.size());
        for (const std::string& url : chosen.targets) {
            const compare::endpoint at = parse_target(url);
            targets_.emplace_back(
                tcp::endpoint{asio::ip::address_v4{ntohl(at.address.sin_addr.s_addr)},
                              ntohs(at.address.sin_port)},
                "GET /forest/health HTTP/1.1\r\nHost: " + at.authority +
                    (reuse_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n"),
                io_.get_executor());
        }
    }

    tally run_at(std::chrono::milliseconds interval) {
        schedule due{targets_.size(), interval};
        wait(due);
        run();
        return made_;
    }

    tally run_flat_out(std::size_t at_a_time) {
        flat_out_ = true;
        for (; next_ < std::min(at_a_time, targets_.size()); ++next_)
            begin(targets_[next_]);
        run();
        return made_;
    }

private:
    using tcp = asio::ip::tcp;
    using executor = asio::io_context::executor_type;
    using socket = asio::basic_stream_socket<tcp, executor>;
    using quick_ack = asio::detail::socket_option::boolean<IPPROTO_TCP, TCP_QUICKACK>;
    using timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, executor>;

    struct target {
        target(tcp::endpoint at, std::string asked, const executor& on)
            : address{at}, request{std::move(asked)}, connection{on} {}

        tcp::endpoint address;
        std::string request;
        socket connection;
        bool checking = false;
        std::array<char, 1024> bytes;
    };

    void run() {
        while (!stopped)
            io_.run_one_for(std::chrono::seconds{1});
    }

    void wait(schedule& due) {
        timer_.expires_after(due.run([this](std::size_t index) { begin(targets_[index]); }));
        timer_.async_wait([this, &due](std::error_code) { wait(due); });
    }

    void begin(target& to) {
        if (to.checking)
            end(to, false, false);
        to.checking = true;
        if (to.connection.is_open())
            return send(to);
        to.connection.open(tcp::v4());
        // The last message of the handshake goes with the request.
        to.connection.set_option(quick_ack{false});
        to.connection.async_connect(to.address, [this, &to](std::error_code ec) {
            if (ec == asio::error::operation_aborted)
                return;
            ec ? end(to, false, false) : send(to);
        });
    }

    void send(target& to) {
        asio::async_write(to.connection, asio::buffer(to.request),
                          [this, &to](std::error_code ec, std::size_t) {
                              if (ec == asio::error::operation_aborted)
                                  return;
                              ec ? end(to, false, false) : receive(to);
                          });
    }

    void receive(target& to) {
        to.connection.async_read_some(asio::buffer(to.bytes),
                                      [this, &to](std::error_code ec, std::size_t size) {
                                          if (ec != asio::error::operation_aborted)
                                              received(to, {to.bytes.data(), size});
                                      });
    }

    // An answer that does not come in one piece is a failure: over loopback it does.
    void received(target& to, std::string_view answer) {
        const bool complete = answer.ends_with('}');
        end(to, complete && answer.starts_with("HTTP/1.1 200 ") && says_ok(answer), complete);
    }

    void end(target& to, bool healthy, bool complete) {
        to.checking = false;
        made_.count(healthy);
        if (!reuse_ || !complete) {
            std::error_code ignored;
            if (complete)
                to.connection.set_option(asio::socket_base::linger{true, 0}, ignored);
            to.connection.close(ignored);
        }
        if (flat_out_ && !stopped)
            begin(reuse_ ? to : targets_[next_++ % targets_.size()]);
    }

    bool reuse_;
    bool flat_out_ = false;
    asio::io_context io_{1};
    timer timer_{io_.get_executor()};
    std::vector<target> targets_;
    std::size_t next_ = 0;
    tally made_;
};

} // namespace

int main(int count, char** arguments) {
    return compare::main(count, arguments, [](const prober_options& chosen) {
        bare_asio prober{chosen};
        return chosen.flat_out > 0 ? prober.run_flat_out(chosen.flat_out)
                                   : prober.run_at(chosen.interval);
    });
}
