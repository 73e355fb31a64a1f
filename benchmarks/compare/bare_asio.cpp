// SPDX-License-Identifier: BSL-1.0

// What forest's own user instructions are compared with: checks by Asio's sockets as its examples
// use them, one exact call after the other on the concrete executor, and due times on a grid of
// `--tick-ms`. Nothing is parsed beyond what says that an answer is complete.
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
    explicit bare_asio(const prober_options& settings)
        : settings_{settings}, reuse_{settings.reuse} {
        targets_.reserve(settings.targets.size());
        for (const std::string& url : settings.targets) {
            const compare::endpoint at = parse_target(url);
            targets_.emplace_back(
                tcp::endpoint{asio::ip::address_v4{ntohl(at.address.sin_addr.s_addr)},
                              ntohs(at.address.sin_port)},
                "GET /forest/health HTTP/1.1\r\nHost: " + at.authority +
                    (reuse_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n"),
                io_.get_executor());
        }
    }

    tally run_at_interval() {
        schedule due{settings_};
        wait(due);
        run();
        return made_;
    }

    tally run_flat_out() {
        flat_out_ = true;
        for (; next_ < std::min<std::size_t>(settings_.flat_out, targets_.size()); ++next_)
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
        target(tcp::endpoint at, std::string asked, const executor& context)
            : address{at}, request{std::move(asked)}, connection{context} {}

        tcp::endpoint address;
        std::string request;
        socket connection;
        bool checking = false;
        std::array<char, 1024> bytes;
    };

    void run() {
        while (goes_on(settings_, made_.checks))
            io_.run_one_for(std::chrono::seconds{1});
    }

    void wait(schedule& due) {
        timer_.expires_after(due.run([this](std::size_t index) { begin(targets_[index]); }));
        timer_.async_wait([this, &due](std::error_code) { wait(due); });
    }

    void begin(target& subject) {
        if (subject.checking)
            end(subject, false, false);
        subject.checking = true;
        if (subject.connection.is_open())
            return send(subject);
        subject.connection.open(tcp::v4());
        // The last message of the handshake goes with the request.
        subject.connection.set_option(quick_ack{false});
        subject.connection.async_connect(subject.address, [this, &subject](std::error_code ec) {
            if (ec == asio::error::operation_aborted)
                return;
            ec ? end(subject, false, false) : send(subject);
        });
    }

    void send(target& subject) {
        asio::async_write(subject.connection, asio::buffer(subject.request),
                          [this, &subject](std::error_code ec, std::size_t) {
                              if (ec == asio::error::operation_aborted)
                                  return;
                              ec ? end(subject, false, false) : receive(subject);
                          });
    }

    void receive(target& subject) {
        subject.connection.async_read_some(asio::buffer(subject.bytes),
                                           [this, &subject](std::error_code ec, std::size_t size) {
                                               if (ec != asio::error::operation_aborted)
                                                   received(subject, {subject.bytes.data(), size});
                                           });
    }

    // An answer that does not come in one piece is a failure: over loopback it does.
    void received(target& subject, std::string_view answer) {
        const bool complete = answer.ends_with('}');
        end(subject, complete && answer.starts_with("HTTP/1.1 200 ") && says_ok(answer), complete);
    }

    void end(target& subject, bool healthy, bool complete) {
        subject.checking = false;
        made_.count(healthy);
        if (!reuse_ || !complete) {
            std::error_code ignored;
            if (complete)
                subject.connection.set_option(asio::socket_base::linger{true, 0}, ignored);
            subject.connection.close(ignored);
        }
        if (flat_out_ && !stopped)
            begin(reuse_ ? subject : targets_[next_++ % targets_.size()]);
    }

    const prober_options& settings_;
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
    return compare::main(count, arguments, [](const prober_options& settings) {
        bare_asio prober{settings};
        return settings.flat_out > 0 ? prober.run_flat_out() : prober.run_at_interval();
    });
}
