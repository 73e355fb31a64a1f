// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_SCRIPTED_NETWORK_HPP
#define FOREST_TESTS_SUPPORT_SCRIPTED_NETWORK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// Many scripted servers behind any number of transports, and a clock that counts: what a fleet does
// to its policies can be seen.

namespace forest::tests {

/// What the servers of a test answer, each known by its URL, and what was asked of them. Must
/// outlive whatever is asked of its transports.
class scripted_network {
public:
    class transport;

    explicit scripted_network(sim::event_queue& queue) : queue_{queue} {}
    scripted_network(const scripted_network&) = delete;
    scripted_network& operator=(const scripted_network&) = delete;

    /// Adds a reply to the script of a server, `times` times.
    void then(const std::string& target, const sim::scripted_reply& next, std::size_t times = 1) {
        auto& script = servers_[target].script;
        script.insert(script.end(), times, next);
    }

    /// What a server answers when its script is over.
    void otherwise(const std::string& target, const sim::scripted_reply& reply) {
        servers_[target].fallback = reply;
        servers_[target].has_fallback = true;
    }

    /// What all others answer; healthy unless changed.
    void otherwise(const sim::scripted_reply& reply) { fallback_ = reply; }

    /// Whether checks that follow find a kept connection, and how many each of the others opens.
    void keep_connections(bool kept) { keeps_connections_ = kept; }
    void open_for_each_check(unsigned connections) { connections_ = connections; }

    /// Called by what makes transports and by `async_get`, which they pass an exception of.
    std::function<void()> on_make;
    std::function<void(const request&)> on_get;

    [[nodiscard]] transport make();

    [[nodiscard]] const std::vector<sim::recorded_request>& requests() const noexcept {
        return requests_;
    }

    [[nodiscard]] std::size_t requests_of(const std::string& target) const {
        return static_cast<std::size_t>(
            std::count_if(requests_.begin(), requests_.end(),
                          [&](const auto& each) { return each.target == target; }));
    }

    [[nodiscard]] int in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] int in_flight_max() const noexcept { return in_flight_max_; }

    /// How many transports exist, and how many were ever made.
    [[nodiscard]] int transports() const noexcept { return *transports_; }
    [[nodiscard]] int transports_made() const noexcept { return transports_made_; }

    /// How often a transport was used for two requests at a time, or a request was changed before
    /// its end.
    [[nodiscard]] int broken_promises() const noexcept { return broken_promises_; }

    /// Keeps no record, for tests with millions of requests.
    bool records = true;

private:
    struct server {
        std::deque<sim::scripted_reply> script;
        sim::scripted_reply fallback;
        bool has_fallback = false;
    };

    sim::scripted_reply next_reply(const std::string& target) {
        const auto found = servers_.find(target);
        if (found == servers_.end())
            return fallback_;
        server& asked = found->second;
        if (asked.script.empty())
            return asked.has_fallback ? asked.fallback : fallback_;
        sim::scripted_reply next = asked.script.front();
        asked.script.pop_front();
        return next;
    }

    sim::event_queue& queue_;
    std::map<std::string, server> servers_;
    sim::scripted_reply fallback_ = sim::healthy();
    bool keeps_connections_ = false;
    unsigned connections_ = 1;
    std::vector<sim::recorded_request> requests_;
    int in_flight_ = 0;
    int in_flight_max_ = 0;
    std::shared_ptr<int> transports_ = std::make_shared<int>(0);
    int transports_made_ = 0;
    int broken_promises_ = 0;
};

/// Asks the servers of a network. Models `transport`; cannot be copied or assigned, as it is not
/// required.
class scripted_network::transport {
public:
    explicit transport(scripted_network& of)
        : state_{std::make_shared<state>(of)}, living_{of.transports_} {
        ++*living_;
        ++of.transports_made_;
    }
    transport(transport&&) noexcept = default;
    transport& operator=(transport&&) = delete;
    ~transport() {
        if (living_ != nullptr)
            --*living_;
    }

    template <typename Handler>
    void async_get(const request& what, duration timeout, Handler&& handler) {
        scripted_network& network = state_->network;
        if (network.on_get)
            network.on_get(what);
        if (state_->asked != nullptr)
            ++network.broken_promises_;
        state_->asked = &what;
        state_->as_asked = text_of(what);
        if (network.records)
            network.requests_.push_back({network.queue_.now(), std::string{what.target.text()},
                                         std::string{what.fields.text()}, timeout,
                                         what.fresh_connection});
        network.in_flight_max_ = std::max(network.in_flight_max_, ++network.in_flight_);
        state_->handler = std::forward<Handler>(handler);
        state_->answer = network.next_reply(std::string{what.target.text()});
        if (state_->answer.latency > timeout)
            state_->answer = sim::failing(errc::timed_out, timeout);
        network.queue_.after(state_->answer.latency,
                             [state = state_, generation = ++state_->generation] {
                                 if (generation == state->generation) // It was not cancelled.
                                     state->end(std::move(state->handler));
                             });
    }

    void cancel() {
        if (!state_->handler)
            return;
        ++state_->generation;
        state_->answer = sim::failing(errc::operation_canceled);
        // The queue owns the handler from here, and what it holds is freed even if the queue never
        // runs again.
        state_->network.queue_.after(
            {}, [state = state_, handler = std::move(state_->handler)]() mutable {
                state->end(std::move(handler));
            });
    }

    [[nodiscard]] bool keeps_connection_to(const url&) const noexcept {
        return state_->network.keeps_connections_;
    }

    /// As many as a test wants.
    [[nodiscard]] static std::size_t descriptors_max() noexcept { return descriptors; }
    static inline std::size_t descriptors = SIZE_MAX;

    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return state_->asked != nullptr && state_->network.keeps_connections_ &&
               !state_->asked->fresh_connection;
    }

    [[nodiscard]] transport another() const;

private:
    struct state {
        explicit state(scripted_network& of) : network{of} {}

        // The handler was moved out, because it may begin the next request.
        void end(detail::unique_function<void(const reply&)> receiver) {
            --network.in_flight_;
            const request& what = *std::exchange(asked, nullptr);
            if (text_of(what) != as_asked)
                ++network.broken_promises_;
            const sim::scripted_reply given = std::move(answer);
            reply result;
            result.error = given.error;
            result.status = given.status;
            result.fields = field_view{given.fields};
            result.body = given.body;
            result.timings.total = given.latency;
            result.connections_opened =
                network.keeps_connections_ && !what.fresh_connection ? 0 : network.connections_;
            receiver(result);
        }

        scripted_network& network;
        detail::unique_function<void(const reply&)> handler;
        sim::scripted_reply answer;
        const request* asked = nullptr;
        std::string as_asked;
        std::uint64_t generation = 0;
    };

    static std::string text_of(const request& what) {
        return std::string{what.target.text()} + '\n' + std::string{what.fields.text()};
    }

    std::shared_ptr<state> state_;
    std::shared_ptr<int> living_; // may outlive the network, as the handlers in its queue do
};

static_assert(connection_keeper<scripted_network::transport>);
static_assert(hedging_transport<scripted_network::transport>);

inline scripted_network::transport scripted_network::make() {
    if (on_make)
        on_make();
    return transport{*this};
}

inline scripted_network::transport scripted_network::transport::another() const {
    return state_->network.make();
}

/// A virtual clock that counts what is asked of it. Copies count together. Models `clock`; cannot
/// be assigned, as it is not required.
class counting_clock {
public:
    struct counts {
        std::uint64_t waits = 0;        ///< asked for
        std::vector<steady_time> wakes; ///< when the handlers of waits that ended ran
    };

    /// The next wait is asked for in vain: the clock throws.
    void fail_next_wait() { *fails_ = true; }

    explicit counting_clock(sim::event_queue& queue) : inner_{queue} {}

    [[nodiscard]] wall_time now() const { return inner_.now(); }
    [[nodiscard]] steady_time steady_now() const { return inner_.steady_now(); }

    template <typename Handler>
    void async_wait(duration delay, Handler&& handler) {
        if (std::exchange(*fails_, false))
            throw std::bad_alloc{};
        ++counts_->waits;
        inner_.async_wait(delay,
                          [counts = counts_, of = &inner_.queue(),
                           handler = std::forward<Handler>(handler)](std::error_code ec) mutable {
                              if (!ec)
                                  counts->wakes.push_back(of->now());
                              handler(ec);
                          });
    }

    void cancel() { inner_.cancel(); }

    void step_wall(std::chrono::milliseconds by) { inner_.step_wall(by); }
    [[nodiscard]] const counts& counted() const noexcept { return *counts_; }

private:
    sim::virtual_clock inner_;
    std::shared_ptr<counts> counts_ = std::make_shared<counts>();
    std::shared_ptr<bool> fails_ = std::make_shared<bool>(false);
};

static_assert(clock<counting_clock>);

} // namespace forest::tests

#endif
