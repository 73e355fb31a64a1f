// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_IMPL_SOCKET_PEER_IPP
#define FOREST_ADAPTERS_POSIX_DETAIL_IMPL_SOCKET_PEER_IPP

#include <forest/adapters/posix/detail/socket_peer.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL socket_peer::socket_peer()
    : listening_{forest::detail::bound_socket()}, refusing_{forest::detail::bound_socket()} {
    if (::listen(listening_.number(), static_cast<int>(connections_max)) != 0)
        forest::detail::throw_last_error("listen");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        forest::detail::throw_last_error("pipe");
    wake_read_ = forest::detail::descriptor{ends[0]};
    wake_write_ = forest::detail::descriptor{ends[1]};
    forest::detail::set_nonblocking(listening_);
    port_ = forest::detail::port_of(listening_);
    refusing_port_ = forest::detail::port_of(refusing_); // no process listens here
    thread_ = std::thread{[this] { run(); }};
}

FOREST_DECL socket_peer::~socket_peer() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake();
    thread_.join();
}

FOREST_DECL bool socket_peer::plan(const peer_plan& plan) {
    const std::lock_guard lock{mutex_};
    plan_ = plan;
    return true;
}

FOREST_DECL std::string socket_peer::target() const {
    const std::lock_guard lock{mutex_};
    const auto port = plan_.act == peer_act::refuse ? refusing_port_ : port_;
    return "http://127.0.0.1:" + std::to_string(port) + "/path/to?query=1%202";
}

FOREST_DECL void socket_peer::release() {
    {
        const std::lock_guard lock{mutex_};
        releasing_ = true;
    }
    wake();
}

FOREST_DECL std::vector<peer_request> socket_peer::received() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

FOREST_DECL void socket_peer::wake() noexcept {
    const char byte = 0;
    (void)!::write(wake_write_.number(), &byte, 1); // A full pipe wakes as well.
}

FOREST_DECL void socket_peer::run() {
    for (std::uint64_t number = 0;;) {
        wait();
        {
            const std::lock_guard lock{mutex_};
            if (stopping_)
                return;
            if (std::exchange(releasing_, false)) {
                for (const auto& each : connections_)
                    each->output.append(std::exchange(each->held, {}));
            }
        }
        for (const auto& each : connections_) {
            read(*each);
            write(*each);
            answer_next(*each);
        }
        std::erase_if(connections_, [](const auto& each) { return each->over(); });
        accept(number);
    }
}

FOREST_DECL void socket_peer::wait() {
    std::vector<pollfd> waiting{{wake_read_.number(), POLLIN, 0}};
    if (connections_.size() < connections_max)
        waiting.push_back({listening_.number(), POLLIN, 0});
    std::chrono::milliseconds longest{-1};
    for (const auto& each : connections_) {
        short events = each->input_ended ? short{0} : short{POLLIN};
        if (each->writes_now())
            events = static_cast<short>(events | POLLOUT);
        waiting.push_back({each->socket.number(), events, 0});
        if (each->answering() && each->dripping)
            longest = drip_interval / 4;
    }
    ::poll(waiting.data(), waiting.size(), static_cast<int>(longest.count()));
    std::array<char, 64> bytes{};
    while (::read(wake_read_.number(), bytes.data(), bytes.size()) > 0)
        ;
}

FOREST_DECL void socket_peer::accept(std::uint64_t& number) {
    while (connections_.size() < connections_max) {
        forest::detail::descriptor accepted{
            ::accept4(listening_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (!accepted) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                std::this_thread::sleep_for(drip_interval); // until there may be resources
            return;
        }
        connections_.push_back(
            std::make_unique<connection>(connection{std::move(accepted), ++number}));
    }
}

FOREST_DECL bool socket_peer::would_block() noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

FOREST_DECL void socket_peer::read(connection& client) {
    std::array<char, 4096> bytes{};
    while (client.socket && !client.input_ended && client.input.size() <= request_bytes_max) {
        const ssize_t count = ::recv(client.socket.number(), bytes.data(), bytes.size(), 0);
        if (count > 0)
            client.input.append(bytes.data(), static_cast<std::size_t>(count));
        else if (count == 0)
            client.input_ended = true;
        else if (would_block())
            return;
        else
            client.socket.close();
    }
    if (client.input.size() > request_bytes_max)
        client.socket.close();
}

FOREST_DECL void socket_peer::write(connection& client) {
    while (client.socket && client.answering()) {
        if (client.dripping && real_clock::now() < client.drip_at)
            return;
        const std::size_t size = client.dripping ? 1 : client.output.size();
        const ssize_t count =
            ::send(client.socket.number(), client.output.data(), size, MSG_NOSIGNAL);
        if (count < 0) {
            if (!would_block())
                client.socket.close();
            return;
        }
        client.output.erase(0, static_cast<std::size_t>(count));
        client.drip_at = real_clock::now() + drip_interval;
        if (!client.answering())
            end_answer(client);
    }
}

FOREST_DECL void socket_peer::end_answer(connection& client) {
    if (client.then == ending::reset) {
        const linger at_once{1, 0};
        ::setsockopt(client.socket.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (client.then != ending::keep || client.closing)
        client.socket.close();
}

FOREST_DECL void socket_peer::answer_next(connection& client) {
    const std::size_t size = client.input.find("\r\n\r\n");
    if (!client.socket || client.answering() || size == std::string::npos)
        return;
    const std::string head = client.input.substr(0, size + 2);
    client.input.erase(0, size + 4);
    const std::size_t target = head.find(' ') + 1;
    const std::string fields = head.substr(head.find("\r\n") + 2);
    client.closing = field_view{fields}.lists("Connection", "close");
    peer_plan planned;
    {
        const std::lock_guard lock{mutex_};
        requests_.push_back(
            {head.substr(target, head.find(' ', target) - target), fields, client.number});
        planned = plan_;
    }
    act(client, planned);
    write(client);
}

FOREST_DECL void socket_peer::act(connection& client, const peer_plan& plan) {
    std::string bytes = planned_answer(plan);
    const std::string half =
        bytes.substr(0, bytes.size() - std::min<std::size_t>(bytes.size(), 10));
    client.then = ending::keep;
    client.dripping = plan.act == peer_act::drip;
    client.drip_at = real_clock::now();
    switch (plan.act) {
    case peer_act::refuse: // The requests go to the other port.
    case peer_act::answer:
    case peer_act::drip: client.output = std::move(bytes); return;
    case peer_act::hold: client.held.append(bytes); return;
    case peer_act::silence: return;
    case peer_act::reset:
        client.output = half;
        client.then = ending::reset;
        return;
    case peer_act::truncate:
        client.output = half;
        client.then = ending::close;
        return;
    case peer_act::garbage:
        client.output = "what answers here is no HTTP\r\n\r\n";
        client.then = ending::close;
        return;
    }
}

FOREST_DECL std::string socket_peer::planned_answer(const peer_plan& plan) {
    std::string bytes = "HTTP/1.1 " + std::to_string(plan.status) + " \r\n" + plan.fields;
    if (plan.status == 204 || plan.status == 304)
        return bytes + "\r\n";
    if (!plan.chunked)
        return bytes + "Content-Length: " + std::to_string(plan.body.size()) + "\r\n\r\n" +
               plan.body;
    bytes += "Transfer-Encoding: chunked\r\n\r\n";
    for (const char& byte : plan.body)
        bytes.append("1;number=\"1\"\r\n").append(1, byte).append("\r\n");
    return bytes + "0\r\nX-Trailer: 1\r\n\r\n";
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
