// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_CONNECTION_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_CONNECTION_HPP

#include <forest/adapters/asio/detail/server/answer_slot.hpp>
#include <forest/adapters/asio/detail/server/server_party.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/asio/detail/server/server_stream.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// One accepted connection. It reads a request, calls the handler of the route, sends the answer,
// and then reads the next request. So pipelined requests are answered in order, and one connection
// never has more than one handler.

namespace forest::inline FOREST_FORM::detail {

/// Makes room for `bytes` more bytes: closes connections other than `asking`. Returns false if that
/// does not make enough room.
bool make_room(server_state& server, std::size_t bytes, const server_connection& asking);

class server_connection final : public server_party, public answer_receiver {
public:
    using clock = std::chrono::steady_clock;

    server_connection(std::shared_ptr<server_state> server, const tls_context* tls,
                      const std::optional<ip_address>& peer);

    // Takes an accepted socket over. With an error it stays the caller's.
    std::error_code assign(int descriptor) { return stream_.assign(descriptor); }

    // All members are called under the server's lock. Members with the parameter `lock` are called
    // in a turn. They release the lock while a handler runs.

    // Begins to read, and answers at once the requests that have already arrived.
    void start(lock_type& lock);

    // Closes at once. No handler of an earlier step continues.
    void close() noexcept;

    [[nodiscard]] bool closed() const noexcept override { return phase_ == phase::closed; }

    // Returns whether no part of a request has arrived since the last answer.
    [[nodiscard]] bool idle() const noexcept;

    // Returns whether a handler holds the answer, and has not been asked for it.
    [[nodiscard]] bool held() const noexcept { return !on_end_.empty(); }

    // Returns whether no handler has accepted a request of this connection yet.
    [[nodiscard]] bool is_stranger() const noexcept { return list_ == &server_->strangers; }

    // Returns whether this connection may be closed to make room for another. It must not be closed
    // while a handler works on its request. If the signature of its request was valid, it must not
    // be closed until `send_timeout` is over.
    [[nodiscard]] bool gives_way(clock::time_point now) const noexcept;

    [[nodiscard]] clock::time_point accepted_at() const noexcept { return accepted_at_; }

    // Reads the bytes that have arrived, before the connection is closed: they may be a valid
    // request.
    void look_once_more(lock_type& lock);

    // Sends the answer of a responder. Only the first answer counts. Never throws: without memory,
    // another answer is sent.
    void answer(const response& content) noexcept override;

    // Sends an answer of the server itself.
    void answer_error(int status) noexcept override;

    // The handler answers much later. See `server_responder::hold`.
    bool hold(unique_function<void(hold_end)>&& on_end) noexcept override;

    // Asks for the answer that is held, and closes the connection after it.
    void answer_now() noexcept;

private:
    enum class phase {
        reading,
        answering, // a handler has the responder
        sending,
        lingering, // the client may still be reading the last answer
        closed,
    };

    using stream_result = server_stream::stream_result;

    // Repeats `step` until the connection has to wait.
    void proceed(lock_type& lock);

    // Returns whether there is another step to do now.
    bool step(lock_type& lock);

    bool read(lock_type& lock);

    // Returns true if the operation is done. Otherwise this function has begun the necessary wait,
    // or closed the connection.
    bool wait_unless_done(stream_result result);

    // Notices when the client of a held answer closes the connection or sends more.
    void watch_client();

    // What is to be called at the end of the hold is called when the lock is released.
    void end_hold(std::optional<hold_end> why) noexcept;

    // The handler has the usual time for its answer again.
    void ask_for_answer() noexcept;

    // Between two turns, the connection stores its unused bytes in `input_`. During a turn they are
    // at the front of the scratch space, because the parser reads only there.
    void restore_input() noexcept;

    void keep_input();

    void dispatch(lock_type& lock);

    // The remaining bytes in the scratch space belong to the next request.
    void drop_request() noexcept;

    void refuse(int status) noexcept;

    void begin_answering() noexcept;

    void send_answer(const response& content) noexcept;

    // Returns false if there is no room for the answer.
    bool take_answer(const response& content);

    void send_no_room() noexcept;

    void begin_sending(std::string_view head, std::string_view body) noexcept;

    bool send();

    // The whole answer has been sent.
    bool answered();

    // The memory of a small answer is kept for the next answer.
    void forget_answer() noexcept;

    void await_request();

    // Closing with unread bytes would reset the connection, and the client could lose the answer
    // (RFC 9112, 9.6). So the server announces the end, and continues to read for a while.
    void linger();

    bool drain();

    void move_to(connection_list& list, connection_list::iterator before) noexcept;

    void count_memory() noexcept;

    void time_out(lock_type& lock);

    [[nodiscard]] std::shared_ptr<server_connection> self() {
        return std::static_pointer_cast<server_connection>(shared_from_this());
    }

    void wait_for_reading();

    void wait_for_writing();

    // The ends of the waits.
    void on_readable(lock_type& lock, std::error_code ec, std::uint64_t);
    void on_writable(lock_type& lock, std::error_code ec, std::uint64_t);
    void on_waking(lock_type& lock, std::error_code ec, std::uint64_t);
    void on_deadline(lock_type& lock, std::error_code ec, std::uint64_t number);

    void ready(lock_type& lock, std::error_code ec);

    // Continues in a turn of its own.
    void wake();

    // A later deadline does not touch the timer. A timer that ends too early is set again.
    void set_deadline(duration from_now);

    void set_timer();

    static constexpr std::size_t slot_bytes = 128;        // including the nodes of lists and timers
    static constexpr std::size_t hold_bytes = 96;         // the node of `on_end_`
    static constexpr std::size_t shared_bytes_min = 4096; // smaller bodies are copied: one write
    static constexpr std::size_t output_bytes_kept =
        std::size_t{64} * 1024; // more than most answers take
    static constexpr std::size_t linger_bytes_max = std::size_t{256} * 1024;
    static constexpr duration linger_timeout = std::chrono::seconds{2};
    static constexpr int steps_per_turn_max = 16; // reads and answers; then others continue

    std::shared_ptr<answer_slot> slot_ = std::make_shared<answer_slot>();
    connection_list* list_ = nullptr;
    connection_list::iterator position_;
    server_stream stream_;
    asio::steady_timer timer_;
    asio::steady_timer wake_;
    clock::time_point deadline_;
    clock::time_point accepted_at_ = clock::now();
    clock::time_point sending_since_;
    std::uint64_t timer_number_ = 0;
    request_parser parser_;
    const std::optional<ip_address> peer_;
    std::list<held_end> on_end_; // one while the answer is held; moving it needs no memory
    std::vector<char> input_;    // the unused bytes, between two turns
    std::size_t kept_ = 0;       // how many unused bytes are in the scratch space, during a turn
    std::string output_;
    std::string_view body_;                             // the body of the answer, if it is shared
    std::list<std::shared_ptr<const void>> body_owner_; // one or none; moving it needs no memory
    std::size_t drained_bytes_ = 0;
    std::size_t counted_bytes_ = 0;
    phase phase_ = phase::reading;
    bool in_scratch_ = false;
    bool unparsed_ = false; // the next request may have come with the last one
    bool reading_ = false;  // a wait is under way
    bool writing_ = false;
    bool waking_ = false;
    bool timer_set_ = false;
    bool continued_ = false;
    bool close_after_ = false;
    bool in_turn_ = false; // a turn is running, and it will send the answer
    bool was_held_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_connection.ipp>
#endif

#endif
