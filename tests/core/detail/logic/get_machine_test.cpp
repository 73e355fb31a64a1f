// SPDX-License-Identifier: BSL-1.0

#include <forest/core/detail/logic/get_machine.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;

namespace {

static_assert(std::is_trivially_copyable_v<get_machine>);

using act = get_action_kind;
using in = get_input_kind;

const char* name(act kind) {
    switch (kind) {
    case act::resolve: return "resolve";
    case act::resolve_again: return "resolve again";
    case act::leave_name: return "leave name";
    case act::connect: return "connect";
    case act::try_again: return "try again";
    case act::handshake: return "handshake";
    case act::send: return "send";
    case act::receive: return "receive";
    case act::wait: return "wait";
    case act::keep: return "keep";
    case act::close: return "close";
    case act::done: return "done";
    }
    return "?";
}

std::string text(const get_action& action) {
    std::ostringstream out;
    out << name(action.kind);
    const bool numbered = action.kind == act::connect || action.kind == act::try_again ||
                          action.kind == act::handshake || action.kind == act::send ||
                          action.kind == act::receive || action.kind == act::keep ||
                          action.kind == act::close;
    if (numbered && action.index == kept_connection)
        out << " kept";
    else if (numbered)
        out << ' ' << int{action.index};
    if (action.kind == act::wait)
        out << ' ' << action.until.time_since_epoch() / 1ms;
    return out.str();
}

// One step of a script: the action that the machine must ask for, the input with which it is
// answered, and the time that passes meanwhile.
struct script_step {
    std::string expected;
    get_input reply{};
    duration takes{};
};

struct script {
    std::string name;
    get_plan plan;
    std::vector<script_step> steps; // the last action, `done`, is left out
    std::optional<errc> error{};    // none: answered
};

constexpr duration timeout = 4s;

get_input resolved(std::uint8_t count, bool from_memory = false) {
    return {.kind = in::resolved, .count = count, .from_memory = from_memory};
}
get_input fits(bool kept_fits) {
    return {.kind = in::resolved, .count = 1, .from_memory = true, .kept_fits = kept_fits};
}
get_input unresolved(errc error) {
    return {.kind = in::unresolved, .error = error};
}
get_input resolving(std::uint8_t last_good = 0) {
    return {.kind = in::resolving, .count = last_good};
}
get_input connected(bool whole = true) {
    return {.kind = in::connected, .complete = whole, .took = 3ms};
}
get_input refused(errc error = errc::connection_refused) {
    return {.kind = in::refused, .error = error};
}
get_input broken(errc error = errc::connection_lost, bool some = false) {
    return {.kind = in::broken, .some = some, .error = error};
}
get_input answered(bool keepable = false) {
    return {.kind = in::done, .keepable = keepable, .some = true};
}
get_input ready(std::uint8_t index = 0) {
    return {.kind = in::ready, .index = index};
}
constexpr get_input connecting{.kind = in::connecting};
constexpr get_input done{.kind = in::done};
constexpr get_input blocked{.kind = in::blocked};
constexpr get_input some{.kind = in::blocked, .some = true};
constexpr get_input performed{.kind = in::performed};
constexpr get_input woke{.kind = in::woke};
constexpr get_input canceled{.kind = in::canceled};

constexpr get_plan literal{.timeout = timeout, .patience = 1s, .addresses = 1};
constexpr get_plan encrypted{.timeout = timeout, .patience = 1s, .addresses = 1, .encrypted = true};
constexpr get_plan bare{
    .timeout = timeout, .patience = 1s, .addresses = 2, .encrypted = true, .connects_only = true};
constexpr get_plan named{.timeout = timeout, .patience = 1s};
constexpr get_plan kept{.timeout = timeout, .patience = 1s, .addresses = 1, .kept = true};
constexpr get_plan kept_encrypted{
    .timeout = timeout, .patience = 1s, .addresses = 1, .encrypted = true, .kept = true};
constexpr get_plan kept_named{.timeout = timeout, .patience = 1s, .kept = true};

// Each way that a GET can go. Times are in milliseconds since it began.
std::vector<script> scripts() {
    return {
        {"an address that answers",
         literal,
         {{"connect 0", connected()},
          {"wait 4000", ready(), 5ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"an answer in pieces",
         literal,
         {{"connect 0", connecting},
          {"wait 4000", ready(), 1ms},
          {"try again 0", connecting},
          {"wait 4000", ready(), 1ms},
          {"try again 0", connected(false)},
          {"send 0", blocked},
          {"wait 4000", ready(), 1ms},
          {"send 0", done},
          {"wait 4000", ready(), 7ms},
          {"receive 0", some},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered(true)},
          {"keep 0", performed}}},
        {"an encrypted answer",
         encrypted,
         {{"connect 0", connected(false)},
          {"handshake 0", blocked},
          {"wait 4000", ready(), 2ms},
          {"handshake 0", done},
          {"send 0", done},
          {"receive 0", blocked},
          {"wait 4000", ready(), 2ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"a certificate that is refused",
         encrypted,
         {{"connect 0", connected(false)},
          {"handshake 0", broken(errc::tls_failed)},
          {"close 0", performed}},
         errc::tls_failed},
        {"a connection that is the answer",
         bare,
         {{"connect 0", connecting},
          {"wait 250", ready(), 5ms},
          {"try again 0", connected(false)},
          {"close 0", performed}}},
        {"a connection that is the answer, while another is attempted",
         bare,
         {{"connect 0", connecting},
          {"wait 250", woke, 250ms},
          {"connect 1", connecting},
          {"wait 4000", ready(1), 5ms},
          {"try again 1", connected(false)},
          {"close 0", performed},
          {"close 1", performed}}},
        {"a refused connection", literal, {{"connect 0", refused()}}, errc::connection_refused},
        {"a connection that is refused later",
         literal,
         {{"connect 0", connecting}, {"wait 4000", ready(), 9ms}, {"try again 0", refused()}},
         errc::connection_refused},
        {"a server that is silent",
         literal,
         {{"connect 0", connected()},
          {"wait 4000", woke, 4s},
          {"receive 0", blocked},
          {"close 0", performed}},
         errc::timed_out},
        {"an answer that came before the deadline, seen after it",
         literal,
         {{"connect 0", connected()},
          {"wait 4000", woke, 5s},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"an address that does not answer",
         literal,
         {{"connect 0", connecting},
          {"wait 4000", woke, 4s},
          {"try again 0", connecting},
          {"close 0", performed}},
         errc::timed_out},
        {"a handshake that hangs",
         encrypted,
         {{"connect 0", connected(false)},
          {"handshake 0", blocked},
          {"wait 4000", woke, 4s},
          {"handshake 0", blocked},
          {"close 0", performed}},
         errc::timed_out},
        {"a server that does not take the request",
         literal,
         {{"connect 0", connected(false)},
          {"send 0", blocked},
          {"wait 4000", woke, 4s},
          {"send 0", blocked},
          {"close 0", performed}},
         errc::timed_out},
        {"a server that closes in the middle",
         literal,
         {{"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", broken(errc::connection_lost, true)},
          {"close 0", performed}},
         errc::connection_lost},
        {"a name from memory",
         named,
         {{"resolve", resolved(1, true)},
          {"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"a name that is looked up",
         named,
         {{"resolve", resolving()},
          {"wait 4000", resolved(1), 30ms},
          {"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"a name that does not exist",
         named,
         {{"resolve", unresolved(errc::resolve_failed)}},
         errc::resolve_failed},
        {"a name service that hangs",
         named,
         {{"resolve", resolving()}, {"wait 4000", woke, 4s}, {"leave name", performed}},
         errc::resolver_unavailable},
        {"a name service that hangs, and last good addresses",
         named,
         {{"resolve", resolving(1)},
          {"wait 1000", woke, 1s},
          {"leave name", resolved(1, true)},
          {"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"a name that is known but out of date",
         named,
         {{"resolve", resolved(1, true)},
          {"connect 0", refused()},
          {"resolve again", resolving()},
          {"wait 1000", resolved(2), 20ms},
          {"connect 1", connected()},
          {"wait 4000", ready(1), 1ms},
          {"receive 1", answered()},
          {"close 1", performed}}},
        {"a name that is known and does not exist any more",
         named,
         {{"resolve", resolved(1, true)},
          {"connect 0", refused()},
          {"resolve again", unresolved(errc::resolve_failed)}},
         errc::resolve_failed},
        {"a name that is known, and a name service that hangs now",
         named,
         {{"resolve", resolved(1, true)},
          {"connect 0", refused()},
          {"resolve again", resolving()},
          {"wait 1000", woke, 1s},
          {"leave name", performed}},
         errc::connection_refused},
        {"no address from memory answers, and the name leads elsewhere now",
         named,
         {{"resolve", resolved(1, true)},
          {"connect 0", connecting},
          {"wait 250", woke, 250ms},
          {"resolve again", resolving()},
          {"wait 4000", resolved(2), 50ms},
          {"connect 1", connected()},
          {"close 0", performed},
          {"wait 4000", ready(1), 1ms},
          {"receive 1", answered()},
          {"close 1", performed}}},
        {"the first of two addresses is a black hole",
         named,
         {{"resolve", resolved(2)},
          {"connect 0", connecting},
          {"wait 250", woke, 250ms},
          {"connect 1", connected()},
          {"close 0", performed},
          {"wait 4000", ready(1), 1ms},
          {"receive 1", answered()},
          {"close 1", performed}}},
        {"the first of two addresses is slow, and wins",
         named,
         {{"resolve", resolved(2)},
          {"connect 0", connecting},
          {"wait 250", woke, 250ms},
          {"connect 1", connecting},
          {"wait 4000", ready(0), 50ms},
          {"try again 0", connected()},
          {"close 1", performed},
          {"wait 4000", ready(0), 1ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"the first address connects, and answers late",
         named,
         {{"resolve", resolved(2)},
          {"connect 0", connected()},
          {"wait 4000", ready(), 2600ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"the first address is refused, and the second silent",
         named,
         {{"resolve", resolved(2)},
          {"connect 0", refused()},
          {"connect 1", connecting},
          {"wait 4000", woke, 4s},
          {"try again 1", connecting},
          {"close 1", performed}},
         errc::timed_out},
        {"the first address is silent, and the second refused",
         named,
         {{"resolve", resolved(2)},
          {"connect 0", connecting},
          {"wait 250", woke, 250ms},
          {"connect 1", refused()},
          {"wait 4000", woke, 4s},
          {"try again 0", connecting},
          {"close 0", performed}},
         errc::timed_out},
        {"sixteen black holes share the time",
         {.timeout = 1600ms, .patience = 1s},
         {{"resolve", resolved(16)},
          {"connect 0", connecting},
          {"wait 100", woke, 100ms},
          {"connect 1", connecting},
          {"wait 200", woke, 100ms},
          {"connect 2", refused()},
          {"connect 3", connected()},
          {"close 0", performed},
          {"close 1", performed},
          {"wait 1600", ready(3), 1ms},
          {"receive 3", answered()},
          {"close 3", performed}}},
        {"a descriptor that comes free",
         literal,
         {{"connect 0", refused(errc::local_resources_exhausted)},
          {"wait 50", woke, 50ms},
          {"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered()},
          {"close 0", performed}}},
        {"no descriptor",
         {.timeout = 80ms, .patience = 1s, .addresses = 1},
         {{"connect 0", refused(errc::local_resources_exhausted)},
          {"wait 50", woke, 50ms},
          {"connect 0", refused(errc::local_resources_exhausted)},
          {"wait 80", woke, 30ms}},
         errc::local_resources_exhausted},
        {"no descriptor for the look-up",
         {.timeout = 40ms, .patience = 1s},
         {{"resolve", unresolved(errc::local_resources_exhausted)}, {"wait 40", woke, 40ms}},
         errc::local_resources_exhausted},
        {"a kept connection",
         kept,
         {{"send kept", done},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", answered(true)},
          {"keep kept", performed}}},
        {"a kept encrypted connection",
         kept_encrypted,
         {{"send kept", done},
          {"receive kept", blocked},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", answered(true)},
          {"keep kept", performed}}},
        {"a kept connection that was closed",
         kept,
         {{"send kept", done},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", broken()},
          {"close kept", performed}},
         errc::connection_lost},
        {"a kept connection that cannot send",
         kept_encrypted,
         {{"send kept", broken()}, {"close kept", performed}},
         errc::connection_lost},
        {"a kept connection that is silent",
         kept,
         {{"send kept", done},
          {"wait 4000", woke, 4s},
          {"receive kept", blocked},
          {"close kept", performed}},
         errc::timed_out},
        {"a kept connection to an address that the name still has",
         kept_named,
         {{"resolve", fits(true)},
          {"send kept", done},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", answered(true)},
          {"keep kept", performed}}},
        {"a kept connection, and a name that leads elsewhere",
         kept_named,
         {{"resolve", fits(false)},
          {"close kept", performed},
          {"connect 0", connected()},
          {"wait 4000", ready(), 1ms},
          {"receive 0", answered(true)},
          {"keep 0", performed}}},
        {"a kept connection does not wait for a look-up",
         kept_named,
         {{"resolve", resolving()},
          {"leave name", performed},
          {"send kept", done},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", answered(true)},
          {"keep kept", performed}}},
        {"a kept connection does not need the name service",
         kept_named,
         {{"resolve", unresolved(errc::resolver_unavailable)},
          {"send kept", done},
          {"wait 4000", ready(kept_connection), 1ms},
          {"receive kept", answered(true)},
          {"keep kept", performed}}},
    };
}

// What is open in the driver, so that each end can be shown to leave nothing behind.
class driver {
public:
    void performs(const get_action& action, const get_input& reply) {
        const std::uint64_t bit = std::uint64_t{1} << action.index;
        switch (action.kind) {
        case act::connect:
            BOOST_TEST((open_ & bit) == 0U);
            open_ |= bit;
            if (reply.kind == in::refused)
                open_ &= ~bit;
            break;
        case act::try_again:
            BOOST_TEST((open_ & bit) != 0U);
            if (reply.kind == in::refused)
                open_ &= ~bit;
            break;
        case act::handshake:
        case act::send:
        case act::receive: BOOST_TEST((open_ & bit) != 0U); break;
        case act::keep:
        case act::close: open_ &= ~bit; break;
        case act::resolve:
        case act::resolve_again: asks_ = reply.kind == in::resolving; break;
        case act::leave_name: asks_ = false; break;
        case act::wait:
            if (reply.kind == in::resolved || reply.kind == in::unresolved)
                asks_ = false;
            break;
        case act::done: break;
        }
    }
    void takes_kept() { open_ = std::uint64_t{1} << kept_connection; }
    [[nodiscard]] bool idle() const { return open_ == 0 && !asks_; }

private:
    std::uint64_t open_ = 0;
    bool asks_ = false;
};

// Ends a GET from any state, as a driver whose every further call fails would.
void drain(get_machine& machine, driver& drives, get_action next, steady_time now) {
    for (int steps = 0; next.kind != act::done; ++steps) {
        BOOST_REQUIRE(steps < 200);
        get_input reply = performed;
        switch (next.kind) {
        case act::resolve:
        case act::resolve_again: reply = unresolved(errc::resolve_failed); break;
        case act::connect:
        case act::try_again: reply = refused(); break;
        case act::handshake:
        case act::send:
        case act::receive: reply = broken(); break;
        case act::wait:
            now = std::max(now, next.until);
            reply = woke;
            break;
        default: break;
        }
        drives.performs(next, reply);
        next = machine.step(reply, now);
    }
    BOOST_TEST(drives.idle());
}

// Plays a script. Instead of the reply of step `cut`, the machine gets `instead`.
void play(const script& played, std::size_t cut = ~std::size_t{0},
          const std::function<get_input(const script_step&)>& instead = {}) {
    BOOST_TEST_CONTEXT(played.name << ", cut at step " << cut) {
        get_machine machine;
        driver drives;
        if (played.plan.kept)
            drives.takes_kept();
        steady_time now{};
        get_action next = machine.begin(played.plan, now);
        for (std::size_t index = 0; index < played.steps.size(); ++index) {
            const script_step& each = played.steps[index];
            BOOST_TEST(text(next) == each.expected);
            now += each.takes;
            if (index == cut) {
                const get_input reply = instead(each);
                drives.performs(next, reply);
                return drain(machine, drives, machine.step(reply, now), now);
            }
            drives.performs(next, each.reply);
            next = machine.step(each.reply, now);
        }
        BOOST_TEST(text(next) == "done");
        BOOST_TEST(drives.idle());
        BOOST_TEST(machine.result().answered == !played.error);
        if (played.error)
            BOOST_TEST((machine.result().error == *played.error));
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(get_machine_test)

BOOST_AUTO_TEST_CASE(a_get_goes_each_way_step_by_step) {
    for (const script& each : scripts())
        play(each);
}

BOOST_AUTO_TEST_CASE(a_get_that_is_canceled_at_any_step_leaves_nothing_behind) {
    for (const script& each : scripts()) {
        for (std::size_t step = 0; step < each.steps.size(); ++step)
            play(each, step, [](const script_step&) { return canceled; });
    }
}

BOOST_AUTO_TEST_CASE(a_get_that_fails_at_any_step_ends_and_leaves_nothing_behind) {
    for (const script& each : scripts()) {
        for (std::size_t step = 0; step < each.steps.size(); ++step)
            play(each, step, [](const script_step& failing) {
                const std::string& action = failing.expected;
                if (action.starts_with("resolve"))
                    return unresolved(errc::resolver_unavailable);
                if (action.starts_with("connect") || action.starts_with("try"))
                    return refused(errc::unreachable);
                if (action.starts_with("wait"))
                    return woke;
                if (action.starts_with("close") || action.starts_with("keep") ||
                    action.starts_with("leave"))
                    return performed;
                return broken();
            });
    }
}

BOOST_AUTO_TEST_CASE(B5_the_most_specific_failure_of_two_addresses_wins) {
    constexpr errc from_most_to_least_specific[] = {errc::local_resources_exhausted,
                                                    errc::connection_refused, errc::timed_out,
                                                    errc::connection_lost, errc::unreachable};
    for (std::size_t first = 0; first < std::size(from_most_to_least_specific); ++first) {
        for (std::size_t second = 0; second < std::size(from_most_to_least_specific); ++second)
            BOOST_TEST((more_specific(from_most_to_least_specific[first],
                                      from_most_to_least_specific[second]) ==
                        from_most_to_least_specific[std::min(first, second)]));
    }
}

BOOST_AUTO_TEST_CASE(a_get_says_what_it_has_taken) {
    get_machine machine;
    steady_time now{10s};
    (void)machine.begin(named, now);
    (void)machine.step(resolving(), now);
    (void)machine.step(resolved(2), now += 30ms);
    (void)machine.step(connecting, now);
    (void)machine.step(woke, now += 250ms);
    (void)machine.step(connected(), now += 5ms);
    (void)machine.step(performed, now);
    (void)machine.step(ready(1), now += 20ms);
    (void)machine.step(some, now += 1ms);
    (void)machine.step(ready(1), now += 2ms);
    (void)machine.step(answered(), now);
    const get_action last = machine.step(performed, now);
    BOOST_TEST((last.kind == act::done));
    const get_result& ended = machine.result();
    BOOST_TEST(ended.answered);
    BOOST_TEST(!ended.send_again);
    BOOST_TEST(int{ended.index} == 1);
    BOOST_TEST(ended.connections_opened == 2U);
    BOOST_TEST((ended.timings.resolve == 30ms));
    BOOST_TEST((ended.timings.connect == 3ms)); // as the driver has measured it
    BOOST_TEST((!ended.timings.tls));
    BOOST_TEST((ended.timings.first_byte == 21ms));
    BOOST_TEST((ended.timings.total == 308ms));
}

BOOST_AUTO_TEST_CASE(only_a_kept_connection_that_was_closed_is_to_be_replaced) {
    for (const bool some_arrived : {false, true}) {
        for (const get_plan& plan : {kept, literal}) {
            get_machine machine;
            const std::uint8_t index = plan.kept ? kept_connection : std::uint8_t{0};
            (void)machine.begin(plan, {});
            (void)machine.step(plan.kept ? done : connected(), {});
            (void)machine.step(ready(index), {});
            (void)machine.step(broken(errc::connection_lost, some_arrived), {});
            (void)machine.step(performed, {});
            BOOST_TEST((machine.result().error == errc::connection_lost));
            BOOST_TEST(machine.result().send_again == (plan.kept && !some_arrived));
            BOOST_TEST(machine.result().connections_opened == (plan.kept ? 0U : 1U));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
