// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_SEARCH_BROKEN_GETS_HPP
#define FOREST_TESTS_SIM_SEARCH_BROKEN_GETS_HPP

#include <sim/explore/broken_machines.hpp>

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/connection.hpp>
#include <forest/sim/network/detail/network_get.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <utility>

// Drivers of GETs with one planted bug each, which simulated worlds have to find.

namespace broken {

using forest::reply;
using forest::detail::kept_connection;
using forest::sim::detail::connection;
using forest::sim::detail::network_get;
using forest::sim::detail::network_user;

/// Policies of a world in which all clients have that driver.
template <typename Get>
struct with_get : forest::sim::world_policies {
    using carrier = forest::sim::basic_network_transport<Get>;
};

/// Sends a second request of a client over the kept connection of the first one, too.
class kept_used_twice : public network_get {
public:
    using network_get::network_get;
    ~kept_used_twice() override { forget(); }

protected:
    get_action start(const get_plan& plan) override {
        if (plan.kept)
            users()[user_.get()] = this;
        return network_get::start(plan);
    }

    get_input act(get_action next) override {
        const auto first = users().find(user_.get());
        if (next.kind == action::send && first != users().end() && first->second != this) {
            connection* const own = std::exchange(socket(next.index), first->second->kept_);
            (void)network_get::act(next);
            socket(next.index) = own;
        }
        return network_get::act(next);
    }

    void finish() override {
        forget();
        network_get::finish();
    }

private:
    using user_map = std::map<const network_user*, kept_used_twice*>;

    static user_map& users() {
        static user_map all;
        return all;
    }

    void forget() {
        const auto found = users().find(user_.get());
        if (found != users().end() && found->second == this)
            users().erase(found);
    }
};

/// Sends a request again, with its old signature, when a kept connection has ended.
class retrying : public network_get {
public:
    using network_get::network_get;

protected:
    get_action start(const get_plan& plan) override {
        plan_ = plan;
        retried_ = false;
        return network_get::start(plan);
    }

    void finish() override {
        if (canceled_ || !machine_.result().send_again || std::exchange(retried_, true))
            return network_get::finish();
        plan_.timeout = time_left();
        plan_.kept = false;
        perform(network_get::start(plan_));
    }

private:
    get_plan plan_{};
    bool retried_ = false;
};

/// Gives each address the whole timeout.
class deadline_each : public network_get {
public:
    using network_get::network_get;

protected:
    get_action start(const get_plan& plan) override {
        plan_ = plan;
        return network_get::start(plan);
    }

    void finish() override {
        const auto& ended = machine_.result();
        if (canceled_ || ended.error != forest::errc::timed_out || known_addresses_ < 2)
            return network_get::finish();
        std::rotate(addresses_.begin(), addresses_.begin() + 1,
                    addresses_.begin() + static_cast<std::ptrdiff_t>(known_addresses_));
        plan_.addresses = static_cast<std::uint8_t>(--known_addresses_);
        plan_.kept = false;
        perform(network_get::start(plan_));
    }

private:
    get_plan plan_{};
};

/// Does not leave a look-up when a GET is cancelled.
class never_leaving : public network_get {
public:
    using network_get::network_get;

    void abandon() override {
        network_get::abandon();
        leave_name();
    }

protected:
    get_action start(const get_plan& plan) override {
        leave_name();
        return network_get::start(plan);
    }

    get_input act(get_action next) override {
        if (next.kind != action::leave_name || !canceled_)
            return network_get::act(next);
        asking_ = false;
        return {.kind = input::performed};
    }
};

/// Tries the addresses in the order of the name service, always.
class frozen_order : public network_get {
public:
    using network_get::network_get;

protected:
    get_action step(const get_input& came) override {
        if (came.kind == input::resolved)
            std::sort(addresses_.begin(),
                      addresses_.begin() + static_cast<std::ptrdiff_t>(known_addresses_));
        return network_get::step(came);
    }
};

/// Keeps a kept connection although it did not answer.
class keeping_dead : public network_get {
public:
    using network_get::network_get;

protected:
    get_input act(get_action next) override {
        if (next.kind == action::close && next.index == kept_connection && !canceled_ &&
            !kept_->failed())
            next.kind = action::keep;
        return network_get::act(next);
    }
};

/// A GET that fails has the answer of the one before.
class answering_old : public network_get {
public:
    using network_get::network_get;

protected:
    void finish() override {
        const bool answered = machine_.result().answered;
        if (answered)
            old_ = result_.status;
        if (answered || canceled_ || beginning_ || old_ == 0)
            return network_get::finish();
        reply old;
        old.status = old_;
        old.body = R"({"status":"ok"})";
        --user_->in_flight;
        timer_at_.reset();
        auto handler = std::move(handler_);
        call(handler, old);
    }

private:
    int old_ = 0;
};

/// Calls each handler twice. The second call does not reach the client, which could not bear it.
class handler_twice : public network_get {
public:
    using network_get::network_get;

protected:
    void finish() override {
        const auto first = std::make_shared<receiver>(std::move(handler_));
        const auto called = std::make_shared<bool>(false);
        const auto once = [first, called](const reply& result) {
            if (!std::exchange(*called, true))
                (*first)(result);
        };
        handler_ = once;
        network_get::finish();
        queue().after({}, [self = shared_from_this(), this, once] {
            receiver again = once;
            call(again, {});
        });
    }
};

/// Closes a connection without an answer only when its GET has ended.
class leaking : public network_get {
public:
    using network_get::network_get;

protected:
    get_input act(get_action next) override {
        if (next.kind != action::close || machine_.result().answered)
            return network_get::act(next);
        connection* const leaked = std::exchange(socket(next.index), nullptr);
        queue().after({}, [self = shared_from_this(), leaked] { leaked->close(); });
        return {.kind = input::performed};
    }
};

/// Does not notice that this process was late in a check.
class late_ignored : public real_machine {
public:
    using real_machine::real_machine;

    health_action step(health_input input, steady_time now) noexcept {
        input.late = false;
        return real_machine::step(input, now);
    }
};

} // namespace broken

#endif
