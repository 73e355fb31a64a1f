// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_CONNECTION_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_CONNECTION_HPP

#include <forest/adapters/asio/server_answer.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/adapters/asio/server_state.hpp>
#include <forest/adapters/asio/server_stream.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/request_parser.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/server.hpp>

#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// One accepted connection: reads a request, has it answered, sends the answer, then reads the next.
// So pipelined requests are answered in order, and one connection never has more than one handler.

namespace forest::detail {

class server_connection final : public server_stream {
public:
    server_connection(std::shared_ptr<server_state> of, socket_type&& socket,
                      const tls_context* tls)
        : server_stream{of->mutex, of->turns, std::move(socket), tls}, server_{std::move(of)},
          timer_{server_->turns.get_executor()}, parser_{server_->limits.message} {
        slot_->mutex = server_->mutex;
        slot_->connection = this;
    }

    // All members are called under the server's lock.

    void start() {
        position_ = server_->waiting.insert(
            server_->waiting.end(),
            std::static_pointer_cast<server_connection>(shared_from_this()));
        set_deadline(server_->limits.header_timeout);
        receive(free_space());
    }

    // Closes at once. No handler of an earlier step continues.
    void close() noexcept {
        if (phase_ == phase::closed)
            return;
        phase_ = phase::closed;
        slot_->connection = nullptr;
        close_socket();
        timer_.cancel();
        (busy_ ? server_->busy : server_->waiting).erase(position_);
        if (server_->stopping && server_->connections() == 0)
            server_->grace.cancel();
    }

    // Whether nothing of a request has arrived since the last answer.
    [[nodiscard]] bool idle() const noexcept {
        return phase_ == phase::reading && !parser_.started();
    }

    // The answer of a responder; only the first one counts.
    void answer(const response& given) {
        if (phase_ == phase::answering)
            send_answer(given);
    }

    void answer_error(int status) {
        if (phase_ != phase::answering)
            return;
        std::string storage;
        answer({.status = status, .body = error_body(storage, status), .fields = {}});
    }

private:
    using clock = std::chrono::steady_clock;

    enum class phase {
        reading,
        answering, // a handler has the responder
        sending,
        lingering, // the client may still be reading what it was told last
        closed,
    };

    void received(lock_type& lock, std::error_code ec, std::size_t count) override {
        if (phase_ == phase::lingering)
            return drained(ec, count);
        if (phase_ != phase::reading)
            return; // The request took too long and is being refused.
        if (ec)
            return close();
        if (!parser_.started() && slot_->request > 0)
            set_deadline(server_->limits.header_timeout);
        kept_ += count;
        parse(lock);
    }

    void parse(lock_type& lock) {
        kept_ = parser_.parse(std::span{input_}.first(kept_));
        if (parser_.error())
            return refuse(parser_.error_status());
        if (parser_.done())
            return dispatch(lock);
        // A client that waits for this would otherwise delay its body by a second or more.
        if (parser_.expects_continue() && !std::exchange(continued_, true))
            return send("HTTP/1.1 100 Continue\r\n\r\n", false);
        receive(free_space());
    }

    void dispatch(lock_type& lock) {
        const std::span<const char> data = std::span{input_}.first(kept_);
        begin_answering();
        route_handler* const route = server_->find_route(parser_.path(data));
        if (route == nullptr)
            return answer_error(404);
        if (parser_.method() == http_method::other) {
            response refused{
                .status = 405, .body = R"({"error":"Method Not Allowed"})", .fields = {}};
            (void)refused.fields.add("Allow", "GET, HEAD");
            return answer(refused);
        }
        set_deadline(server_->limits.answer_timeout);
        slot_->holders = 1;
        const server_request asked{
            parser_.method(), parser_.path(data), parser_.fields(data),
            std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now())};
        server_->call(lock, *route, asked, server_responder{slot_, slot_->request});
    }

    void refuse(int status) {
        begin_answering();
        close_after_ = true;
        answer_error(status);
    }

    void begin_answering() {
        server_->busy.splice(server_->busy.end(), server_->waiting, position_);
        busy_ = true;
        phase_ = phase::answering;
        ++slot_->request;
        slot_->holders = 0;
    }

    void send_answer(const response& given) {
        phase_ = phase::sending;
        close_after_ = close_after_ || !parser_.keep_alive() || server_->stopping;
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        write_answer(output_, given,
                     {.date = server_->date.at(now),
                      .head = parser_.method() == http_method::head,
                      .close = close_after_});
        set_deadline(server_->limits.send_timeout);
        send(output_, close_after_);
    }

    void sent(lock_type& lock, std::error_code ec) override {
        if (ec)
            return close();
        if (phase_ == phase::reading) // 100 Continue
            return receive(free_space());
        if (close_after_ || server_->stopping)
            return linger();
        await_request(lock);
    }

    void await_request(lock_type& lock) {
        server_->waiting.splice(server_->waiting.end(), server_->busy, position_);
        busy_ = false;
        phase_ = phase::reading;
        continued_ = false;
        release_large_output();
        const std::size_t consumed = parser_.consumed();
        kept_ -= consumed;
        std::memmove(input_.data(), input_.data() + consumed, kept_);
        parser_.reset(server_->limits.message);
        set_deadline(kept_ > 0 ? server_->limits.header_timeout : server_->limits.idle_timeout);
        if (kept_ > 0)
            return parse(lock);
        receive(free_space());
    }

    // Closing with unread bytes would reset the connection, and the client could lose the answer
    // (RFC 9112, 9.6). So the end is announced, and what still comes is read for a while.
    void linger() {
        server_->waiting.splice(server_->waiting.begin(), server_->busy, position_);
        busy_ = false;
        phase_ = phase::lingering;
        release_large_output();
        set_deadline(linger_timeout);
        shutdown_sending();
        discard(input_);
    }

    // Assigning an empty one would keep the room.
    void release_large_output() noexcept {
        if (output_.capacity() > output_bytes_kept)
            std::string{}.swap(output_);
    }

    // A client that takes a large answer slowly is not one that takes nothing.
    void sent_some() override { set_deadline(server_->limits.send_timeout); }

    void drained(std::error_code ec, std::size_t count) {
        drained_bytes_ += count;
        if (ec || drained_bytes_ > linger_bytes_max)
            return close();
        discard(input_);
    }

    void time_out() {
        if (phase_ == phase::answering) {
            close_after_ = true;
            return answer_error(503);
        }
        if (phase_ == phase::reading && parser_.started() && !sending())
            return refuse(408);
        close();
    }

    // A later deadline costs nothing: the timer, when it ends too early, is set anew.
    void set_deadline(duration from_now) {
        deadline_ = clock::now() + from_now;
        if (!timer_set_ || deadline_ < timer_.expiry())
            set_timer();
    }

    void set_timer() {
        timer_set_ = true;
        timer_.expires_at(deadline_);
        const auto on_time = [number = ++timer_number_](server_stream& stream, lock_type&,
                                                        std::error_code ec) {
            auto& self = static_cast<server_connection&>(stream);
            if (ec || number != self.timer_number_)
                return;
            self.timer_set_ = false;
            if (clock::now() < self.deadline_)
                self.set_timer();
            else
                self.time_out();
        };
        timer_.async_wait(guarded(on_time));
    }

    // What the parser keeps never exceeds the limits on a message, so there is always some.
    std::span<char> free_space() {
        const message_limits& limits = server_->limits.message;
        const std::size_t most = limits.head_bytes_max + limits.body_bytes_max + input_bytes_min;
        if (kept_ == input_.size())
            input_.resize(std::min(most, std::max(input_bytes_min, 2 * input_.size())));
        assert(kept_ < input_.size());
        return std::span{input_}.subspan(kept_);
    }

    static constexpr std::size_t input_bytes_min = 4096;
    static constexpr std::size_t output_bytes_kept = 64 * 1024; // more than most answers take
    static constexpr std::size_t linger_bytes_max = 256 * 1024;
    static constexpr duration linger_timeout = std::chrono::seconds{2};

    std::shared_ptr<server_state> server_;
    std::shared_ptr<answer_slot> slot_ = std::make_shared<answer_slot>();
    connection_list::iterator position_; // in `busy` or in `waiting`
    asio::steady_timer timer_;
    clock::time_point deadline_;
    std::uint64_t timer_number_ = 0;
    request_parser parser_;
    std::vector<char> input_;
    std::size_t kept_ = 0;
    std::string output_;
    std::size_t drained_bytes_ = 0;
    phase phase_ = phase::reading;
    bool busy_ = false;
    bool timer_set_ = false;
    bool continued_ = false;
    bool close_after_ = false;
};

} // namespace forest::detail

namespace forest {

inline server_responder::~server_responder() {
    if (slot_ == nullptr)
        return;
    const std::lock_guard lock{*slot_->mutex};
    if (slot_->request == request_ && --slot_->holders == 0 && slot_->connection != nullptr)
        slot_->connection->answer_error(detail::unanswered_status);
}

inline void server_responder::operator()(const response& answer) const {
    if (slot_ == nullptr)
        return;
    const std::lock_guard lock{*slot_->mutex};
    if (slot_->request == request_ && slot_->connection != nullptr)
        slot_->connection->answer(answer);
}

} // namespace forest

#endif
