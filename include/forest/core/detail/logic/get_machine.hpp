// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_GET_MACHINE_HPP
#define FOREST_CORE_DETAIL_LOGIC_GET_MACHINE_HPP

#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>
#include <tuple>

// One GET as a value: which address is tried when, what a dead connection means, when the GET has
// failed, and why. It only decides. A driver resolves names, connects, sends and receives, and the
// machine needs no socket and no clock. So the driver of a transport, that of a pool and that of
// the simulated network make the same decisions, and a test can copy it, and cut it off anywhere.

namespace forest::inline FOREST_FORM::detail {

/// Two addresses of one server have failed. Returns the failure that says more about the check. A
/// lack of resources comes first: the server may be healthy at the address that could not be tried.
/// A refused connection is second: a machine that refuses exists, but `unreachable` may be the
/// fault of this machine.
[[nodiscard]] FOREST_DECL errc more_specific(errc left, errc right) noexcept;

/// The state of one GET. Perform the action, and pass what came of it to `step`:
///
///     get_action next = machine.begin(plan, now);
///     while (next.kind != get_action_kind::wait && next.kind != get_action_kind::done)
///         next = machine.step(perform(next), now());
///
/// Read the clock again for every step. After `done`, the machine can begin another GET. Not
/// thread-safe.
///
/// Addresses are tried as RFC 8305 says: an attempt does not end when the next one begins, and the
/// first one that connects wins.
class get_machine {
public:
    /// While an attempt is under way, the next one begins after this time, or earlier if otherwise
    /// some address could not be tried in time.
    static constexpr std::chrono::milliseconds attempt_delay_max{250};

    /// The pause before a GET tries again that lacked a resource of this machine. GETs with the
    /// same clock are all woken at the same moments. The pause is so long that a thousand of them
    /// do not use a whole core, and it is short compared with any timeout.
    static constexpr std::chrono::milliseconds shortage_pause{50};

    [[nodiscard]] get_action begin(const get_plan& plan, steady_time now) noexcept;

    [[nodiscard]] get_action step(const get_input& input, steady_time now) noexcept;

    /// How the GET has ended; complete after `done`.
    [[nodiscard]] const get_result& result() const noexcept { return result_; }

    /// Returns whether the request goes over a kept connection, and no byte of the answer has come.
    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return result_.index == kept_connection && !some_ &&
               (phase_ == phase::sending || phase_ == phase::receiving);
    }

    [[nodiscard]] steady_time started() const noexcept { return started_; }
    [[nodiscard]] steady_time deadline() const noexcept { return deadline_; }

    /// Returns the state that decides the next actions, without the plan. `sim::explore_gets`
    /// compares and sorts these values to recognise a state that it has seen. Times are relative to
    /// `now`; those in the past are zero.
    [[nodiscard]] constexpr auto state(steady_time now) const noexcept {
        const auto left = [now](steady_time end) {
            return end > now ? end - now : duration::zero();
        };
        return std::make_tuple(phase_, open_, failure_, acted_, next_, addresses_, asking_,
                               from_memory_, lacking_, starved_, last_look_, whole_, some_,
                               keepable_, result_.index, result_.answered, result_.send_again,
                               result_.error, left(deadline_), left(next_attempt_));
    }

private:
    enum class phase : std::uint8_t {
        idle,
        resolving,
        using_kept, // the look-up is being left, because the kept connection will do
        connecting,
        resolving_again, // no known address has accepted a connection
        starving,        // waits for resources of this machine
        connected,       // the other attempts are being closed
        shaking_hands,
        sending,
        receiving,
        ending, // what is open is being closed
    };

    static constexpr std::uint64_t bit(unsigned index) noexcept {
        return std::uint64_t{1} << index;
    }

    get_action act(get_action_kind kind, unsigned index = 0) noexcept;

    static get_action wait_until(steady_time end) noexcept {
        return {.kind = get_action_kind::wait, .until = end};
    }

    // -- Names --

    get_action ask(steady_time now) noexcept;
    get_action ask_again() noexcept;

    // Waits for a look-up at most half of the remaining time, because the GET can do without it.
    get_action be_patient(steady_time now) const noexcept;

    get_action step_resolving(const get_input& input, steady_time now) noexcept;
    get_action use_addresses(const get_input& input, steady_time now) noexcept;
    get_action resolved_again(const get_input& input, steady_time now) noexcept;

    // -- Attempts to connect --

    get_action connect_next(steady_time now) noexcept;

    // Begins what is due while attempts are under way, or waits.
    get_action proceed_connecting(steady_time now) noexcept;

    get_action step_connecting(const get_input& input, steady_time now) noexcept;

    // Looks once more at each attempt, because this thread may be late.
    get_action look_at_next(unsigned from, steady_time now) noexcept;

    get_action all_refused(steady_time now) noexcept;

    static steady_time behind_pause(steady_time now) noexcept;
    void lack(steady_time now) noexcept;
    get_action starve(steady_time now) noexcept;
    get_action step_starving(const get_input& input, steady_time now) noexcept;

    // -- The connection --

    get_action connected(const get_input& input, steady_time now) noexcept;

    // Closes the other attempts first.
    get_action use_connection(steady_time now) noexcept;

    get_action begin_to_send() noexcept;
    get_action sent(steady_time now) noexcept;
    get_action step_shaking(const get_input& input, steady_time now) noexcept;
    get_action step_sending(const get_input& input, steady_time now) noexcept;
    get_action step_receiving(const get_input& input, steady_time now) noexcept;

    // The wait for the connection has ended. At the deadline, what has arrived before still counts.
    get_action look_again(get_action_kind kind, const get_input& input, steady_time now) noexcept;
    get_action blocked() noexcept;

    // -- The end --

    // The deadline has passed. A GET that lacked something had less time than the server was to
    // have.
    get_action run_out(steady_time now) noexcept;

    get_action fail(errc why, steady_time now) noexcept;

    // The kept connection has ended without an answer.
    get_action give_back(steady_time now) noexcept;

    get_action finish(steady_time now) noexcept;
    get_action next_of_end() noexcept;

    get_plan plan_{};
    steady_time started_{};
    steady_time deadline_{};
    steady_time asked_at_{};
    steady_time next_attempt_{};
    steady_time connected_at_{};
    steady_time sent_at_{};
    std::uint64_t open_ = 0; // the attempts and connections that are open, by their numbers
    get_result result_{};
    phase phase_ = phase::idle;
    errc failure_ = errc::unreachable; // the most specific one of all addresses so far
    std::uint8_t acted_ = 0;           // the connection of the last action
    std::uint8_t next_ = 0;            // the next address to be tried
    std::uint8_t addresses_ = 0;
    bool asking_ = false;      // for a name, and the answer has not come
    bool waited_ = false;      // the answer did not come at once
    bool from_memory_ = false; // the addresses are older than this GET, and may be out of date
    bool lacking_ = false;     // for the next attempt, a resource of this machine
    bool starved_ = false;     // the GET has waited for resources, and so had less time
    bool last_look_ = false;   // the deadline has passed
    bool whole_ = false;       // the request was sent as the connection was made
    bool some_ = false;        // a part of the answer has arrived
    bool keepable_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/get_machine.ipp>
#endif

#endif
