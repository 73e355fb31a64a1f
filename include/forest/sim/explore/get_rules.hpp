// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_EXPLORE_GET_RULES_HPP
#define FOREST_SIM_EXPLORE_GET_RULES_HPP

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/trace/violation.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

// What a GET may do, written a second time, from the view of its driver: which connections are
// open, whether the request was sent, and what is known about the name. The machine has phases;
// this class knows only what has happened.

namespace forest::inline FOREST_FORM::sim {

using forest::detail::get_action;
using forest::detail::get_action_kind;
using forest::detail::get_input;
using forest::detail::get_input_kind;
using forest::detail::get_machine;
using forest::detail::get_plan;
using forest::detail::get_result;

/// What a driver may do to a get_machine, and the time before it.
struct get_step {
    get_input input{};
    duration after{};
};

[[nodiscard]] FOREST_DECL std::string to_string(const get_action& action);
[[nodiscard]] FOREST_DECL std::string to_string(const get_step& step);

/// Judges each step of one GET. A value; not thread-safe.
class get_rules {
public:
    explicit get_rules(const get_plan& plan) noexcept;

    /// Judges the first action.
    [[nodiscard]] std::optional<violation> judge_begin(const get_action& action, steady_time now);

    /// Judges the action that follows `input`. `result` is that of the machine. Do not use the
    /// object after a violation.
    [[nodiscard]] std::optional<violation> judge(const get_input& input, const get_action& action,
                                                 const get_result& result, steady_time now);

    /// Returns everything that can happen after `asked`, with each bound of time. A name has at
    /// most `addresses_max` addresses.
    [[nodiscard]] std::vector<get_step> possible(const get_action& asked, steady_time now,
                                                 unsigned addresses_max) const;

    /// The state that decides further judgements and what is possible; compare
    /// `get_machine::state`.
    [[nodiscard]] auto state(steady_time now) const {
        const auto left = [now](steady_time end) {
            return end > now ? end - now : duration::zero();
        };
        return std::make_tuple(asked_.kind, asked_.index, left(asked_.until), open_, made_,
                               sent_on_, shaken_, asking_, addresses_, from_memory_, tried_, some_,
                               answered_, keepable_, kept_ended_, canceled_, canceled_late_,
                               lacked_, left(attempted_ + get_machine::attempt_delay_max),
                               late_wakes_);
    }

private:
    static constexpr std::uint8_t none = 0xff;

    // What the driver has seen; returns what it must never see.
    std::optional<std::string> note(const get_input& input, steady_time now);
    std::optional<std::string> check(const get_action& action, steady_time now);
    std::optional<std::string> check_end(const get_result& result, steady_time now) const;
    std::optional<std::string> sends_on(unsigned index);

    [[nodiscard]] bool is_open(unsigned index) const noexcept { return (open_ >> index & 1U) != 0; }

    get_plan plan_;
    steady_time deadline_;
    get_action asked_{};
    std::uint64_t open_ = 0;      // attempts and connections
    std::uint8_t made_ = none;    // the connection that was made
    std::uint8_t sent_on_ = none; // the connection that has a byte of the request, or all
    bool shaken_ = false;
    bool asking_ = false; // the driver has a look-up under way
    std::uint8_t addresses_ = 0;
    bool from_memory_ = false;
    std::uint8_t tried_ = 0; // addresses, in this round
    bool some_ = false;      // bytes of the answer have come
    bool answered_ = false;
    bool keepable_ = false;
    bool kept_ended_ = false; // the kept connection, without a byte
    bool canceled_ = false;
    bool canceled_late_ = false;
    bool lacked_ = false;         // this machine, something
    steady_time attempted_{};     // the last attempt
    std::uint8_t late_wakes_ = 0; // at the deadline or later
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/explore/impl/get_rules.ipp>
#endif

#endif
