// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_SOCKET_HARNESS_HPP
#define FOREST_ADAPTERS_POSIX_SOCKET_HARNESS_HPP

#include <forest/adapters/posix/detail/socket_peer.hpp>
#include <forest/adapters/posix/socket_client.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/real_time.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

// Harnesses for transports and servers on real sockets. A derived harness adds what is checked.

namespace forest::inline FOREST_FORM::sim::conformance {

/// A harness for transports without `make()`, which a derived harness adds. Its peer is an HTTP
/// server at a free port of 127.0.0.1.
class transport_over_sockets : public real_time {
public:
    using real_time::real_time;

    [[nodiscard]] std::string target() const { return peer_.target(); }
    bool plan(const peer_plan& plan) { return peer_.plan(plan); }
    void release() { peer_.release(); }
    [[nodiscard]] std::vector<peer_request> received() const { return peer_.received(); }

private:
    detail::socket_peer peer_;
};

/// A harness for servers without `server()`, which a derived harness adds.
class server_over_sockets : public real_time {
public:
    using real_time::real_time;

    /// The port of 127.0.0.1 at which the server listens. Set it before the battery begins.
    std::uint16_t port = 0;

    void send(std::string bytes, std::function<void(std::string)> done) {
        client_.send(port, std::move(bytes), std::move(done));
    }

private:
    socket_client client_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance

#endif
