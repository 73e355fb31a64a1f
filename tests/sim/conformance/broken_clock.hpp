// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_BROKEN_CLOCK_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_BROKEN_CLOCK_HPP

#include <sim/conformance/fault_of_a_model.hpp>

#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace forest::tests {

/// A clock with a single fault.
class broken_clock {
    struct wait {
        std::uint64_t id;
        steady_time due;
        std::function<void(std::error_code)> handler;
    };

    struct state {
        sim::event_queue* queue;
        fault_of_a_model fault;
        std::vector<std::shared_ptr<state>>* all;
        std::vector<wait> waits;
        std::uint64_t next_id = 0;
        int readings = 0;
        int inside = 0; // handlers that are running
        bool canceled = false;

        void call(const std::function<void(std::error_code)>& handler, std::error_code ec) {
            ++inside;
            handler(ec);
            --inside;
        }

        void later(std::function<void(std::error_code)> handler, std::error_code ec) {
            queue->after({}, [this, handler = std::move(handler), ec] { call(handler, ec); });
        }

        void wake(std::uint64_t id) {
            auto found = std::find_if(waits.begin(), waits.end(),
                                      [id](const wait& each) { return each.id == id; });
            if (found == waits.end())
                return;
            if (fault.is("clock.wrong_order"))
                for (auto each = found; each != waits.end(); ++each)
                    if (each->due == found->due)
                        std::swap(each->handler, found->handler);
            const wait ended = std::move(*found);
            waits.erase(found);
            call(ended.handler, fault.is("clock.wrong_error") ? make_error_code(errc::timed_out)
                                                              : std::error_code{});
            if (fault.is("clock.ended_twice"))
                later(ended.handler, {});
        }

        void cancel() {
            canceled = true;
            const bool quiet = fault.is("clock.cancel_wrong_error");
            const std::error_code ec =
                quiet ? std::error_code{} : make_error_code(errc::operation_canceled);
            const std::size_t first = fault.is("clock.cancel_left_pending") ? 1 : 0;
            std::vector<wait> ending = std::exchange(waits, {});
            for (std::size_t index = first; index < ending.size(); ++index)
                fault.is("clock.called_inside_cancel") ? call(ending[index].handler, ec)
                                                       : later(ending[index].handler, ec);
        }
    };

public:
    using registry = std::vector<std::shared_ptr<state>>;

    broken_clock(sim::event_queue& queue, const fault_of_a_model& fault, registry& all)
        : state_{std::make_shared<state>(&queue, fault, &all, std::vector<wait>{})} {
        all.push_back(state_);
    }

    broken_clock(const broken_clock& other)
        : broken_clock{*other.state_->queue, other.state_->fault, *other.state_->all} {}

    broken_clock(broken_clock&& other) : state_{other.state_} {
        if (state_->fault.is("clock.lost_in_move"))
            state_->waits.clear();
    }

    [[nodiscard]] wall_time now() const { return sim::host::epoch; }

    [[nodiscard]] steady_time steady_now() const {
        const bool back = state_->fault.is("clock.went_back") && ++state_->readings % 700 == 0;
        return state_->queue->now() - (back ? std::chrono::milliseconds{1} : duration::zero());
    }

    void async_wait(duration delay, std::function<void(std::error_code)> handler) {
        state& self = *state_;
        const fault_of_a_model& fault = self.fault;
        if (fault.is("clock.threw") && delay < duration::zero())
            throw std::length_error{"a negative delay"};
        if (fault.is("clock.called_inside") && delay <= duration::zero())
            return handler({});
        if (fault.is("clock.never_ended") && delay < duration::zero())
            return;
        if (fault.is("clock.never_ended", 1) && self.inside > 0)
            return;
        if ((fault.is("clock.overlapped") && self.inside > 0) ||
            (fault.is("clock.wrong_context") && self.inside == 0))
            self.queue->run_until(self.queue->now());
        if (fault.is("clock.cancel_reached_later") && std::exchange(self.canceled, false))
            return self.later(std::move(handler), errc::operation_canceled);
        duration length = std::clamp(delay, duration::zero(), options::duration_max);
        if (fault.is("clock.ended_early"))
            length /= 2;
        if (fault.is("clock.ended_early", 1) && delay > options::duration_max)
            length = duration::zero(); // As if its sum with the present had overflowed.
        self.waits.push_back({self.next_id, self.queue->now() + length, std::move(handler)});
        self.queue->after(length, [state = state_, id = self.next_id] { state->wake(id); });
        ++self.next_id;
    }

    void cancel() {
        if (!state_->fault.is("clock.cancel_reached_others"))
            return state_->cancel();
        for (const auto& each : *state_->all)
            each->cancel();
    }

private:
    std::shared_ptr<state> state_;
};

struct broken_clocks : sim::conformance::virtual_time {
    fault_of_a_model fault;
    broken_clock::registry all;

    explicit broken_clocks(const fault_of_a_model& planted) : fault{planted} {}

    broken_clock make() { return {queue, fault, all}; }
};

} // namespace forest::tests

#endif
