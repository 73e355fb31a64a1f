// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_CONNECTION_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_CONNECTION_IPP

#include <forest/adapters/asio/detail/server/server_connection.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/policy/server.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL server_connection::server_connection(std::shared_ptr<server_state> server,
                                                 const tls_context* tls,
                                                 const std::optional<ip_address>& peer)
    : server_party{std::move(server)},
      stream_{server_->turns.get_executor(), tls},
      timer_{server_->turns.get_executor()},
      wake_{server_->turns.get_executor()},
      parser_{server_->limits.message, request_body::skipped},
      peer_{peer} {
    slot_->mutex = server_->mutex;
    slot_->connection = this;
}

FOREST_DECL void server_connection::start(lock_type& lock) {
    list_ = &server_->strangers;
    position_ = list_->insert(list_->end(), self());
    count_memory();
    try {
        set_deadline(server_->limits.header_timeout);
    } catch (...) { // There is no memory.
        return close();
    }
    proceed(lock);
}

FOREST_DECL void server_connection::close() noexcept {
    if (phase_ == phase::closed)
        return;
    phase_ = phase::closed;
    slot_->connection = nullptr;
    stream_.close();
    timer_.cancel();
    wake_.cancel();
    end_hold(hold_end::client_gone);
    forget_answer();
    server_->memory.count(counted_bytes_, 0);
    list_->erase(position_);
    list_ = nullptr;
    server_->report_room();
    if (server_->stopping && server_->connections() == 0)
        server_->grace.cancel();
}

FOREST_DECL bool server_connection::idle() const noexcept {
    return phase_ == phase::reading && !parser_.started() && !unparsed_;
}

FOREST_DECL bool server_connection::gives_way(clock::time_point now) const noexcept {
    if (phase_ == phase::answering)
        return false;
    return list_ != &server_->busy || now - sending_since_ > server_->limits.send_timeout;
}

FOREST_DECL void server_connection::look_once_more(lock_type& lock) {
    if (phase_ != phase::reading)
        return;
    stream_.look_again();
    proceed(lock);
}

FOREST_DECL void server_connection::answer(const response& content) noexcept {
    if (phase_ != phase::answering)
        return;
    const auto owner = shared_from_this();
    const bool refuses = 400 <= content.status && content.status <= 499;
    if (is_stranger() && !refuses && !content.for_anybody)
        move_to(server_->busy, server_->busy.end());
    send_answer(content);
}

FOREST_DECL void server_connection::answer_error(int status) noexcept {
    if (phase_ != phase::answering)
        return;
    const auto owner = shared_from_this();
    try {
        std::string storage;
        send_answer({.status = status, .body = error_body(storage, status), .fields = {}});
    } catch (...) {
        send_no_room();
    }
}

FOREST_DECL bool server_connection::hold(unique_function<void(hold_end)>&& on_end) noexcept {
    if (phase_ != phase::answering || held() || server_->stopping || unparsed_)
        return false;
    try {
        std::list<held_end> added;
        added.push_back({std::move(on_end)});
        if (!in_turn_)
            wake(); // It begins to watch the client.
        on_end_.swap(added);
    } catch (...) { // There is no memory.
        return false;
    }
    was_held_ = true;
    if (is_stranger())
        move_to(server_->busy, server_->busy.end());
    count_memory();
    return true;
}

FOREST_DECL void server_connection::answer_now() noexcept {
    close_after_ = true;
    ask_for_answer();
}

FOREST_DECL void server_connection::ask_for_answer() noexcept {
    try {
        set_deadline(server_->limits.answer_timeout);
    } catch (...) { // There is no memory.
        return close();
    }
    end_hold(hold_end::answer_now);
}

FOREST_DECL void server_connection::end_hold(std::optional<hold_end> why) noexcept {
    if (!held())
        return;
    on_end_.front().why = why;
    server_->ended.splice(server_->ended.end(), on_end_);
}

FOREST_DECL void server_connection::watch_client() {
    std::size_t count = 0;
    if (!wait_unless_done(stream_.receive(server_->scratch(), server_->encrypted_scratch(), count)))
        return;
    in_scratch_ = true;
    kept_ = count;
    unparsed_ = true;
    ask_for_answer();
}

FOREST_DECL void server_connection::proceed(lock_type& lock) {
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

FOREST_DECL bool server_connection::step(lock_type& lock) {
    switch (phase_) {
    case phase::reading:
        if (stream_.sending()) // 100 Continue
            return send();
        return read(lock);
    case phase::sending: return send() && answered();
    case phase::lingering: return drain();
    case phase::answering:
        if (held())
            watch_client();
        return false;
    case phase::closed: return false;
    }
    return false;
}

FOREST_DECL bool server_connection::read(lock_type& lock) {
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

FOREST_DECL bool server_connection::wait_unless_done(stream_result result) {
    switch (result) {
    case stream_result::done: return true;
    case stream_result::wants_read: wait_for_reading(); break;
    case stream_result::wants_write: wait_for_writing(); break;
    case stream_result::wants_later_call: wake(); break;
    case stream_result::ended: close(); break;
    }
    return false;
}

FOREST_DECL void server_connection::restore_input() noexcept {
    if (std::exchange(in_scratch_, true))
        return;
    kept_ = input_.size();
    std::copy(input_.begin(), input_.end(), server_->scratch().begin());
}

FOREST_DECL void server_connection::keep_input() {
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

FOREST_DECL void server_connection::dispatch(lock_type& lock) {
    const std::span<const char> data = server_->scratch().first(kept_);
    begin_answering();
    unparsed_ = kept_ > parser_.consumed();
    route_handler* const route = server_->find_route(parser_.path(data));
    if (route == nullptr) {
        answer_error(404);
    } else if (parser_.method() == http_method::other) {
        response refused{.status = 405, .body = R"({"error":"Method Not Allowed"})", .fields = {}};
        (void)refused.fields.add("Allow", "GET, HEAD");
        send_answer(refused);
    } else {
        set_deadline(server_->limits.answer_timeout);
        slot_->holders = 1;
        const server_request request{
            parser_.method(), parser_.path(data), parser_.fields(data),
            std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now()), peer_};
        server_->call(lock, *route, request, server_responder{slot_, slot_->request});
    }
    drop_request();
}

FOREST_DECL void server_connection::drop_request() noexcept {
    const std::size_t consumed = parser_.consumed();
    const auto rest = server_->scratch().first(kept_).subspan(consumed);
    std::copy(rest.begin(), rest.end(), server_->scratch().begin());
    kept_ = rest.size();
    unparsed_ = kept_ > 0;
}

FOREST_DECL void server_connection::refuse(int status) noexcept {
    begin_answering();
    close_after_ = true;
    kept_ = 0;
    in_scratch_ = true; // with no bytes to keep
    answer_error(status);
}

FOREST_DECL void server_connection::begin_answering() noexcept {
    if (list_ == &server_->idle)
        move_to(server_->busy, server_->busy.end());
    phase_ = phase::answering;
    was_held_ = false;
    ++slot_->request;
    slot_->holders = 0;
}

FOREST_DECL void server_connection::send_answer(const response& content) noexcept {
    end_hold({});
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

FOREST_DECL bool server_connection::take_answer(const response& content) {
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

FOREST_DECL void server_connection::send_no_room() noexcept {
    phase_ = phase::sending;
    close_after_ = true;
    begin_sending(no_room_answer, {});
}

FOREST_DECL void server_connection::begin_sending(std::string_view head,
                                                  std::string_view body) noexcept {
    stream_.begin_sending(head, body, close_after_);
    sending_since_ = clock::now();
    try {
        // A client that has waited gets its answer before the caller goes on, and maybe stops the
        // server. A turn does the rest.
        std::size_t count = 0;
        if (was_held_)
            (void)stream_.send(count);
        set_deadline(server_->limits.send_timeout);
        if (!in_turn_)
            wake();
    } catch (...) { // There is no memory.
        close();
    }
}

FOREST_DECL bool server_connection::send() {
    std::size_t count = 0;
    const stream_result result = stream_.send(count);
    // A client that reads a large answer slowly gets more time, unlike one that reads nothing.
    if (count > 0 && phase_ == phase::sending)
        set_deadline(server_->limits.send_timeout);
    return wait_unless_done(result);
}

FOREST_DECL bool server_connection::answered() {
    forget_answer();
    if (close_after_ || server_->stopping)
        linger();
    else
        await_request();
    return true;
}

FOREST_DECL void server_connection::forget_answer() noexcept {
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

FOREST_DECL void server_connection::await_request() {
    if (list_ == &server_->busy)
        move_to(server_->idle, server_->idle.end());
    phase_ = phase::reading;
    continued_ = false;
    parser_.reset(server_->limits.message, request_body::skipped);
    set_deadline(unparsed_ ? server_->limits.header_timeout : server_->limits.idle_timeout);
    server_->report_room();
}

FOREST_DECL void server_connection::linger() {
    connection_list& list = list_ == &server_->busy ? server_->idle : *list_;
    move_to(list, list.begin());
    phase_ = phase::lingering;
    kept_ = 0;
    in_scratch_ = true;
    set_deadline(linger_timeout);
    stream_.shutdown_sending();
    server_->report_room();
}

FOREST_DECL bool server_connection::drain() {
    std::size_t count = 0;
    if (!wait_unless_done(stream_.discard(server_->scratch(), count)))
        return false;
    drained_bytes_ += count;
    if (drained_bytes_ > linger_bytes_max)
        close();
    return true;
}

FOREST_DECL void server_connection::move_to(connection_list& list,
                                            connection_list::iterator before) noexcept {
    list.splice(before, *list_, position_);
    list_ = &list;
}

FOREST_DECL void server_connection::count_memory() noexcept {
    server_->memory.count(counted_bytes_, sizeof(server_connection) + slot_bytes +
                                              input_.capacity() + output_.capacity() +
                                              stream_.memory_bytes() + (held() ? hold_bytes : 0));
}

FOREST_DECL void server_connection::time_out(lock_type& lock) {
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

FOREST_DECL void server_connection::wait_for_reading() {
    if (!std::exchange(reading_, true))
        stream_.socket().async_wait(asio::posix::stream_descriptor::wait_read,
                                    guarded<&server_connection::on_readable>(*this));
}

FOREST_DECL void server_connection::wait_for_writing() {
    if (!std::exchange(writing_, true))
        stream_.socket().async_wait(asio::posix::stream_descriptor::wait_write,
                                    guarded<&server_connection::on_writable>(*this));
}

FOREST_DECL void server_connection::on_readable(lock_type& lock, std::error_code ec,
                                                std::uint64_t) {
    reading_ = false;
    ready(lock, ec);
}

FOREST_DECL void server_connection::on_writable(lock_type& lock, std::error_code ec,
                                                std::uint64_t) {
    writing_ = false;
    ready(lock, ec);
}

FOREST_DECL void server_connection::ready(lock_type& lock, std::error_code ec) {
    if (ec)
        return close();
    stream_.look_again();
    proceed(lock);
}

FOREST_DECL void server_connection::wake() {
    if (std::exchange(waking_, true))
        return;
    wake_.expires_at(clock::time_point{});
    wake_.async_wait(guarded<&server_connection::on_waking>(*this));
}

FOREST_DECL void server_connection::on_waking(lock_type& lock, std::error_code, std::uint64_t) {
    waking_ = false;
    proceed(lock);
}

FOREST_DECL void server_connection::set_deadline(duration from_now) {
    deadline_ = clock::now() + from_now;
    if (!timer_set_ || deadline_ < timer_.expiry())
        set_timer();
}

FOREST_DECL void server_connection::set_timer() {
    timer_set_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait(guarded<&server_connection::on_deadline>(*this, ++timer_number_));
}

FOREST_DECL void server_connection::on_deadline(lock_type& lock, std::error_code ec,
                                                std::uint64_t number) {
    if (ec || number != timer_number_)
        return;
    timer_set_ = false;
    if (held())
        return; // The handler decides when to answer.
    try {
        if (clock::now() < deadline_)
            set_timer();
        else
            time_out(lock);
    } catch (...) { // There is no memory.
        close();
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
