// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_CONNECTION_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_CONNECTION_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/asio/detail/server/server_stream.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
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

class server_connection final : public std::enable_shared_from_this<server_connection>,
                                public answer_receiver {
public:
    using socket_type = server_stream::socket_type;
    using lock_type = std::unique_lock<std::mutex>;
    using clock = std::chrono::steady_clock;

    server_connection(std::shared_ptr<server_state> server, socket_type&& socket,
                      const tls_context* tls)
        : server_{std::move(server)},
          stream_{std::move(socket), tls},
          timer_{server_->turns.get_executor()},
          wake_{server_->turns.get_executor()},
          parser_{server_->limits.message, request_body::skipped} {
        slot_->mutex = server_->mutex;
        slot_->connection = this;
    }

    // All members are called under the server's lock. Members with the parameter `lock` are called
    // in a turn. They release the lock while a handler runs.

    // Begins to read, and answers at once the requests that have already arrived.
    void start(lock_type& lock) {
        list_ = &server_->strangers;
        position_ = list_->insert(list_->end(), shared_from_this());
        count_memory();
        try {
            set_deadline(server_->limits.header_timeout);
        } catch (...) { // There is no memory.
            return close();
        }
        proceed(lock);
    }

    // Closes at once. No handler of an earlier step continues.
    void close() noexcept {
        if (phase_ == phase::closed)
            return;
        phase_ = phase::closed;
        slot_->connection = nullptr;
        stream_.close();
        timer_.cancel();
        wake_.cancel();
        forget_answer();
        server_->memory.count(counted_bytes_, 0);
        list_->erase(position_);
        list_ = nullptr;
        server_->report_room();
        if (server_->stopping && server_->connections() == 0)
            server_->grace.cancel();
    }

    [[nodiscard]] bool closed() const noexcept { return phase_ == phase::closed; }

    // Returns whether no part of a request has arrived since the last answer.
    [[nodiscard]] bool idle() const noexcept {
        return phase_ == phase::reading && !parser_.started() && !unparsed_;
    }

    // Returns whether no handler has accepted a request of this connection yet.
    [[nodiscard]] bool is_stranger() const noexcept { return list_ == &server_->strangers; }

    // Returns whether this connection may be closed to make room for another. It must not be closed
    // while a handler works on its request. If the signature of its request was valid, it must not
    // be closed until `send_timeout` is over.
    [[nodiscard]] bool gives_way(clock::time_point now) const noexcept {
        if (phase_ == phase::answering)
            return false;
        return list_ != &server_->busy || now - sending_since_ > server_->limits.send_timeout;
    }

    [[nodiscard]] clock::time_point accepted_at() const noexcept { return accepted_at_; }

    // Reads the bytes that have arrived, before the connection is closed: they may be a valid
    // request.
    void look_once_more(lock_type& lock) {
        if (phase_ != phase::reading)
            return;
        stream_.look_again();
        proceed(lock);
    }

    // Sends the answer of a responder. Only the first answer counts. Never throws: without memory,
    // another answer is sent.
    void answer(const response& content) noexcept override {
        if (phase_ != phase::answering)
            return;
        const auto self = shared_from_this();
        const bool refuses = 400 <= content.status && content.status <= 499;
        if (is_stranger() && !refuses)
            move_to(server_->busy, server_->busy.end());
        send_answer(content);
    }

    // Sends an answer of the server itself.
    void answer_error(int status) noexcept override {
        if (phase_ != phase::answering)
            return;
        const auto self = shared_from_this();
        try {
            std::string storage;
            send_answer({.status = status, .body = error_body(storage, status), .fields = {}});
        } catch (...) {
            send_no_room();
        }
    }

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
    void proceed(lock_type& lock) {
        in_turn_ = true;
        try {
            for (int steps = 1; step(lock); ++steps) {
                if (steps == steps_per_turn_max) {
                    wake();
                    break;
                }
            }
            keep_input();
        } catch (...) { // There is no memory.
            close();
        }
        in_turn_ = false;
    }

    // Returns whether there is another step to do now.
    bool step(lock_type& lock) {
        switch (phase_) {
        case phase::reading:
            if (stream_.sending()) // 100 Continue
                return send();
            return read(lock);
        case phase::sending: return send() && answered();
        case phase::lingering: return drain();
        case phase::answering:
        case phase::closed: return false;
        }
        return false;
    }

    bool read(lock_type& lock) {
        if (!std::exchange(unparsed_, false)) {
            std::size_t count = 0;
            const std::size_t kept = in_scratch_ ? kept_ : input_.size();
            if (!wait_unless_done(stream_.receive(server_->scratch().subspan(kept),
                                                  server_->encrypted_scratch(), count)))
                return false;
            restore_input();
            kept_ += count;
            if (!parser_.started() && slot_->request > 0)
                set_deadline(server_->limits.header_timeout);
        }
        restore_input();
        kept_ = parser_.parse(server_->scratch().first(kept_));
        if (parser_.error()) {
            refuse(parser_.error_status());
        } else if (parser_.done()) {
            dispatch(lock);
        } else if (parser_.expects_continue() && !std::exchange(continued_, true)) {
            // Without this line, a client that waits for it would delay its body by a second or
            // more.
            stream_.begin_sending("HTTP/1.1 100 Continue\r\n\r\n", {}, false);
        }
        return true;
    }

    // Returns true if the operation is done. Otherwise this function has begun the necessary wait,
    // or closed the connection.
    bool wait_unless_done(stream_result result) {
        switch (result) {
        case stream_result::done: return true;
        case stream_result::wants_read: wait_for(asio::socket_base::wait_read, reading_); break;
        case stream_result::wants_write: wait_for(asio::socket_base::wait_write, writing_); break;
        case stream_result::wants_later_call: wake(); break;
        case stream_result::ended: close(); break;
        }
        return false;
    }

    // Between two turns, the connection stores its unused bytes in `input_`. During a turn they are
    // at the front of the scratch space, because the parser reads only there.
    void restore_input() noexcept {
        if (std::exchange(in_scratch_, true))
            return;
        kept_ = input_.size();
        std::copy(input_.begin(), input_.end(), server_->scratch().begin());
    }

    void keep_input() {
        if (!std::exchange(in_scratch_, false) || phase_ == phase::closed)
            return;
        const auto unused = server_->scratch().first(kept_);
        if (kept_ > input_.capacity() && !make_room(*server_, kept_ - input_.capacity(), *this))
            return close();
        if (kept_ == 0)
            std::vector<char>{}.swap(input_);
        else if (kept_ > input_.capacity())
            std::vector<char>{unused.begin(), unused.end()}.swap(input_); // no spare capacity
        else
            input_.assign(unused.begin(), unused.end());
        count_memory();
    }

    void dispatch(lock_type& lock) {
        const std::span<const char> data = server_->scratch().first(kept_);
        begin_answering();
        route_handler* const route = server_->find_route(parser_.path(data));
        if (route == nullptr) {
            answer_error(404);
        } else if (parser_.method() == http_method::other) {
            response refused{
                .status = 405, .body = R"({"error":"Method Not Allowed"})", .fields = {}};
            (void)refused.fields.add("Allow", "GET, HEAD");
            send_answer(refused);
        } else {
            set_deadline(server_->limits.answer_timeout);
            slot_->holders = 1;
            const server_request request{
                parser_.method(), parser_.path(data), parser_.fields(data),
                std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now())};
            server_->call(lock, *route, request, server_responder{slot_, slot_->request});
        }
        drop_request();
    }

    // The remaining bytes in the scratch space belong to the next request.
    void drop_request() noexcept {
        const std::size_t consumed = parser_.consumed();
        const auto rest = server_->scratch().first(kept_).subspan(consumed);
        std::copy(rest.begin(), rest.end(), server_->scratch().begin());
        kept_ = rest.size();
        unparsed_ = kept_ > 0;
    }

    void refuse(int status) noexcept {
        begin_answering();
        close_after_ = true;
        kept_ = 0;
        in_scratch_ = true; // with no bytes to keep
        answer_error(status);
    }

    void begin_answering() noexcept {
        if (list_ == &server_->idle)
            move_to(server_->busy, server_->busy.end());
        phase_ = phase::answering;
        ++slot_->request;
        slot_->holders = 0;
    }

    void send_answer(const response& content) noexcept {
        phase_ = phase::sending;
        close_after_ = close_after_ || !parser_.keep_alive() || server_->stopping;
        try {
            if (!take_answer(content))
                return send_no_room();
        } catch (...) { // There is no memory.
            return send_no_room();
        }
        begin_sending(output_, body_);
    }

    // Returns false if there is no room for the answer.
    bool take_answer(const response& content) {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const answer_frame frame{.date = server_->date.at(now),
                                 .head = parser_.method() == http_method::head,
                                 .close = close_after_};
        const std::string_view body = body_to_send(content, frame);
        write_head(output_, content, frame);
        if (content.body_owner == nullptr || body.size() < shared_bytes_min) {
            const std::size_t size = output_.size() + body.size();
            if (size > output_.capacity()) {
                if (!make_room(*server_, size - output_.capacity(), *this))
                    return false;
                output_.reserve(size);
            }
            output_.append(body);
        } else {
            if (!make_room(*server_, server_->memory.cost_of_sharing(body), *this))
                return false;
            std::list<std::shared_ptr<const void>> owner{content.body_owner};
            server_->memory.share(body);
            body_owner_.swap(owner);
            body_ = body;
        }
        count_memory();
        return true;
    }

    void send_no_room() noexcept {
        phase_ = phase::sending;
        close_after_ = true;
        begin_sending(no_room_answer, {});
    }

    void begin_sending(std::string_view head, std::string_view body) noexcept {
        stream_.begin_sending(head, body, close_after_);
        sending_since_ = clock::now();
        try {
            set_deadline(server_->limits.send_timeout);
            if (!in_turn_)
                wake();
        } catch (...) { // There is no memory.
            close();
        }
    }

    bool send() {
        std::size_t count = 0;
        const stream_result result = stream_.send(count);
        // A client that reads a large answer slowly gets more time, unlike one that reads nothing.
        if (count > 0 && phase_ == phase::sending)
            set_deadline(server_->limits.send_timeout);
        return wait_unless_done(result);
    }

    // The whole answer has been sent.
    bool answered() {
        forget_answer();
        if (close_after_ || server_->stopping)
            linger();
        else
            await_request();
        return true;
    }

    // The memory of a small answer is kept for the next answer.
    void forget_answer() noexcept {
        if (!body_owner_.empty()) {
            server_->memory.release(body_);
            server_->released.splice(server_->released.end(), body_owner_);
        }
        body_ = {};
        if (output_.capacity() > output_bytes_kept)
            std::string{}.swap(output_);
        if (phase_ != phase::closed)
            count_memory();
    }

    void await_request() {
        if (list_ == &server_->busy)
            move_to(server_->idle, server_->idle.end());
        phase_ = phase::reading;
        continued_ = false;
        parser_.reset(server_->limits.message, request_body::skipped);
        set_deadline(unparsed_ ? server_->limits.header_timeout : server_->limits.idle_timeout);
        server_->report_room();
    }

    // Closing with unread bytes would reset the connection, and the client could lose the answer
    // (RFC 9112, 9.6). So the server announces the end, and continues to read for a while.
    void linger() {
        connection_list& list = list_ == &server_->busy ? server_->idle : *list_;
        move_to(list, list.begin());
        phase_ = phase::lingering;
        kept_ = 0;
        in_scratch_ = true;
        set_deadline(linger_timeout);
        stream_.shutdown_sending();
        server_->report_room();
    }

    bool drain() {
        std::size_t count = 0;
        if (!wait_unless_done(stream_.discard(server_->scratch(), count)))
            return false;
        drained_bytes_ += count;
        if (drained_bytes_ > linger_bytes_max)
            close();
        return true;
    }

    void move_to(connection_list& list, connection_list::iterator before) noexcept {
        list.splice(before, *list_, position_);
        list_ = &list;
    }

    void count_memory() noexcept {
        server_->memory.count(counted_bytes_, sizeof(server_connection) + slot_bytes +
                                                  input_.capacity() + output_.capacity() +
                                                  stream_.memory_bytes());
    }

    void time_out(lock_type& lock) {
        in_turn_ = true;
        if (phase_ == phase::answering) {
            close_after_ = true;
            answer_error(503);
        } else if (phase_ == phase::reading && parser_.started() && !stream_.sending()) {
            refuse(408);
        } else {
            return close();
        }
        proceed(lock);
    }

    // Returns a completion handler that owns the connection. It calls `then` in a turn and under
    // the lock, unless the connection has been closed.
    template <typename Then>
    auto guarded(Then then) {
        return owned_handler{shared_from_this(), memory_,
                             [then](server_connection& connection, const auto&... results) {
                                 connection.server_->turns.run(
                                     [self = connection.shared_from_this(), then, results...] {
                                         server_lock lock{*self->server_};
                                         if (!self->closed())
                                             then(*self, lock, results...);
                                     });
                             }};
    }

    void wait_for(asio::socket_base::wait_type readiness, bool& waiting) {
        if (std::exchange(waiting, true))
            return;
        const auto on_ready = [is = &waiting](server_connection& self, lock_type& lock,
                                              std::error_code ec) {
            *is = false;
            if (ec)
                return self.close();
            self.stream_.look_again();
            self.proceed(lock);
        };
        stream_.socket().async_wait(readiness, guarded(on_ready));
    }

    // Continues in a turn of its own.
    void wake() {
        if (std::exchange(waking_, true))
            return;
        wake_.expires_at(clock::time_point{});
        wake_.async_wait(guarded([](server_connection& self, lock_type& lock, std::error_code) {
            self.waking_ = false;
            self.proceed(lock);
        }));
    }

    // A later deadline does not touch the timer. A timer that ends too early is set again.
    void set_deadline(duration from_now) {
        deadline_ = clock::now() + from_now;
        if (!timer_set_ || deadline_ < timer_.expiry())
            set_timer();
    }

    void set_timer() {
        timer_set_ = true;
        timer_.expires_at(deadline_);
        const auto on_time = [number = ++timer_number_](server_connection& self, lock_type& lock,
                                                        std::error_code ec) {
            if (ec || number != self.timer_number_)
                return;
            self.timer_set_ = false;
            try {
                if (clock::now() < self.deadline_)
                    self.set_timer();
                else
                    self.time_out(lock);
            } catch (...) { // There is no memory.
                self.close();
            }
        };
        timer_.async_wait(guarded(on_time));
    }

    static constexpr std::size_t slot_bytes = 128;        // including the nodes of lists and timers
    static constexpr std::size_t shared_bytes_min = 4096; // smaller bodies are copied: one write
    static constexpr std::size_t output_bytes_kept =
        std::size_t{64} * 1024; // more than most answers take
    static constexpr std::size_t linger_bytes_max = std::size_t{256} * 1024;
    static constexpr duration linger_timeout = std::chrono::seconds{2};
    static constexpr int steps_per_turn_max = 16; // reads and answers; then others continue

    std::shared_ptr<server_state> server_;
    handler_memory memory_;
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
    std::vector<char> input_; // the unused bytes, between two turns
    std::size_t kept_ = 0;    // how many unused bytes are in the scratch space, during a turn
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
};

} // namespace forest::inline FOREST_FORM::detail

#endif
