// SPDX-License-Identifier: BSL-1.0

// The floor: checks with nothing but the system calls that a check needs, eight for a fresh
// connection and two for a kept one, and due times on a grid of `--tick-ms`.
//
// It has no deadline of its own: a check that is not done when its target is due again has failed.

#include "prober.hpp"
#include "sockets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace compare;

constexpr std::string_view status_line = "HTTP/1.1 200 ";
constexpr std::string_view end_of_fields = "\r\n\r\n";
constexpr std::string_view length_field = "\r\nContent-Length: ";

// How many bytes the answer has in all, or 0 while that cannot be known.
std::size_t answer_size(std::string_view begun) {
    const std::size_t fields = begun.find(end_of_fields);
    const std::size_t length = begun.find(length_field);
    if (fields == begun.npos || length > fields)
        return 0;
    const char* const digits = begun.data() + length + length_field.size();
    std::size_t body = 0;
    std::from_chars(digits, begun.data() + fields, body);
    return fields + end_of_fields.size() + body;
}

class bare_epoll {
public:
    explicit bare_epoll(const prober_options& settings)
        : settings_{settings}, reuse_{settings.reuse}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
        require(epoll_ >= 0, "epoll_create1");
        for (const std::string& url : settings.targets) {
            const endpoint at = parse_target(url);
            targets_.push_back(
                {at.address, "GET /forest/health HTTP/1.1\r\nHost: " + at.authority +
                                 (reuse_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n")});
        }
    }

    tally run_at_interval() {
        schedule due{settings_};
        while (goes_on(settings_, made_.checks))
            wait(due.run([this](std::size_t index) { begin(index); }));
        return made_;
    }

    tally run_flat_out() {
        flat_out_ = true;
        for (; next_ < std::min<std::size_t>(settings_.flat_out, targets_.size()); ++next_)
            begin(next_);
        while (goes_on(settings_, made_.checks))
            wait(std::chrono::seconds{1});
        return made_;
    }

private:
    struct target {
        sockaddr_in address;
        std::string request;
        int descriptor = -1;
        bool checking = false;
        bool sent = false;
    };

    void begin(std::size_t index) {
        target& subject = targets_[index];
        if (subject.checking)
            end(index, false, false);
        subject.checking = true;
        subject.sent = false;
        if (subject.descriptor >= 0) {
            send(subject);
            return;
        }
        subject.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        require(subject.descriptor >= 0, "socket");
        // The last message of the handshake goes with the request.
        set_option(subject.descriptor, IPPROTO_TCP, TCP_QUICKACK, 0);
        const auto* const address = reinterpret_cast<const sockaddr*>(&subject.address);
        require(::connect(subject.descriptor, address, sizeof subject.address) == 0 ||
                    errno == EINPROGRESS,
                "connect");
        watch(epoll_, subject.descriptor, index);
        send(subject); // Over loopback the connection is there already.
    }

    // The epoll reports a failure, too.
    void send(target& subject) {
        subject.sent = ::send(subject.descriptor, subject.request.data(), subject.request.size(),
                              MSG_NOSIGNAL) > 0;
    }

    void wait(std::chrono::milliseconds at_most) {
        const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                                       static_cast<int>(std::max(at_most.count(), {0})));
        for (int each = 0; each < count; ++each) {
            const epoll_event& event = events_[static_cast<std::size_t>(each)];
            const auto index = static_cast<std::size_t>(event.data.u64);
            target& subject = targets_[index];
            if (subject.descriptor < 0)
                continue;
            if (subject.checking && !subject.sent && (event.events & (EPOLLERR | EPOLLHUP)) == 0)
                send(subject);
            else if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
                receive(index);
        }
    }

    // An answer that does not come in one piece is a failure: over loopback it does.
    void receive(std::size_t index) {
        target& from = targets_[index];
        const ssize_t count = ::recv(from.descriptor, bytes_.data(), bytes_.size(), 0);
        if (count < 0 && errno == EAGAIN)
            return;
        const std::string_view answer{bytes_.data(),
                                      static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
        const bool complete = !answer.empty() && answer.size() == answer_size(answer);
        if (from.checking)
            end(index, complete && answer.starts_with(status_line) && says_ok(answer), complete);
        else
            close(from, false); // The server ends a connection that was kept.
    }

    void end(std::size_t index, bool healthy, bool complete) {
        target& subject = targets_[index];
        subject.checking = false;
        made_.count(healthy);
        if (!reuse_ || !complete)
            close(subject, complete);
        if (flat_out_ && !stopped) {
            // With kept connections the same ones go on, since one each is what is kept.
            const std::size_t following = reuse_ ? index : next_++ % targets_.size();
            begin(following);
        }
    }

    // A reset leaves no port in TIME_WAIT; before the answer is complete it would destroy data.
    void close(target& subject, bool complete) {
        if (complete)
            set_option(subject.descriptor, SOL_SOCKET, SO_LINGER, linger{1, 0});
        ::close(subject.descriptor);
        subject.descriptor = -1;
    }

    const prober_options& settings_;
    bool reuse_;
    bool flat_out_ = false;
    int epoll_;
    std::vector<target> targets_;
    std::size_t next_ = 0;
    tally made_;
    std::array<epoll_event, 512> events_;
    std::array<char, 16384> bytes_;
};

} // namespace

int main(int count, char** arguments) {
    return compare::main(count, arguments, [](const prober_options& settings) {
        bare_epoll prober{settings};
        return settings.flat_out > 0 ? prober.run_flat_out() : prober.run_at_interval();
    });
}
