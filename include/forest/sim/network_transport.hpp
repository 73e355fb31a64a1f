// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_TRANSPORT_HPP

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/request_writer.hpp>
#include <forest/core/response_parser.hpp>
#include <forest/core/time.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/host.hpp>
#include <forest/sim/link.hpp>
#include <forest/sim/process.hpp>
#include <forest/sim/trace.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// What carries a check over a simulated network: the real bytes, on a link that may do anything to
// them, to a process that may do anything, too.

namespace forest::sim {

/// Who sends, over what, to whom. All must outlive the transports; `lines` and `sent` may be null.
struct network_path {
    host* from = nullptr;
    link* over = nullptr;
    process* to = nullptr;
    trace* lines = nullptr;
    const std::function<void(int)>* sent = nullptr; ///< told how many are in flight already
    std::uint16_t subject = 0;                      ///< of the lines
};

/// Talks to one simulated process. Models `transport`.
class network_transport {
public:
    explicit network_transport(const network_path& path) : state_{std::make_shared<state>(path)} {}

    network_transport(network_transport&&) noexcept = default;
    network_transport& operator=(network_transport&&) = delete;

    /// As `cancel()`.
    ~network_transport() {
        if (state_ != nullptr)
            cancel();
    }

    template <typename Handler>
    void async_get(const request& what, duration timeout, Handler&& handler) {
        state_->begin(what, timeout, std::forward<Handler>(handler));
    }

    void cancel() { state_->cancel(); }

    /// How many requests are in flight (B2): 0 or 1.
    [[nodiscard]] int in_flight() const noexcept { return state_->handler ? 1 : 0; }

private:
    using receiver = unique_function<void(const reply&)>;

    struct state final : peer, std::enable_shared_from_this<state> {
        explicit state(const network_path& on) : path{on} {}
        state(const state&) = delete;
        state& operator=(const state&) = delete;
        ~state() { leave(); }

        void begin(const request& what, duration timeout, receiver then) {
            if (path.sent != nullptr && *path.sent)
                (*path.sent)(handler ? 1 : 0);
            cancel(); // Whoever asks for two at a time gets one.
            handler = std::move(then);
            limits = what.limits;
            began = path.from->steady_now();
            due = path.from->timer_now() + std::min(timeout, options::duration_max);
            timer_set = false;
            const auto number = ++call;
            size = write_request(bytes, "GET", what.target, what.fields, false);
            note(trace_kind::sent, 0, ++requests);
            if (path.over->unresolvable > 0)
                return fail_after(path.over->delay.typical, errc::resolve_failed);
            send(direction::to_server, [self = shared_from_this(), number]() mutable {
                if (number == self->call)
                    arrive(std::move(self));
            });
        }

        void cancel() {
            if (!handler)
                return;
            leave();
            ++call;
            queue().after({}, [on = path.from, ended = std::move(handler)]() mutable {
                on->when_running([ended = std::move(ended)]() mutable {
                    reply canceled;
                    canceled.error = errc::operation_canceled;
                    ended(canceled);
                });
            });
        }

        // The process is gone.
        void reset() override {
            accepted = false;
            fail_over_link(errc::connection_lost);
        }

    private:
        event_queue& queue() const noexcept { return path.from->queue(); }

        void note(trace_kind kind, int detail, std::uint64_t value) const {
            if (path.lines != nullptr)
                path.lines->add({queue().now().time_since_epoch(), kind, path.subject,
                                 static_cast<std::uint16_t>(detail), value});
        }

        // What is lost, or will be too late, is noticed at the deadline and not before.
        template <typename Arrive>
        void send(direction to, Arrive&& arrive, duration extra = duration::zero()) {
            link& over = *path.over;
            const bool on_time = over.delay.distribution == latency::shape::constant &&
                                 over.delay.typical + over.delay.least + extra < time_left();
            if (!over.carry(to, std::forward<Arrive>(arrive), extra) || over.holds_back() ||
                !on_time)
                set_timer();
        }

        duration time_left() const noexcept { return due - path.from->timer_now(); }

        void set_timer() {
            if (!std::exchange(timer_set, true))
                wait_for_deadline(call);
        }

        void wait_for_deadline(std::uint64_t number) {
            const duration left = std::max(path.from->true_span(time_left()), duration{1});
            queue().after(left, [self = shared_from_this(), number] {
                self->path.from->when_running([self, number] {
                    if (number != self->call)
                        return;
                    if (self->time_left() > duration::zero())
                        self->wait_for_deadline(number);
                    else
                        self->fail(errc::timed_out);
                });
            });
        }

        // Who holds the state hands it on, here and below, since to count holders costs more than
        // all else.
        static void arrive(std::shared_ptr<state> self) {
            self->note(trace_kind::arrived, 0, self->requests);
            process& to = *self->path.to;
            if (self->path.over->refusing > 0 || !to.accept(*self))
                return self->fail_over_link(errc::connection_refused);
            self->accepted = true;
            if (to.frozen > 0 || to.slow > 0 || !to.machine().running())
                self->set_timer();
            const auto number = self->call;
            to.machine().when_running([self = std::move(self), number]() mutable {
                if (number == self->call && self->accepted)
                    ask(std::move(self));
            });
        }

        static void ask(std::shared_ptr<state> self) {
            process& to = *self->path.to;
            const std::span<char> request{self->bytes.data(), self->size};
            to.serve(request,
                     [number = self->call, self = std::move(self)](std::string_view given) {
                         if (number == self->call)
                             self->answered(given);
                     });
        }

        void answered(std::string_view given) {
            answer.assign(given);
            if (path.to->slow == 0)
                return transmit();
            const auto number = call;
            queue().after(path.to->slowness, [self = shared_from_this(), number] {
                if (number == self->call && self->accepted)
                    self->transmit();
            });
        }

        void transmit() {
            const link& over = *path.over;
            note(trace_kind::answered, 0, answer.size());
            leave();
            if (over.garbling > 0)
                path.over->garble(answer);
            if (over.resetting + over.truncating > 0)
                answer.resize(answer.size() / 2);
            const auto number = call;
            send(
                direction::to_client,
                [self = shared_from_this(), number, cut = over.resetting > 0]() mutable {
                    host& from = *self->path.from;
                    from.when_running([self = std::move(self), number, cut] {
                        if (number == self->call)
                            self->received(cut);
                    });
                },
                over.dripping > 0 ? over.drip : duration::zero());
        }

        void received(bool cut) {
            response_parser parser{limits};
            const std::size_t kept = parser.parse(answer);
            if (cut && !parser.done())
                return fail(errc::connection_lost);
            if (!parser.done())
                parser.finish();
            reply result;
            result.error = parser.error();
            result.status = parser.status();
            result.fields = parser.fields({answer.data(), kept});
            if (!result.error)
                result.body = parser.body({answer.data(), kept});
            finish(result);
        }

        void fail_over_link(errc why) {
            const auto number = call;
            send(direction::to_client, [self = shared_from_this(), number, why] {
                self->path.from->when_running([self, number, why] {
                    if (number == self->call)
                        self->fail(why);
                });
            });
        }

        void fail_after(duration delay, errc why) {
            set_timer();
            queue().after(delay, [self = shared_from_this(), number = call, why] {
                self->path.from->when_running([self, number, why] {
                    if (number == self->call)
                        self->fail(why);
                });
            });
        }

        void fail(errc why) {
            reply result;
            result.error = why;
            finish(result);
        }

        void finish(reply& result) {
            leave();
            ++call; // What is still under way for this request is ignored.
            result.timings.total = path.from->steady_now() - began;
            note(trace_kind::ended, result.status,
                 static_cast<std::uint64_t>(result.error.value()));
            auto receive = std::move(handler);
            receive(result);
        }

        void leave() {
            if (std::exchange(accepted, false))
                path.to->release(*this);
        }

    public:
        network_path path;
        receiver handler;

    private:
        message_limits limits;
        steady_time began{};
        steady_time due{};      // by the clock of timers
        std::uint64_t call = 0; // changes when a request begins and when it ends
        std::uint64_t requests = 0;
        std::size_t size = 0;
        bool accepted = false; // by the process
        bool timer_set = false;
        std::array<char, request_bytes_max> bytes;
        std::string answer;
    };

    std::shared_ptr<state> state_;
};

static_assert(transport<network_transport>);

} // namespace forest::sim

#endif
