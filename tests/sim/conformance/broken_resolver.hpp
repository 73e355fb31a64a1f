// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_BROKEN_RESOLVER_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_BROKEN_RESOLVER_HPP

#include <sim/conformance/fault_of_a_model.hpp>

#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forest::tests {

/// A resolver with a single fault.
class broken_resolver {
public:
    using zone = std::map<std::string, sim::conformance::planned_name>;
    using handler = std::function<void(const resolution&)>;

    broken_resolver(sim::event_queue& queue, const zone& names, const fault_of_a_model& fault)
        : state_{std::make_shared<state>(state{queue, names, fault})} {}

    broken_resolver(const broken_resolver&) = delete;
    broken_resolver& operator=(const broken_resolver&) = delete;

    ~broken_resolver() {
        const bool hangs = !state_->waiting.empty();
        if (hangs && state_->fault.is("resolver.end_waited"))
            state_->queue.run_until([] { return false; }, std::chrono::seconds{2});
        if (state_->fault.is("resolver.handler_kept")) {
            static std::vector<std::vector<handler>> kept_for_ever;
            kept_for_ever.push_back(std::move(state_->waiting));
        }
        state_->waiting.clear();
        state_->ended = !state_->fault.is("resolver.called_after_end");
    }

    void async_resolve(std::string_view name, handler then) {
        state& my = *state_;
        if (my.fault.is("resolver.threw") && name.empty())
            throw std::invalid_argument{"no name"};
        if (my.fault.is("resolver.never_called"))
            return;
        // Calls the handler only when the battery has given up and destroyed this resolver.
        if (my.fault.is("resolver.never_called", 1) && my.names.contains("second.test") &&
            !my.names.contains("hangs0.test") && name == "host.test") {
            my.queue.after(
                std::chrono::milliseconds{1500},
                [late = state_, then = std::move(then)] { late->deliver("host.test", then); });
            return;
        }
        if (my.fault.is("resolver.never_called", 1) && name == "second.test")
            throw std::logic_error{"a resolver was asked that has been destroyed"};
        const auto known = my.names.find(std::string{name});
        if (known != my.names.end() &&
            known->second.kind == sim::conformance::planned_name::answer_kind::silence) {
            my.waiting.push_back(std::move(then));
            return;
        }
        if (my.fault.is("resolver.held_up") && !my.waiting.empty()) {
            my.waiting.push_back(std::move(then));
            return;
        }
        if (my.fault.is("resolver.called_inside"))
            return my.deliver(std::string{name}, then);
        my.queue.after(std::chrono::milliseconds{1},
                       [of = std::weak_ptr{state_}, kept = kept(), name = std::string{name},
                        then = std::move(then)] {
                           const auto alive = of.lock();
                           if (alive != nullptr && !alive->ended)
                               alive->deliver(name, then);
                       });
    }

private:
    struct state {
        sim::event_queue& queue;
        const zone& names;
        fault_of_a_model fault;
        bool ended = false;
        std::vector<handler> waiting{};
        std::map<std::string, std::vector<ip_address>> memory{};

        void deliver(const std::string& name, const handler& then) {
            const resolution found = look_up(name);
            then(found);
            if (fault.is("resolver.called_twice"))
                then(found);
        }

        resolution look_up(const std::string& name) {
            using kind = sim::conformance::planned_name::answer_kind;
            resolution result;
            const auto known = names.find(name);
            if (known == names.end() || known->second.kind == kind::none) {
                result.error = fault.is("resolver.wrong_error") ? errc::resolver_unavailable
                                                                : errc::resolve_failed;
                if (fault.is("resolver.empty_answer"))
                    result.error = {};
                return result;
            }
            if (known->second.kind == kind::failure) {
                result.error = errc::resolver_unavailable;
                if (fault.is("resolver.wrong_error", 1))
                    result.error = errc::resolve_failed;
                return result;
            }
            if (fault.is("resolver.foreign_error") && name == "several.test") {
                result.error = errc::timed_out;
                return result;
            }
            addresses = known->second.addresses;
            if (fault.is("resolver.wrong_addresses") && addresses.size() > 1)
                addresses.pop_back();
            if (fault.is("resolver.wrong_addresses", 1) && addresses.size() > 1)
                addresses.push_back(addresses.front());
            if (fault.is("resolver.answers_mixed_up") && name == "many7.test")
                addresses = names.at("many8.test").addresses;
            if (fault.is("resolver.answered_from_memory"))
                addresses = memory.try_emplace(name, addresses).first->second;
            result.addresses = addresses;
            result.lifetime = known->second.lifetime;
            if (fault.is("resolver.wrong_lifetime") && result.lifetime)
                *result.lifetime += std::chrono::seconds{1};
            return result;
        }

        std::vector<ip_address> addresses{};
    };

    // Keeps the state alive for a handler that must not be called any more.
    [[nodiscard]] std::shared_ptr<state> kept() const {
        return state_->fault.is("resolver.called_after_end") ? state_ : nullptr;
    }

    std::shared_ptr<state> state_;
};

/// The harness around it.
struct broken_resolvers : sim::conformance::virtual_time {
    explicit broken_resolvers(const fault_of_a_model& planted) : fault{planted} {}

    [[nodiscard]] std::unique_ptr<broken_resolver> make() {
        return std::make_unique<broken_resolver>(queue, names, fault);
    }

    bool plan(const std::string& name, const sim::conformance::planned_name& plan) {
        names[name] = plan;
        return true;
    }

    fault_of_a_model fault;
    broken_resolver::zone names;
};

} // namespace forest::tests

#endif
