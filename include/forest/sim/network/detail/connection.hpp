// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_CONNECTION_HPP
#define FOREST_SIM_NETWORK_DETAIL_CONNECTION_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/detail/arriving_answer.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/network/network_path.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

// One simulated connection: both of its ends, and what travels between them.

namespace forest::inline FOREST_FORM::sim::detail {

class connection;

/// The transport that a connection belongs to. The events on the queue share it.
class connection_user : public std::enable_shared_from_this<connection_user> {
public:
    connection_user(const connection_user&) = delete;
    connection_user& operator=(const connection_user&) = delete;

    /// Something that was awaited has arrived, and the client runs.
    virtual void ready(connection& awaited) = 0;

    /// A message was lost, or may be late: only a timer ends the GET.
    virtual void may_be_late() = 0;

    /// A message of the GET is sent. It arrives `more` after the time that the link needs.
    virtual void sending(link& over, duration more) = 0;

    /// Returns whether what arrives now comes after the deadline of the GET.
    [[nodiscard]] virtual bool too_late() const noexcept = 0;

    /// The request of the present GET, and what it allows.
    [[nodiscard]] virtual std::span<char> request_bytes() noexcept = 0;
    [[nodiscard]] virtual const message_limits& limits() const noexcept = 0;

    [[nodiscard]] host& client() const noexcept { return *path_.client; }
    [[nodiscard]] event_queue& queue() const noexcept { return path_.client->queue(); }

    void note(trace_kind kind, int detail, std::uint64_t value) const;

    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }

    /// Sees the wires of the client; may be null.
    [[nodiscard]] wire_observer* observer() const noexcept {
        return path_.network != nullptr ? path_.network->observer : nullptr;
    }

protected:
    connection_user() = default;
    virtual ~connection_user() = default;

    network_path path_; // of the current request
    std::uint64_t requests_ = 0;
};

/// A connection, or an attempt to make one. It can be opened again after it was closed. Its user
/// must outlive it. Not thread-safe.
///
/// When the client closes its end, the server closes the other one at once: no message is needed.
class connection final : public peer {
public:
    explicit connection(connection_user& user) noexcept : user_{user} {}
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() override { leave(); }

    // The client's end.

    /// Becomes an unconnected socket with the number `index` of the GET. `whole`: the request
    /// travels with the first message.
    void open(const network_path& path, unsigned index, unsigned address, bool whole);

    /// Begins to connect.
    void connect();

    /// Sends the next flight of a handshake.
    void greet();

    /// Sends the request of the user. With `keeps`, the connection stays open after the answer.
    void request(bool keeps);

    /// The connection is idle from now on, for the next GET.
    void keep(unsigned index);

    void close();

    [[nodiscard]] unsigned index() const noexcept { return index_; }
    [[nodiscard]] unsigned address() const noexcept { return address_; }
    [[nodiscard]] bool leads_over(const link& over) const noexcept { return over_ == &over; }
    [[nodiscard]] bool made() const noexcept { return made_; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] errc failure() const noexcept { return failure_; }
    [[nodiscard]] int flights_sent() const noexcept { return flights_sent_; }
    [[nodiscard]] int flights_received() const noexcept { return flights_received_; }
    [[nodiscard]] arriving_answer& answer() noexcept { return answer_; }

    /// The next event of the connection is passed to the user.
    void await() noexcept { awaited_ = true; }

    // The server's end.

    /// The server process has ended, so the rest of its answer is lost.
    void reset() override;

private:
    using shared = std::shared_ptr<connection>;
    using task = forest::detail::unique_function<void()>;

    shared share() { return {user_.shared_from_this(), this}; }

    // Returns whether everything that is sent over the connection is lost.
    [[nodiscard]] bool dead() const noexcept;

    void send(direction way, task&& arrives, duration extra = duration::zero(),
              duration whole = duration::zero());

    void lose(direction way);

    // -- At the server --

    [[nodiscard]] bool accept();

    static void connect_arrived(shared self);

    static void flight_arrived(shared self);

    static void request_arrived(shared self);

    static void ask(const shared& self);

    void answered(std::string_view bytes);

    void transmit();

    void close_when_idle();

    // -- At the client --

    task next_piece();

    static void piece_arrived(shared self);

    void fail_over_link(errc error) { send(direction::to_client, failure_of(error)); }

    task failure_of(errc error);

    static void wake(shared self);

    void leave();

    connection_user& user_;
    link* over_ = nullptr;
    server_process* server_ = nullptr;
    std::uint64_t leg_ = 0;       // changes when the travelling messages become void
    std::uint64_t forgotten_ = 0; // how often the link had lost its connections
    std::uint64_t requests_ = 0;  // over this connection
    unsigned index_ = 0;
    unsigned address_ = 0;
    int flights_sent_ = 0;
    int flights_received_ = 0;
    errc failure_{};
    bool whole_ = false;
    bool made_ = false;
    bool failed_ = false;
    bool keeps_ = false;
    bool awaited_ = false;
    bool accepted_ = false; // the server has accepted the connection
    bool dead_ = false;     // since it became idle
    arriving_answer answer_;
    memory_server::pending waiting_; // the request at the server
};

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/detail/impl/connection.ipp>
#endif

#endif
