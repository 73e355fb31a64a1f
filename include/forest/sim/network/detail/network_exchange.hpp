// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_NETWORK_EXCHANGE_HPP
#define FOREST_SIM_NETWORK_DETAIL_NETWORK_EXCHANGE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/arriving_answer.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

// One request at a time and its answer, as bytes on their way through a simulated network. Held by
// a shared_ptr, which those share who are to go on with it; they hand it on, since to count holders
// costs more than all else.

namespace forest::sim::detail {

/// Who sends, over what, to whom. All must outlive the transports; `lines` and `sent` may be null.
struct network_path {
    host* from = nullptr;
    link* over = nullptr;
    server_process* to = nullptr;
    trace* lines = nullptr;
    const std::function<void(int)>* sent = nullptr; ///< told how many are in flight already
    std::uint16_t subject = 0;                      ///< of the lines
};

/// Which way a request goes, by its URL.
using path_chooser = std::function<network_path(const url&)>;

/// What is behind a network_transport.
class network_exchange final : public peer, public std::enable_shared_from_this<network_exchange> {
public:
    using receiver = forest::detail::unique_function<void(const reply&)>;

    explicit network_exchange(path_chooser choose) : choose_{std::move(choose)} {}
    network_exchange(const network_exchange&) = delete;
    network_exchange& operator=(const network_exchange&) = delete;
    ~network_exchange() { leave(); }

    void begin(const request& what, duration timeout, receiver then) {
        const int under_way = in_flight();
        cancel(); // Whoever asks for two at a time gets one.
        path_ = choose_(what.target);
        if (path_.sent != nullptr && *path_.sent)
            (*path_.sent)(under_way);
        handler_ = std::move(then);
        limits_ = what.limits;
        began_ = path_.from->steady_now();
        due_ = path_.from->timer_now() + std::min(timeout, options::duration_max);
        timer_set_ = false;
        size_ = forest::detail::write_request(bytes_, "GET", what.target, what.fields, false);
        ++call_;
        ++leg_;
        note(trace_kind::sent, 0, ++requests_);
        if (path_.over->unresolvable > 0)
            return fail_after(path_.over->delay.typical, errc::resolve_failed);
        send(direction::to_server, [self = shared_from_this(), leg = leg_]() mutable {
            if (leg == self->leg_)
                arrive(std::move(self));
        });
    }

    void cancel() {
        if (!handler_)
            return;
        end();
        queue().after({}, [on = path_.from, ended = std::move(handler_)]() mutable {
            on->when_running([ended = std::move(ended)]() mutable {
                reply canceled;
                canceled.error = errc::operation_canceled;
                ended(canceled);
            });
        });
    }

    [[nodiscard]] int in_flight() const noexcept { return handler_ ? 1 : 0; }

    /// The process is gone, and with it what was on its way from there.
    void reset() override {
        accepted_ = false;
        ++leg_;
        fail_over_link(errc::connection_lost);
    }

private:
    using shared = std::shared_ptr<network_exchange>;

    event_queue& queue() const noexcept { return path_.from->queue(); }

    void note(trace_kind kind, int detail, std::uint64_t value) const {
        if (path_.lines != nullptr)
            path_.lines->add({queue().now().time_since_epoch(), kind, path_.subject,
                              static_cast<std::uint16_t>(detail), value});
    }

    // -- The deadline --

    duration time_left() const noexcept { return due_ - path_.from->timer_now(); }

    // What is lost or too late is noticed at the deadline and not before, and what arrives in good
    // time needs none: a clock that is fast runs no more than 11/8 times as fast as the queue.
    void set_timer_unless_within(duration extra) {
        if (timer_set_)
            return;
        const duration certain = time_left() / 3 * 2 - extra;
        if (!path_.over->carries_within(certain))
            set_timer();
    }

    void set_timer() {
        if (!std::exchange(timer_set_, true))
            wait_for_deadline();
    }

    void wait_for_deadline() {
        const duration left = std::max(path_.from->true_span(time_left()), duration{1});
        queue().after(left, [self = shared_from_this(), call = call_] {
            self->path_.from->when_running([self, call] {
                if (call != self->call_)
                    return;
                if (self->time_left() > duration::zero())
                    self->wait_for_deadline();
                else
                    self->fail(errc::timed_out);
            });
        });
    }

    // -- There --

    template <typename Arrive>
    void send(direction to, Arrive&& arrives, duration extra = duration::zero(),
              duration whole = duration::zero()) {
        set_timer_unless_within(whole);
        if (!path_.over->carry(to, std::forward<Arrive>(arrives), extra))
            lose(to);
    }

    void lose(direction to) {
        note(trace_kind::lost, static_cast<int>(to), requests_);
        set_timer();
    }

    static void arrive(shared self) {
        self->note(trace_kind::arrived, 0, self->requests_);
        server_process& to = *self->path_.to;
        if (self->path_.over->refusing > 0 || !to.accept(*self))
            return self->fail_over_link(errc::connection_refused);
        self->accepted_ = true;
        if (to.frozen > 0 || to.slow > 0 || !to.host().running())
            self->set_timer();
        const auto leg = self->leg_;
        to.host().when_running([self = std::move(self), leg]() mutable {
            if (leg == self->leg_)
                ask(std::move(self));
        });
    }

    static void ask(shared self) {
        server_process& to = *self->path_.to;
        const std::span<char> request{self->bytes_.data(), self->size_};
        to.serve(request, [leg = self->leg_, self = std::move(self)](std::string_view given) {
            if (leg == self->leg_)
                self->answered(given);
        });
    }

    void answered(std::string_view given) {
        answer_.assign(given);
        if (path_.to->slow == 0)
            return transmit();
        queue().after(path_.to->slowness, [self = shared_from_this(), leg = leg_]() mutable {
            server_process& to = *self->path_.to;
            to.host().when_running([self = std::move(self), leg] {
                if (leg == self->leg_ && self->path_.to->frozen == 0)
                    self->transmit();
            });
        });
    }

    // -- And back --

    void transmit() {
        note(trace_kind::answered, 0, answer_.size());
        answer_.depart(*path_.over, limits_);
        send(direction::to_client, next_piece(), answer_.next_after(), answer_.time());
    }

    forest::detail::unique_function<void()> next_piece() {
        return [self = shared_from_this(), leg = leg_]() mutable {
            if (leg == self->leg_ && self->time_left() > duration::zero())
                piece_arrived(std::move(self));
        };
    }

    static void piece_arrived(shared self) {
        const std::size_t piece = self->answer_.arrive();
        if (self->answer_.complete())
            self->leave();
        else if (!self->path_.over->carry_on(direction::to_client, self->next_piece(),
                                             self->answer_.next_after()))
            self->lose(direction::to_client);
        host& from = *self->path_.from;
        from.when_running([leg = self->leg_, self = std::move(self), piece] {
            if (leg != self->leg_ || !self->answer_.parse(piece))
                return;
            reply result = self->answer_.result();
            self->finish(result);
        });
    }

    void fail_over_link(errc why) { send(direction::to_client, failure(why)); }

    void fail_after(duration delay, errc why) {
        set_timer();
        queue().after(delay, failure(why));
    }

    forest::detail::unique_function<void()> failure(errc why) {
        return [self = shared_from_this(), leg = leg_, why] {
            if (leg == self->leg_ && self->time_left() > duration::zero())
                self->path_.from->when_running([self, leg, why] {
                    if (leg == self->leg_)
                        self->fail(why);
                });
        };
    }

    void fail(errc why) {
        reply result;
        result.error = why;
        finish(result);
    }

    void finish(reply& result) {
        end();
        result.timings.total = path_.from->steady_now() - began_;
        note(trace_kind::ended, result.status, static_cast<std::uint64_t>(result.error.value()));
        auto receive = std::move(handler_);
        receive(result);
    }

    // What is still under way for this request is ignored.
    void end() {
        leave();
        ++call_;
        ++leg_;
    }

    void leave() {
        if (std::exchange(accepted_, false))
            path_.to->release(*this);
    }

    path_chooser choose_;
    network_path path_; // of the present request
    receiver handler_;
    message_limits limits_;
    steady_time began_{};
    steady_time due_{};      // by the clock of timers
    std::uint64_t call_ = 0; // changes when a request begins and when it ends,
    std::uint64_t leg_ = 0;  // and this one also when what is on its way is void
    std::uint64_t requests_ = 0;
    std::size_t size_ = 0;
    bool accepted_ = false; // by the process
    bool timer_set_ = false;
    std::array<char, forest::detail::request_bytes_max> bytes_;
    arriving_answer answer_;
};

} // namespace forest::sim::detail

#endif
