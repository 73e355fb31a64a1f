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
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/arriving_answer.hpp>
#include <forest/sim/network/network_path.hpp>
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

// One request at a time and its answer, as bytes that travel through a simulated network. The
// events on the queue share the object. Each event moves its shared_ptr to the next event, because
// counting references would cost more than everything else here.

namespace forest::inline FOREST_FORM::sim::detail {

/// The state of a network_transport.
class network_exchange final : public peer, public std::enable_shared_from_this<network_exchange> {
public:
    using receiver = forest::detail::unique_function<void(const reply&)>;

    explicit network_exchange(path_chooser choose) : choose_{std::move(choose)} {}
    network_exchange(const network_exchange&) = delete;
    network_exchange& operator=(const network_exchange&) = delete;
    ~network_exchange() override { leave(); }

    void begin(const request& get, duration timeout, receiver handler) {
        const int already_in_flight = in_flight();
        cancel(); // A second request at the same time replaces the first one.
        path_ = choose_(get.target);
        if (path_.sent != nullptr && *path_.sent)
            (*path_.sent)(already_in_flight);
        handler_ = std::move(handler);
        limits_ = get.limits;
        began_ = path_.client->steady_now();
        due_ = path_.client->timer_now() + std::min(timeout, options::duration_max);
        timer_set_ = false;
        size_ = forest::detail::write_request(bytes_, "GET", get.target, get.fields, false);
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
        queue().after({}, [client = path_.client, handler = std::move(handler_)]() mutable {
            client->when_running([handler = std::move(handler)]() mutable {
                reply canceled;
                canceled.error = errc::operation_canceled;
                handler(canceled);
            });
        });
    }

    [[nodiscard]] int in_flight() const noexcept { return handler_ ? 1 : 0; }

    /// The server process has ended, so the rest of its answer is lost.
    void reset() override {
        accepted_ = false;
        ++leg_;
        fail_over_link(errc::connection_lost);
    }

private:
    using shared = std::shared_ptr<network_exchange>;

    event_queue& queue() const noexcept { return path_.client->queue(); }

    void note(trace_kind kind, int detail, std::uint64_t value) const {
        if (path_.lines != nullptr)
            path_.lines->add({queue().now().time_since_epoch(), kind, path_.subject,
                              static_cast<std::uint16_t>(detail), value});
    }

    // -- The deadline --

    duration time_left() const noexcept { return due_ - path_.client->timer_now(); }

    // Only a lost or late message needs the timer. A message that takes at most two thirds of the
    // time is not late, because no clock runs more than 11/8 times as fast as the queue.
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
        const duration left = std::max(path_.client->true_span(time_left()), duration{1});
        queue().after(left, [self = shared_from_this(), call = call_] {
            self->path_.client->when_running([self, call] {
                if (call != self->call_)
                    return;
                if (self->time_left() > duration::zero())
                    self->wait_for_deadline();
                else
                    self->fail(errc::timed_out);
            });
        });
    }

    // -- To the server --

    template <typename Arrive>
    void send(direction way, Arrive&& arrives, duration extra = duration::zero(),
              duration whole = duration::zero()) {
        set_timer_unless_within(whole);
        if (!path_.over->carry(way, std::forward<Arrive>(arrives), extra))
            lose(way);
    }

    void lose(direction way) {
        note(trace_kind::lost, static_cast<int>(way), requests_);
        set_timer();
    }

    static void arrive(shared self) {
        self->note(trace_kind::arrived, 0, self->requests_);
        server_process& server = *self->path_.server;
        if (self->path_.over->refusing > 0 || !server.accept(*self))
            return self->fail_over_link(errc::connection_refused);
        self->accepted_ = true;
        if (server.frozen > 0 || server.slow > 0 || !server.host().running())
            self->set_timer();
        const auto leg = self->leg_;
        server.host().when_running([self = std::move(self), leg]() mutable {
            if (leg == self->leg_)
                ask(std::move(self));
        });
    }

    static void ask(shared self) {
        server_process& server = *self->path_.server;
        const std::span<char> request{self->bytes_.data(), self->size_};
        const auto leg = self->leg_;
        server.serve(request, [leg, self = std::move(self)](std::string_view bytes) {
            if (leg == self->leg_)
                self->answered(bytes);
        });
    }

    void answered(std::string_view bytes) {
        answer_.assign(bytes);
        if (path_.server->slow == 0)
            return transmit();
        queue().after(path_.server->slowness, [self = shared_from_this(), leg = leg_]() mutable {
            server_process& server = *self->path_.server;
            server.host().when_running([self = std::move(self), leg] {
                if (leg == self->leg_ && self->path_.server->frozen == 0)
                    self->transmit();
            });
        });
    }

    // -- To the client --

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
        host& client = *self->path_.client;
        const auto leg = self->leg_;
        client.when_running([leg, self = std::move(self), piece] {
            if (leg != self->leg_ || !self->answer_.parse(piece))
                return;
            reply result = self->answer_.result();
            self->finish(result);
        });
    }

    void fail_over_link(errc error) { send(direction::to_client, failure(error)); }

    void fail_after(duration delay, errc error) {
        set_timer();
        queue().after(delay, failure(error));
    }

    forest::detail::unique_function<void()> failure(errc error) {
        return [self = shared_from_this(), leg = leg_, error] {
            if (leg == self->leg_ && self->time_left() > duration::zero())
                self->path_.client->when_running([self, leg, error] {
                    if (leg == self->leg_)
                        self->fail(error);
                });
        };
    }

    void fail(errc error) {
        reply result;
        result.error = error;
        finish(result);
    }

    void finish(reply& result) {
        end();
        result.timings.total = path_.client->steady_now() - began_;
        note(trace_kind::ended, result.status, static_cast<std::uint64_t>(result.error.value()));
        auto receive = std::move(handler_);
        receive(result);
    }

    // Events that are still queued for this request are ignored.
    void end() {
        leave();
        ++call_;
        ++leg_;
    }

    void leave() {
        if (std::exchange(accepted_, false))
            path_.server->release(*this);
    }

    path_chooser choose_;
    network_path path_; // of the current request
    receiver handler_;
    message_limits limits_;
    steady_time began_{};
    steady_time due_{};      // by the clock of timers
    std::uint64_t call_ = 0; // changes when a request begins or ends
    std::uint64_t leg_ = 0;  // changes with `call_`, and when the travelling messages become void
    std::uint64_t requests_ = 0;
    std::size_t size_ = 0;
    bool accepted_ = false; // the server has accepted the connection
    bool timer_set_ = false;
    std::array<char, forest::detail::request_bytes_max> bytes_;
    arriving_answer answer_;
};

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
