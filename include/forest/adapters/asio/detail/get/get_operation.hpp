// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_HPP

#include <forest/adapters/asio/detail/get/client_stream.hpp>
#include <forest/adapters/asio/detail/get/get_addresses.hpp>
#include <forest/adapters/asio/detail/io/client_socket.hpp>
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Drives the machine of a GET with real sockets: the machine decides, this acts. The I/O backend
// decides how it waits, and from which threads it may be called.

namespace forest::inline FOREST_FORM::detail {

template <typename Io>
class get_operation final : public Io {
public:
    /// Takes the arguments of the I/O backend's constructor.
    template <typename... Arguments>
    explicit get_operation(Arguments&&... arguments) : Io{std::forward<Arguments>(arguments)...} {}

    ~get_operation() { leave_name(); } // NOLINT(modernize-use-override): virtual only in some Ios

    // A GET that cannot begin because of a lack of memory ends with `local_resources_exhausted`.
    // Throws std::bad_alloc only if the previous GET was cancelled and its handler was not called
    // yet.
    void get(const request& http_request, duration timeout,
             unique_function<void(const reply&)>&& handler) {
        auto held = acquire();
        assert(!under_way()); // One GET at a time.
        if (!ending_)
            ending_.reset(new ending);
        http_request_ = &http_request;
        ending_->handler = std::move(handler);
        now_ = clock::now();
        waits_until_ = {};
        try {
            begin(held, timeout);
        } catch (const std::bad_alloc&) {
            end_unanswered(held, errc::local_resources_exhausted);
        } catch (...) {
            close_all();
            ending_->handler.reset();
            throw;
        }
    }

    // Ends a GET that cannot begin, with `why`.
    void refuse(errc why, unique_function<void(const reply&)>&& handler) {
        auto held = acquire();
        ending_->handler = std::move(handler);
        end_unanswered(held, why);
    }

    [[nodiscard]] bool waits_on_kept_connection() noexcept {
        const auto held = acquire();
        return machine_.waits_on_kept_connection();
    }

    // Destructors call this.
    void cancel() noexcept {
        auto held = acquire();
        if (!under_way())
            return close_all();
        ends_ = end_of_get::detached;
        drive(held, {.kind = input::canceled});
    }

private:
    using Io::acquire;
    using Io::call_later;
    using Io::drop;
    using Io::give_way;
    using Io::names;
    using Io::post;
    using Io::resets;
    using Io::reuses;
    using Io::run;
    using Io::socket;
    using Io::tls;
    using typename Io::clock;
    using typename Io::lock;
    using action = get_action_kind;
    using input = get_input_kind;

    // The end of a GET. It is allocated before the GET begins, so that ending needs no memory.
    struct ending final : serial_task {
        unique_function<void(const reply&)> handler;
        reply result;
        get_operation* home = nullptr; // gets this object back; null: it may be destroyed first
        std::uint64_t number = 0;

        void perform() override {
            detail::owner<ending> self{this};
            get_operation* const owner = std::exchange(home, nullptr);
            const std::uint64_t finished = number;
            auto function = std::move(handler);
            const reply answer = result;
            if (owner != nullptr)
                owner->take_back(std::move(self));
            else
                self.reset();
            function(answer);
            if (owner != nullptr)
                owner->release_large_buffers(finished);
        }

        void abandon() noexcept override { delete this; }
    };

    // How the handler is called when the GET ends.
    enum class end_of_get : std::uint8_t {
        at_once,
        later,    // because the call that began the GET is still running
        detached, // the same, and this object may be gone by then
    };

    // Is woken on any thread, and continues on a thread of the executor.
    class addresses final : public get_addresses, public serial_task {
    public:
        explicit addresses(get_operation& owner) noexcept : owner_{owner} {}

        void answered() noexcept override {
            answered_ = number();
            owner_.call_later(*this);
        }

        void perform() override {
            owner_.resume([this](lock& held) {
                if (asking() && answered_ == number())
                    owner_.drive(held, owner_.use(answer(owner_.target().port())));
            });
        }

        void abandon() noexcept override {}

    private:
        get_operation& owner_;
        std::atomic<std::uint64_t> answered_ = 0; // the last answered question
    };

    [[nodiscard]] const url& target() const noexcept { return http_request_->target; }

    // Whether the request is a GET, like nearly all of them.
    [[nodiscard]] bool plain() const noexcept { return http_request_->method.empty(); }

    [[nodiscard]] bool under_way() const noexcept { return ending_ && ending_->handler; }

    // Nothing in this function may call the handler.
    void begin(lock& held, duration timeout) {
        request_size_ = 0;
        connects_only_ = Io::connects_only() || target().scheme() == url_scheme::tcp;
        if (!connects_only_) {
            write_head();
            if (request_size_ == 0)
                return end_unanswered(held, errc::header_too_large);
        }
        parser_.reset(http_request_->limits, !plain() && http_request_->method == "HEAD");
        received_ = 0;
        addresses_.begin(target());
        get_plan plan{.timeout = timeout,
                      .patience = names().limits().patience,
                      .addresses = static_cast<std::uint8_t>(addresses_.size()),
                      .encrypted = target().scheme() == url_scheme::https,
                      .kept = !connects_only_ && Io::take_kept(target(), now_),
                      .connects_only = connects_only_};
        if (plan.kept && (http_request_->fresh_connection || !is_idle(socket(kept_connection)))) {
            drop(kept_connection);
            plan.kept = false;
        }
        has_kept_ = plan.kept;
        if (plan.kept)
            stream_.begin(false);
        ends_ = end_of_get::later;
        perform(held, machine_.begin(plan, now_));
    }

    // Returns whether nothing has arrived on a kept connection. Bytes that came on an idle
    // connection, such as a 408, must not be taken for the answer to the next request.
    [[nodiscard]] static bool is_idle(client_socket& kept) noexcept {
        return kept.socket.is_silent() && (!kept.tls || kept.tls->idle());
    }

    void write_head() {
        const auto write = [this] {
            return plain()
                       ? write_request(request_, "GET", target(), http_request_->fields, reuses())
                       : write_other_head();
        };
        if (request_.empty())
            request_.resize(request_bytes_min);
        request_size_ = write();
        if (request_size_ == 0 && request_.size() < request_bytes_max) {
            request_.resize(request_bytes_max);
            request_size_ = write();
        }
    }

    FOREST_COLD std::size_t write_other_head() noexcept {
        return write_with_replaced_lines(request_, http_request_->method, target(),
                                         http_request_->fields, reuses());
    }

    [[nodiscard]] std::string_view head() const noexcept {
        return {request_.data(), request_size_};
    }

    // -- The machine --

    void ready(lock& held, unsigned number) override {
        stream_.woke();
        // The machine asks what the connection can do now, and needs no new time for that.
        perform(held,
                machine_.step({.kind = input::ready, .index = static_cast<std::uint8_t>(number)},
                              now_));
    }

    void expired(lock& held) override {
        waits_until_ = {};
        stream_.woke();
        drive(held, {.kind = input::woke});
    }

    void drive(lock& held, const get_input& what) {
        now_ = clock::now();
        perform(held, machine_.step(what, now_));
    }

    void perform(lock& held, get_action next) {
        while (next.kind != action::wait && next.kind != action::done) {
            get_input came = act(next);
            if (came.kind != input::performed) // What cannot fail takes no time.
                now_ = clock::now();
            if (came.kind == input::connected)
                came.took = connect_time(next.index);
            next = machine_.step(came, now_);
        }
        if (next.kind == action::done)
            return finish(held);
        if (next.until != waits_until_) {
            waits_until_ = next.until;
            Io::wait_until(next.until);
        }
        ends_ = end_of_get::at_once;
    }

    get_input act(get_action next) {
        switch (next.kind) {
        case action::resolve: return ask(false);
        case action::resolve_again: return ask(true);
        case action::leave_name: return leave();
        case action::connect: return connect(next.index);
        case action::try_again: return try_again(next.index);
        case action::handshake: return shake_hands(next.index);
        case action::send: return send(next.index);
        case action::receive: return receive(next.index);
        case action::keep: keep(next.index); break;
        case action::close: close(next.index); break;
        case action::wait:
        case action::done: break;
        }
        return {.kind = input::performed};
    }

    // -- Names --

    get_input ask(bool after_failed_connect) noexcept {
        return use(addresses_.ask(names(), target(), after_failed_connect));
    }

    get_input leave() noexcept {
        leave_name();
        return use(addresses_.left(target().port()));
    }

    // Adds what the addresses of the name mean for the connections of this backend.
    get_input use(get_input found) noexcept {
        if (found.kind == input::unresolved && found.error == errc::local_resources_exhausted)
            (void)give_way();
        found.kept_fits = !has_kept_ || addresses_.include(socket(kept_connection).peer);
        return found;
    }

    void leave_name() noexcept { addresses_.leave(names()); }

    // -- Attempts to connect --

    // If no descriptor is left, a kept connection is closed to free one.
    get_input connect(unsigned number) {
        client_socket& added = Io::add(number);
        added.peer = reuses() ? addresses_.hash(number) : 0;
        added.kept_until = {};
        attempted_[number] = now_;
        std::error_code ec = added.socket.connect(addresses_[number]);
        if (ec && lacks_room(ec) && give_way())
            ec = added.socket.connect(addresses_[number]);
        if (ec) {
            drop(number);
            return {.kind = input::refused, .error = connect_error(ec)};
        }
        // The call that began the GET must not end it: it can still be cancelled.
        if (connects_only_) {
            Io::wait_writable(number);
            return {.kind = input::connecting};
        }
        return try_again(number);
    }

    // Sends without waiting, which shows whether the connection is made. Over loopback it is made
    // at once, so no wake-up is needed.
    get_input try_again(unsigned number) {
        client_socket& tried = socket(number);
        const bool encrypted = target().scheme() == url_scheme::https;
        const transfer first = tried.socket.send(encrypted ? std::string_view{} : head());
        if (first.would_block()) {
            Io::wait_writable(number);
            return {.kind = input::connecting};
        }
        // A peer that has already closed the connection may have sent the reason.
        if (first.error != 0 && first.error != EPIPE && first.error != ECONNRESET) {
            drop(number);
            return {.kind = input::refused, .error = connect_error(first.code())};
        }
        stream_.begin(true);
        stream_.sent(first.bytes);
        if (connects_only_)
            return {.kind = input::connected};
        const bool complete = !encrypted && (first.error != 0 || first.bytes == request_size_);
        if (complete)
            Io::wait_readable(number);
        return {.kind = input::connected, .complete = complete};
    }

    // The connection is made now. Returns how long that took.
    duration connect_time(unsigned number) noexcept {
        made_at_ = now_;
        return socket(number).socket.connect_time(made_at_ - attempted_[number]);
    }

    // -- The connection --

    get_input shake_hands(unsigned number) {
        client_socket& used = socket(number);
        if (!used.tls)
            used.tls.reset(new tls_session{tls().begin(target())});
        return after(number, stream_.handshake(used));
    }

    get_input send(unsigned number) {
        const stream_progress last = stream_.send(socket(number), head());
        if (last == stream_progress::done && !socket(number).tls)
            Io::wait_readable(number);
        return after(number, last);
    }

    // Waits for the connection if it cannot go on.
    get_input after(unsigned number, stream_progress last) {
        switch (last) {
        case stream_progress::done: return {.kind = input::done};
        case stream_progress::wants_input: Io::wait_readable(number); break;
        case stream_progress::wants_room: Io::wait_writable(number); break;
        case stream_progress::busy: Io::wake_later(number); break;
        case stream_progress::ended: return {.kind = input::broken, .error = errc::connection_lost};
        case stream_progress::broken: return {.kind = input::broken, .error = stream_.error()};
        }
        return {.kind = input::blocked};
    }

    get_input receive(unsigned number) {
        client_socket& used = socket(number);
        get_input came;
        for (;;) {
            std::size_t count = 0;
            const stream_progress last = stream_.receive(used, free_space(), count);
            if (last == stream_progress::done)
                received_ = parser_.parse({buffer_.data(), received_ + count});
            else if (last == stream_progress::ended && parser_.started())
                parser_.finish();
            else if (!parser_.done())
                came = after(number, last);
            if (last != stream_progress::done || parser_.done())
                break;
        }
        came.some = parser_.started();
        if (parser_.done()) {
            const std::error_code fault = parser_.error();
            came.kind = fault ? input::broken : input::done;
            came.error = errc{fault.value()};
            came.keepable = !fault && reuses() && parser_.keep_alive();
        }
        return came;
    }

    void keep(unsigned number) noexcept {
        keep_ticket(number);
        limit_age(socket(number), made_at_, Io::kept_age_max());
        bool kept = false;
        try {
            kept = Io::keep(number, target(), now_);
        } catch (const std::bad_alloc&) {
        }
        if (!kept)
            close(number);
    }

    // Keeps the parts of an answered connection that later GETs may use.
    void keep_ticket(unsigned number) noexcept try {
        if (socket(number).tls && number != kept_connection)
            tls().keep(target(), *socket(number).tls);
    } catch (const std::bad_alloc&) { // The next handshake is a full one.
    }

    void close(unsigned number) noexcept {
        has_kept_ = has_kept_ && number != kept_connection;
        if (machine_.result().answered) {
            keep_ticket(number);
            if (resets())
                socket(number).socket.reset_when_closed();
        }
        drop(number);
    }

    // -- The end --

    void finish(lock& held) {
        Io::stop_waiting();
        const get_result& ended = machine_.result();
        addresses_.note(names(), target(), ended);
        const std::span<const char> data{buffer_.data(), received_};
        ending& end = *ending_.release();
        reply& result = end.result;
        result.error = ended.answered ? std::error_code{} : make_error_code(ended.error);
        result.status = parser_.status();
        result.fields = parser_.fields(data);
        result.body = ended.answered ? parser_.body(data) : std::string_view{};
        if (connects_only_ && ended.answered) {
            result.status = 200;
            result.body = R"({"status":"ok"})";
        }
        result.timings = ended.timings;
        result.connections_opened = ended.connections_opened;
        result.send_again = ended.send_again;
        end.number = ++finished_;
        const end_of_get how = std::exchange(ends_, end_of_get::at_once);
        if (how == end_of_get::detached)
            return post(held, end);
        end.home = this;
        if (how == end_of_get::later)
            Io::post_owned(held, end);
        else
            run(held, end);
    }

    void close_all() noexcept {
        Io::stop_waiting();
        leave_name();
        Io::drop_all();
    }

    // Ends a GET that cannot go on, and never calls the handler during this call.
    void end_unanswered(lock& held, errc why) noexcept {
        close_all();
        ending& end = *ending_.release();
        end.result = {};
        end.result.error = why;
        end.result.connections_opened = machine_.result().connections_opened;
        machine_ = {};
        post(held, end);
    }

    void short_of_memory(lock& held) override {
        end_unanswered(held, errc::local_resources_exhausted);
    }

    void take_back(detail::owner<ending> used) noexcept {
        const auto held = acquire();
        if (!ending_)
            ending_ = std::move(used);
    }

    // A schema of megabytes comes once a day, so its memory is freed after the GET. But if the
    // handler has begun another GET, that GET uses the memory. That GET may even have ended, with a
    // handler that was not called yet.
    void release_large_buffers(std::uint64_t finished) {
        std::vector<char> answer; // assigning an empty one would keep the memory
        std::vector<char> request;
        const auto held = acquire();
        if (under_way() || finished != finished_)
            return;
        if (buffer_.size() > Io::buffer_bytes_kept)
            buffer_.swap(answer);
        if (request_.size() > Io::buffer_bytes_kept)
            request_.swap(request);
    }

    std::span<char> free_space() {
        if (received_ == buffer_.size())
            buffer_.resize(std::max<std::size_t>(buffer_bytes_min, 2 * buffer_.size()));
        return std::span{buffer_}.subspan(received_);
    }

    static constexpr std::size_t buffer_bytes_min = 4096;
    static constexpr std::size_t request_bytes_min = 1024; // for a URL of usual length

    detail::owner<ending> ending_{new ending}; // of the next GET, or of the one that is under way
    const request* http_request_ = nullptr;
    std::vector<char> request_;
    std::size_t request_size_ = 0;
    std::vector<char> buffer_;
    std::size_t received_ = 0;
    std::uint64_t finished_ = 0; // the number of GETs that have ended
    response_parser parser_;
    get_machine machine_;
    client_stream stream_; // of the connection that was made
    addresses addresses_{*this};
    bool connects_only_ = false; // nothing is sent
    bool has_kept_ = false;      // a kept connection, which is still open
    end_of_get ends_ = end_of_get::at_once;
    clock::time_point now_; // when the machine took its last step
    clock::time_point waits_until_;
    clock::time_point made_at_; // the connection
    clock::time_point attempted_[get_addresses_max];
};

} // namespace forest::inline FOREST_FORM::detail

#endif
