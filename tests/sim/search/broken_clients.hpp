// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_SEARCH_BROKEN_CLIENTS_HPP
#define FOREST_TESTS_SIM_SEARCH_BROKEN_CLIENTS_HPP

#include <sim/explore/broken_machines.hpp>

#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/health/health_loop.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/world/world.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

// Clients with one planted bug each, which simulated worlds have to find. Some drive a broken
// machine with the loop of the real client; the others break the parts around the machine.

namespace broken {

/// The loop of the real client with another machine.
template <forest::transport Transport, forest::clock Clock, typename Signer, typename Backoff,
          typename Machine>
class driven_client {
public:
    driven_client(Transport transport, Clock clock, Signer signer, Backoff backoff,
                  forest::url target, const forest::options& settings,
                  forest::random_generator random)
        : loop_{std::make_shared<loop>(std::move(transport), std::move(clock), std::move(signer),
                                       std::move(backoff), std::move(target), settings, random)} {}
    driven_client(driven_client&&) noexcept = default;
    ~driven_client() {
        if (loop_ != nullptr)
            loop_->stop();
    }

    void on_event(std::function<void(const forest::event&)> callback) {
        loop_->listeners().on_event(std::move(callback));
    }
    void on_server_down(std::function<void(const forest::outage&)> callback) {
        loop_->listeners().on_server_down(std::move(callback));
    }
    void on_server_up(std::function<void(const forest::outage&)> callback) {
        loop_->listeners().on_server_up(std::move(callback));
    }
    void start() { loop_->start(); }
    void stop() { loop_->stop(); }
    [[nodiscard]] forest::target_status status() const noexcept { return loop_->status(); }

private:
    using loop = forest::detail::health_loop<Transport, Clock, Signer, Backoff,
                                             forest::probes::health, Machine>;

    std::shared_ptr<loop> loop_;
};

/// Policies of a world in which all clients drive that machine.
template <typename Machine>
struct with_machine : forest::sim::world_policies {
    template <forest::transport T, forest::clock C, typename S, typename B>
    using client = driven_client<T, C, S, B, Machine>;
};

/// Calls on_server_down twice.
template <forest::transport T, forest::clock C, typename S, typename B>
class calling_twice : public driven_client<T, C, S, B, real_machine> {
public:
    using driven_client<T, C, S, B, real_machine>::driven_client;

    void on_server_down(std::function<void(const forest::outage&)> callback) {
        driven_client<T, C, S, B, real_machine>::on_server_down(
            [callback = std::move(callback)](const forest::outage& of) {
                callback(of);
                callback(of);
            });
    }
};

/// Stops only at its next report, which it still makes.
template <forest::transport T, forest::clock C, typename S, typename B>
class stopping_late : public driven_client<T, C, S, B, real_machine> {
public:
    using driven_client<T, C, S, B, real_machine>::driven_client;

    void stop() {} // Its destructor does.
};

/// Reports a check that its own stop has cancelled.
template <forest::transport T, forest::clock C, typename S, typename B>
class reporting_cancelled : public driven_client<T, C, S, B, real_machine> {
public:
    using base = driven_client<T, C, S, B, real_machine>;
    using base::base;

    void on_event(std::function<void(const forest::event&)> callback) {
        tell_ = std::make_shared<std::function<void(const forest::event&)>>(std::move(callback));
        base::on_event([tell = tell_, in_flight = in_flight_](const forest::event& happened) {
            if (happened.kind == forest::event_kind::check_started)
                *in_flight = true;
            else if (happened.check != nullptr)
                *in_flight = false;
            (*tell)(happened);
        });
    }

    void stop() {
        base::stop();
        if (!*in_flight_)
            return;
        forest::verdict cancelled;
        cancelled.error = forest::errc::operation_canceled;
        (*tell_)({.kind = forest::event_kind::check_failed, .failures = 1, .check = &cancelled});
    }

private:
    std::shared_ptr<std::function<void(const forest::event&)>> tell_;
    std::shared_ptr<bool> in_flight_ = std::make_shared<bool>(false);
};

/// Measures its intervals by the wall clock.
template <forest::clock Clock>
struct wall_driven {
    Clock clock;

    [[nodiscard]] forest::wall_time now() const { return clock.now(); }
    [[nodiscard]] forest::steady_time steady_now() const {
        return forest::steady_time{clock.now() - forest::sim::host::epoch};
    }
    template <typename Handler>
    void async_wait(forest::duration delay, Handler&& handler) {
        clock.async_wait(delay, std::forward<Handler>(handler));
    }
    void cancel() { clock.cancel(); }
};

/// A client with another clock, which is made from the clock of the world.
template <forest::transport T, forest::clock C, typename S, typename B, typename Clock>
class clocked_client : public driven_client<T, Clock, S, B, real_machine> {
public:
    clocked_client(T transport, C clock, S signer, B backoff, forest::url target,
                   const forest::options& settings, forest::random_generator random)
        : driven_client<T, Clock, S, B, real_machine>{std::move(transport),
                                                      Clock{std::move(clock)},
                                                      std::move(signer),
                                                      std::move(backoff),
                                                      std::move(target),
                                                      settings,
                                                      random} {}
};

template <forest::transport T, forest::clock C, typename S, typename B>
class driven_by_the_wall : public clocked_client<T, C, S, B, wall_driven<C>> {
public:
    using clocked_client<T, C, S, B, wall_driven<C>>::clocked_client;
};

/// One transport for several loops, although a transport is made for one.
template <forest::transport Transport>
struct shared_transport {
    std::shared_ptr<Transport> transport;

    template <typename Handler>
    void async_get(const forest::request& what, forest::duration timeout, Handler&& handler) {
        transport->async_get(what, timeout, std::forward<Handler>(handler));
    }
    void cancel() { transport->cancel(); }
};

/// Begins a second round of checks half an interval after the first one, independent of that.
template <forest::transport T, forest::clock C, typename S, typename B>
class checking_twice {
public:
    checking_twice(T transport, C clock, S signer, B backoff, const forest::url& target,
                   forest::options settings, forest::random_generator random)
        : shared_{std::make_shared<T>(std::move(transport))},
          first_{
              shared_transport<T>{shared_}, C{clock}, signer, backoff, target, settings, random} {
        settings.initial_delay_max = settings.interval;
        second_.emplace(shared_transport<T>{shared_}, std::move(clock), signer, backoff, target,
                        settings, random);
    }

    void on_event(std::function<void(const forest::event&)> callback) {
        first_.on_event(std::move(callback));
    }
    void on_server_down(std::function<void(const forest::outage&)> callback) {
        first_.on_server_down(std::move(callback));
    }
    void on_server_up(std::function<void(const forest::outage&)> callback) {
        first_.on_server_up(std::move(callback));
    }
    void start() {
        first_.start();
        second_->start();
    }
    void stop() {
        first_.stop();
        second_->stop();
    }
    [[nodiscard]] forest::target_status status() const noexcept { return first_.status(); }

private:
    using half = driven_client<shared_transport<T>, C, S, B, real_machine>;

    std::shared_ptr<T> shared_;
    half first_;
    std::optional<half> second_;
};

/// Takes every answer, and the absence of an answer, for a healthy one.
template <forest::transport Transport>
struct hopeful_transport {
    Transport transport;

    template <typename Handler>
    void async_get(const forest::request& what, forest::duration timeout, Handler&& handler) {
        transport.async_get(
            what, timeout,
            [then = std::forward<Handler>(handler)](const forest::reply& answer) mutable {
                if (answer.error == forest::errc::operation_canceled)
                    return then(answer);
                forest::reply well;
                well.status = 200;
                well.body = R"({"status":"ok"})";
                then(well);
            });
    }
    void cancel() { transport.cancel(); }
};

template <forest::transport T, forest::clock C, typename S, typename B>
class always_up : public driven_client<hopeful_transport<T>, C, S, B, real_machine> {
public:
    always_up(T transport, C clock, S signer, B backoff, forest::url target,
              const forest::options& settings, forest::random_generator random)
        : driven_client<hopeful_transport<T>, C, S, B, real_machine>{
              hopeful_transport<T>{std::move(transport)},
              std::move(clock),
              std::move(signer),
              std::move(backoff),
              std::move(target),
              settings,
              random} {}
};

/// Never calls on_server_down.
template <forest::transport T, forest::clock C, typename S, typename B>
class mute_down : public driven_client<T, C, S, B, real_machine> {
public:
    using driven_client<T, C, S, B, real_machine>::driven_client;

    void on_server_down(std::function<void(const forest::outage&)>) {}
};

/// Never calls on_server_up.
template <forest::transport T, forest::clock C, typename S, typename B>
class mute_up : public driven_client<T, C, S, B, real_machine> {
public:
    using driven_client<T, C, S, B, real_machine>::driven_client;

    void on_server_up(std::function<void(const forest::outage&)>) {}
};

/// Forgets every wait after the tenth.
template <forest::clock Clock>
struct forgetful_clock {
    Clock clock;
    int waits = 0;

    [[nodiscard]] forest::wall_time now() const { return clock.now(); }
    [[nodiscard]] forest::steady_time steady_now() const { return clock.steady_now(); }
    template <typename Handler>
    void async_wait(forest::duration delay, Handler&& handler) {
        if (++waits <= 10)
            clock.async_wait(delay, std::forward<Handler>(handler));
    }
    void cancel() { clock.cancel(); }
};

/// Stops checking after ten checks.
template <forest::transport T, forest::clock C, typename S, typename B>
class giving_up : public clocked_client<T, C, S, B, forgetful_clock<C>> {
public:
    using clocked_client<T, C, S, B, forgetful_clock<C>>::clocked_client;
};

template <template <forest::transport, forest::clock, typename, typename> typename Client>
struct with_client : forest::sim::world_policies {
    template <forest::transport T, forest::clock C, typename S, typename B>
    using client = Client<T, C, S, B>;
};

} // namespace broken

#endif
