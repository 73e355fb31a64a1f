// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_BROKEN_TRANSPORT_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_BROKEN_TRANSPORT_HPP

#include <sim/conformance/fault_of_a_model.hpp>

#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest::tests {

/// A peer in memory that can do every plan of a battery.
struct obedient_peer {
    sim::conformance::peer_plan plan;
    std::vector<sim::conformance::peer_request> requests;
    std::vector<std::function<void()>> held;
    std::uint64_t connections = 0;

    /// The bytes of its answer, as planned now.
    [[nodiscard]] std::string answer() const {
        std::string bytes = "HTTP/1.1 " + std::to_string(plan.status) + " \r\n" + plan.fields;
        if (!plan.chunked)
            return bytes + "Content-Length: " + std::to_string(plan.body.size()) + "\r\n\r\n" +
                   plan.body;
        bytes += "Transfer-Encoding: chunked\r\n\r\n";
        for (std::size_t at = 0; at < plan.body.size(); at += 8)
            bytes += (plan.body.size() - at >= 8 ? "8\r\n" : "1\r\n") +
                     plan.body.substr(at, plan.body.size() - at >= 8 ? 8 : 1) + "\r\n";
        return bytes + "0\r\n\r\n";
    }
};

/// A transport to that peer with a single fault.
class broken_transport {
public:
    broken_transport(sim::event_queue& queue, obedient_peer& peer, const fault_of_a_model& fault)
        : state_{std::make_shared<state>(queue, peer, fault)} {
        if (fault.is("transport.sent_unasked"))
            peer.requests.push_back({"/warm-up"});
    }

    broken_transport(broken_transport&& other) noexcept : state_{std::move(other.state_)} {
        if (state_->fault.is("transport.lost_in_move"))
            state_->handler = {};
    }

    broken_transport& operator=(broken_transport&&) = delete;

    ~broken_transport() {
        if (state_ != nullptr && !state_->fault.is("transport.called_inside_cancel"))
            state_->cancel();
    }

    void async_get(const request& sent, duration timeout,
                   std::function<void(const reply&)> handler) {
        state_->begin(sent, timeout, std::move(handler));
    }

    void cancel() { state_->cancel(); }

    [[nodiscard]] bool waits_on_kept_connection() const noexcept { return state_->waits(); }

    [[nodiscard]] broken_transport another() const {
        if (state_->fault.is("transport.another_differs"))
            return broken_transport{state_};
        broken_transport other{state_->queue, state_->peer, state_->fault};
        other.state_->dead = state_->fault.is("transport.another_differs", 1);
        return other;
    }

private:
    static constexpr duration latency = std::chrono::milliseconds{1};

    struct state : std::enable_shared_from_this<state> {
        state(sim::event_queue& events, obedient_peer& reached, const fault_of_a_model& planted)
            : queue{events}, peer{reached}, fault{planted} {}

        // Calls `then` after a delay, if the request is still the same.
        template <typename Then>
        void after(duration delay, Then then) {
            queue.after(delay, [self = shared_from_this(), number = call, then] {
                if (number == self->call && self->handler)
                    then(*self);
            });
        }

        void begin(const request& asked, duration timeout, std::function<void(const reply&)> then) {
            if (fault.is("transport.threw") && timeout <= duration::zero())
                throw std::length_error{"a timeout of nothing"};
            if (fault.is("transport.unusable_after", 1) && in_handler)
                return;
            handler = std::move(then);
            ++call;
            arriving.target = asked.target.target();
            if (fault.is("transport.target_changed"))
                arriving.target.resize(arriving.target.find('?'));
            arriving.fields = asked.fields.text();
            if (fault.is("transport.fields_changed"))
                std::transform(arriving.fields.begin(), arriving.fields.end(),
                               arriving.fields.begin(), detail::lower);
            arriving.fields = fault.reordered(arriving.fields, "transport.fields_changed");
            is_over_kept = arriving.connection != 0 && !asked.fresh_connection;
            bytes_came = false;
            if (arriving.connection == 0 ||
                (asked.fresh_connection && !fault.is("transport.kept_connection_used")))
                arriving.connection = ++peer.connections;
            limits = fault.is("transport.limit_ignored") ? message_limits{} : asked.limits;
            length = fault.is("transport.timed_out_early") ? timeout / 10 : timeout;
            start_timer();
            if (fault.is("transport.called_twice"))
                queue.after(timeout, [self = shared_from_this(), late = handler] {
                    late(failure(errc::timed_out));
                });
            if (std::exchange(canceled, false))
                return after(latency, [](state& self) { self.fail(errc::operation_canceled); });
            if (fault.is("transport.called_inside") && refuses())
                return fail(errc::connection_refused);
            after(latency, [](state& self) { self.arrive(); });
            if (fault.is("transport.called_after_throwing") && timeout <= duration::zero())
                throw std::length_error{"a timeout of nothing"};
        }

        [[nodiscard]] bool waits() const noexcept {
            if (!handler || fault.is("transport.kept_connection_misreported", 1))
                return false;
            if (fault.is("transport.kept_connection_misreported"))
                return true;
            return is_over_kept &&
                   (!bytes_came || fault.is("transport.kept_connection_misreported", 2));
        }

        [[nodiscard]] bool refuses() const {
            return peer.plan.act == sim::conformance::peer_act::refuse;
        }

        void start_timer() {
            if (fault.is("transport.beyond_timeout"))
                return;
            queue.after(length, [self = shared_from_this(), number = call, set = ++timer] {
                if (number == self->call && set == self->timer && self->handler)
                    self->time_out();
            });
        }

        void time_out() {
            if (fault.is("transport.sent_unasked", 1))
                queue.after(100 * latency,
                            [to = &peer, again = arriving] { to->requests.push_back(again); });
            fail(errc::timed_out);
        }

        void arrive() {
            using enum sim::conformance::peer_act;
            if (dead || refuses())
                return after(latency, [](state& self) { self.refused(); });
            peer.requests.push_back(arriving);
            switch (peer.plan.act) {
            case answer: return deliver_after(latency, peer.answer());
            case hold:
                peer.held.emplace_back([self = shared_from_this(), number = call,
                                        bytes = peer.answer()] { self->let_go(number, bytes); });
                return;
            case silence: return;
            case drip: return keep_dripping();
            case reset:
                if (fault.is("transport.never_called"))
                    handler = {};
                return after(latency, [](state& self) { self.fail(errc::connection_lost); });
            case truncate:
                return deliver_after(latency, peer.answer().substr(0, peer.answer().size() - 9));
            case garbage: return deliver_after(latency, "what answers here is no HTTP\r\n");
            case refuse: return;
            }
        }

        void refused() {
            dead = fault.is("transport.unusable_after");
            if (!fault.is("transport.foreign_error"))
                return fail(fault.is("transport.wrong_error") ? errc::unreachable
                                                              : errc::connection_refused);
            reply result;
            result.error = std::make_error_code(std::errc::connection_refused);
            finish(result);
        }

        void keep_dripping() {
            bytes_came = true;
            if (fault.is("transport.beyond_timeout", 1))
                start_timer(); // Wrong: each byte extends the timeout.
            after(10 * latency, [](state& self) { self.keep_dripping(); });
        }

        void deliver_after(duration delay, std::string bytes) {
            after(delay, [bytes](state& self) { self.deliver(bytes); });
        }

        void let_go(std::uint64_t number, const std::string& bytes) {
            if (!handler || (number != call && !fault.is("transport.stale_answer")))
                return;
            if (fault.is("transport.wrong_context"))
                deliver(bytes);
            else
                deliver_after(latency, bytes);
        }

        // The address of a text on the stack of a function that has returned.
        [[gnu::noinline]] static std::uintptr_t left_on_the_stack(std::string_view text) {
            std::array<char, 2048> local{};
            std::copy_n(text.begin(), std::min(text.size(), local.size()), local.begin());
            // Volatile, because compilers would warn about it, and are right.
            const char* volatile begin = local.data();
            return reinterpret_cast<std::uintptr_t>(begin);
        }

        // Makes the reply point to memory that is free.
        void dangle(reply& result, std::unique_ptr<std::string>& bytes) const {
            if (fault.is("transport.reply_dangles", 1) && result.body.size() < 1000)
                result.body = {reinterpret_cast<const char*>(left_on_the_stack(result.body)),
                               result.body.size()};
            if (fault.is("transport.reply_dangles",
                         2)) { // As the allocator of another thread does.
                for (std::size_t at = 0; at < 16 && at < result.body.size(); ++at)
                    bytes->at(static_cast<std::size_t>(result.body.data() - bytes->data()) + at) ^=
                        '\x55';
            }
            if (fault.is("transport.reply_dangles"))
                bytes.reset();
        }

        void deliver(const std::string& arrived) {
            auto owner = std::make_unique<std::string>(arrived);
            std::string& bytes = *owner;
            const std::size_t head = bytes.find("\r\n\r\n") + 4;
            const std::string raw = bytes.substr(std::min(head, bytes.size()));
            forest::detail::response_parser parser{limits};
            const std::size_t kept = parser.parse(bytes);
            if (!parser.done())
                parser.finish();
            reply result;
            result.error = parser.error();
            result.status = parser.status();
            result.fields = parser.fields({bytes.data(), kept});
            result.body = parser.body({bytes.data(), kept});
            std::string once;
            spoil(result, raw, once);
            dangle(result, owner);
            finish(result);
        }

        // Applies the faults of the reply itself.
        void spoil(reply& result, std::string_view raw, std::string& once) const {
            const bool chunked = result.fields.count("Transfer-Encoding") > 0;
            if (fault.is("transport.failure_hidden") && result.error == errc::connection_lost)
                result.error = {};
            if (fault.is("transport.answer_lost") && result.status >= 400)
                result.error = errc::unexpected_status;
            if (fault.is("transport.wrong_status") && result.status == 302)
                result.status = 200;
            if (fault.is("transport.wrong_body") && !chunked)
                result.body = result.body.substr(0, result.body.find('\0'));
            if (fault.is("transport.chunks_not_decoded") && chunked)
                result.body = raw;
            if (fault.is("transport.limit_too_strict") &&
                result.body.size() >= limits.body_bytes_max)
                result.error = errc::response_too_large;
            if (fault.is("transport.wrong_fields")) {
                result.fields.for_each([&](std::string_view name, std::string_view value) {
                    if (!field_view{once}.find(name))
                        once.append(name).append(": ").append(value).append("\r\n");
                });
                result.fields = field_view{once};
            }
            if (fault.is("transport.wrong_fields", 1) || fault.is("transport.wrong_fields", 2)) {
                once = fault.reordered(result.fields.text(), "transport.wrong_fields");
                result.fields = field_view{once};
            }
        }

        static reply failure(errc why) {
            reply result;
            result.error = why;
            return result;
        }

        void fail(errc why) { finish(failure(why)); }

        void finish(const reply& result) {
            ++call;
            const auto ending = std::exchange(handler, {});
            in_handler = true;
            ending(result);
            in_handler = false;
        }

        void cancel() {
            if (!handler) {
                canceled = fault.is("transport.cancel_remembered") && canceling == 0;
                return;
            }
            ++call;
            ++canceling;
            const errc why = fault.is("transport.cancel_wrong_error") ? errc::connection_lost
                                                                      : errc::operation_canceled;
            const auto ending = std::exchange(handler, {});
            if (fault.is("transport.called_inside_cancel"))
                return ending(failure(why));
            if (!fault.is("transport.cancel_never_ended"))
                queue.after({}, [self = shared_from_this(), ending, why] {
                    --self->canceling;
                    ending(failure(why));
                });
        }

        sim::event_queue& queue;
        obedient_peer& peer;
        fault_of_a_model fault;
        std::function<void(const reply&)> handler;
        sim::conformance::peer_request arriving;
        message_limits limits;
        duration length{};
        std::uint64_t call = 0; // the number of the request in flight
        std::uint64_t timer = 0;
        bool is_over_kept = false;
        bool bytes_came = false;
        int canceling = 0;     // handlers that are still to be called
        bool canceled = false; // which fails the next request, too
        bool dead = false;
        bool in_handler = false;
    };

    explicit broken_transport(std::shared_ptr<state> shared) : state_{std::move(shared)} {}

    std::shared_ptr<state> state_;
};

static_assert(hedging_transport<broken_transport>);

struct broken_transports : sim::conformance::virtual_time {
    fault_of_a_model fault;
    obedient_peer peer;

    explicit broken_transports(const fault_of_a_model& planted) : fault{planted} {}

    broken_transport make() { return {queue, peer, fault}; }

    [[nodiscard]] std::string target() const { return "http://peer.example/path?query=1"; }

    bool plan(const sim::conformance::peer_plan& plan) {
        peer.plan = plan;
        return true;
    }

    void release() {
        for (const auto& each : std::exchange(peer.held, {}))
            each();
    }

    [[nodiscard]] const std::vector<sim::conformance::peer_request>& received() const {
        return peer.requests;
    }
};

} // namespace forest::tests

#endif
