// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_SOCKET_PEER_HPP
#define FOREST_ADAPTERS_POSIX_DETAIL_SOCKET_PEER_HPP

#include <forest/adapters/posix/detail/descriptor.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/peer.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// The peer of the battery for transports. It uses only the sockets of the operating system. So a
// fault of a network library cannot hide the same fault of a transport on that library.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

/// An HTTP server at a free port of 127.0.0.1, on a thread of its own, that can do every
/// `peer_act`. All members may be called from any thread. The destructor closes all connections and
/// waits for the thread.
class socket_peer {
public:
    /// Further connections wait until one of them is closed.
    static constexpr std::size_t connections_max = 64;

    /// A connection with a longer header section is closed.
    static constexpr std::size_t request_bytes_max = 65'536;

    /// The time from one byte to the next, for `peer_act::drip`.
    static constexpr std::chrono::milliseconds drip_interval{100};

    /// Throws std::system_error if the system has no socket or thread left.
    socket_peer();

    socket_peer(const socket_peer&) = delete;
    socket_peer& operator=(const socket_peer&) = delete;

    ~socket_peer();

    /// Sets the behaviour for later requests. Returns true, because this peer can do everything.
    bool plan(const peer_plan& plan);

    /// Returns the present URL of the peer. With `peer_act::refuse` it is the URL of a port at
    /// which no process listens.
    [[nodiscard]] std::string target() const;

    /// Sends the answers that are held back.
    void release();

    /// All requests that have arrived.
    [[nodiscard]] std::vector<peer_request> received() const;

private:
    using real_clock = std::chrono::steady_clock;

    enum class ending { keep, close, reset };

    struct connection {
        forest::detail::descriptor socket;
        std::uint64_t number = 0;
        std::string input{};
        std::string output{};
        std::string held{}; // an answer for later
        ending then = ending::keep;
        bool closing = false; // the request asks to close
        bool dripping = false;
        bool input_ended = false;
        real_clock::time_point drip_at{};

        [[nodiscard]] bool answering() const noexcept { return !output.empty(); }
        [[nodiscard]] bool writes_now() const noexcept { return answering() && !dripping; }
        [[nodiscard]] bool over() const noexcept {
            return !socket || (input_ended && !answering() && held.empty());
        }
    };

    void wake() noexcept;

    void run();

    // Waits until a socket is ready or `wake` is called.
    void wait();

    void accept(std::uint64_t& number);

    static bool would_block() noexcept;

    static void read(connection& client);

    static void write(connection& client);

    static void end_answer(connection& client);

    // Takes the next request of a connection, if it has arrived, and does what is planned.
    void answer_next(connection& client);

    static void act(connection& client, const peer_plan& plan);

    static std::string planned_answer(const peer_plan& plan);

    forest::detail::descriptor listening_;
    forest::detail::descriptor refusing_;
    forest::detail::descriptor wake_read_;
    forest::detail::descriptor wake_write_;
    std::uint16_t port_ = 0;
    std::uint16_t refusing_port_ = 0;
    std::vector<std::unique_ptr<connection>> connections_; // used by the thread alone

    mutable std::mutex mutex_;
    peer_plan plan_;
    std::vector<peer_request> requests_;
    bool releasing_ = false;
    bool stopping_ = false;

    std::thread thread_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/detail/impl/socket_peer.ipp>
#endif

#endif
