// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_RESOLVER_HPP
#define FOREST_SIM_CONFORMANCE_RESOLVER_HPP

#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Holds a resolver to what docs/reference/resolver.md promises.

namespace forest::sim::conformance {

/// What the name service says of a name.
struct planned_name {
    enum class answer : std::uint8_t {
        addresses, ///< the addresses
        none,      ///< there is no such name
        failure,   ///< it cannot answer
        silence,   ///< nothing, for much longer than any battery takes
    };

    answer what{};
    std::vector<ip_address> addresses{};
    std::optional<duration> lifetime{}; ///< for how long they may be used, if it says so
};

/// A harness around a resolver:
///
/// - `make()`: a new resolver, as a std::unique_ptr, since a resolver need not be movable;
/// - `plan(name, what)`: from now on the name service says `what` of the name; false if it cannot.
///   It knows no other names. Names are in lower case, with the ending `.test`.
template <typename T>
concept resolver_harness =
    time_harness<T> && requires(T& harness, const std::string& name, const planned_name& what) {
        requires resolver<typename decltype(harness.make())::element_type>;
        { harness.plan(name, what) } -> std::convertible_to<bool>;
    };

namespace detail {

template <resolver_harness Harness>
class resolver_battery : battery<Harness> {
public:
    explicit resolver_battery(Harness& harness) : battery<Harness>{harness} {}

    std::vector<violation> run() {
        scenario("a name", [this] { one_name(); });
        if (has_ended_) { // Otherwise there is nothing more to be seen.
            scenario("several addresses", [this] { several_addresses(); });
            scenario("a lifetime", [this] { lifetimes(); });
            scenario("names without an address", [this] { failures(); });
            scenario("many names", [this] { many_names(); });
            scenario("a name that is asked for again", [this] { again(); });
            scenario("a look-up in a handler", [this] { in_a_handler(); });
            scenario("a look-up from elsewhere", [this] { from_elsewhere(); });
            scenario("look-ups that do not end", [this] { beside_hanging_ones(); });
            scenario("a resolver that is destroyed", [this] { destroying(); });
        }
        return this->found_->take();
    }

private:
    using base = battery<Harness>;
    using base::never;
    using base::unit;

    // Handlers may come late, so that all of it is shared with them.
    struct lookup {
        std::mutex mutex;
        int calls = 0;
        std::error_code error;
        std::vector<ip_address> addresses;
        std::optional<duration> lifetime;
        std::string name;
    };

    template <typename Scenario>
    void scenario(std::string_view situation, Scenario&& body) {
        this->attempt("resolver.threw", situation, body);
    }

    static ip_address address(std::uint8_t last) {
        ip_address result;
        result.bytes = {192, 0, 2, last};
        return result;
    }

    bool plan(const std::string& name, std::vector<ip_address> addresses,
              std::optional<duration> lifetime = {}) {
        return this->harness_.plan(name, {.addresses = std::move(addresses), .lifetime = lifetime});
    }

    bool plan(const std::string& name, planned_name::answer what) {
        return this->harness_.plan(name, {.what = what});
    }

    template <typename Model>
    std::shared_ptr<lookup> ask(Model& subject, const std::string& name,
                                std::function<void()> then = {}) {
        return ask(subject, name, std::move(then), calls_, this->found_);
    }

    template <typename Model>
    static std::shared_ptr<lookup>
    ask(Model& subject, const std::string& name, std::function<void()> then,
        const std::shared_ptr<current_call>& calls, const std::shared_ptr<findings>& found) {
        auto asked = std::make_shared<lookup>();
        asked->name = name;
        calls->during(current_call::kind::begin, asked.get(), [&] {
            subject.async_resolve(
                name, [asked, calls, found, then = std::move(then)](const resolution& answer) {
                    told(*asked, *calls, *found, answer);
                    if (then)
                        then();
                });
        });
        return asked;
    }

    static void told(lookup& asked, const current_call& calls, findings& found,
                     const resolution& answer) {
        found.expect(!calls.inside(current_call::kind::begin, &asked), "resolver.called_inside",
                     "the handler for ", asked.name, " was called from inside async_resolve()");
        const std::lock_guard lock{asked.mutex};
        found.expect(++asked.calls == 1, "resolver.called_twice", "the handler for ", asked.name,
                     " was called a second time");
        const bool known = !answer.error || answer.error == errc::resolve_failed ||
                           answer.error == errc::resolver_unavailable ||
                           answer.error == errc::local_resources_exhausted;
        found.expect(known, "resolver.foreign_error", "the look-up of ", asked.name, " ended with ",
                     answer.error);
        found.expect(answer.error || !answer.addresses.empty(), "resolver.empty_answer",
                     "the look-up of ", asked.name,
                     " ended without an error and without addresses");
        asked.error = answer.error;
        asked.addresses.assign(answer.addresses.begin(), answer.addresses.end());
        asked.lifetime = answer.lifetime;
    }

    // Whether the handler is called.
    bool ends(lookup& asked) {
        const bool called = this->comes_true(
            [&asked] {
                const std::lock_guard lock{asked.mutex};
                return asked.calls > 0;
            },
            patience);
        return this->found_->expect(called, "resolver.never_called", "the look-up of ", asked.name,
                                    " did not end although the name service has answered");
    }

    void expect_addresses(lookup& asked, std::vector<ip_address> expected, rule_name broken) {
        if (!ends(asked))
            return;
        const std::lock_guard lock{asked.mutex};
        // A busy machine is no fault of the model's, and what no resolver may say was told already.
        if (asked.error && asked.error != errc::resolve_failed &&
            asked.error != errc::resolver_unavailable)
            return;
        if (!this->found_->expect(!asked.error, "resolver.wrong_error", "the look-up of ",
                                  asked.name, ", which exists, ended with ", asked.error))
            return;
        // A model may know better than the name service which address is nearest.
        const auto by_bytes = [](const ip_address& left, const ip_address& right) {
            return left.bytes < right.bytes;
        };
        std::vector<ip_address> told = asked.addresses;
        std::sort(told.begin(), told.end(), by_bytes);
        std::sort(expected.begin(), expected.end(), by_bytes);
        this->found_->expect(told.empty() || told == expected, broken, "the look-up of ",
                             asked.name, " found ", told.size(), " addresses, which are not the ",
                             expected.size(), " that it has");
    }

    void one_name() {
        if (!this->found_->expect(plan("host.test", {address(1)}), "resolver.never_called",
                                  "the harness cannot plan a name with an address"))
            return;
        const auto subject = this->harness_.make();
        const auto asked = ask(*subject, "host.test");
        has_ended_ = ends(*asked);
        if (has_ended_)
            expect_addresses(*asked, {address(1)}, "resolver.wrong_addresses");
        this->run_for(unit); // for a second call
    }

    void several_addresses() {
        const std::vector<ip_address> all{address(3), address(1), address(2)};
        if (!plan("several.test", all))
            return;
        const auto subject = this->harness_.make();
        expect_addresses(*ask(*subject, "several.test"), all, "resolver.wrong_addresses");
    }

    void lifetimes() {
        using namespace std::chrono_literals;
        const auto subject = this->harness_.make();
        for (const duration allowed : {duration{0s}, duration{7s}, duration{1h}}) {
            const std::string name = "lives" + std::to_string(allowed / 1s) + ".test";
            if (!plan(name, {address(1)}, allowed))
                continue;
            const auto asked = ask(*subject, name);
            if (!ends(*asked))
                continue;
            const std::lock_guard lock{asked->mutex};
            this->found_->expect(!asked->lifetime || *asked->lifetime <= allowed,
                                 "resolver.wrong_lifetime", "the answer for ", name,
                                 ", which may be used for ", allowed, ", came with a lifetime of ",
                                 asked->lifetime.value_or(duration::zero()));
        }
    }

    void failures() {
        using answer = planned_name::answer;
        const auto subject = this->harness_.make();
        const auto expect = [&](const std::string& name, errc expected) {
            const auto asked = ask(*subject, name);
            if (!ends(*asked))
                return;
            const std::lock_guard lock{asked->mutex};
            const bool is_empty = !asked->error && asked->addresses.empty(); // told already
            this->found_->expect(asked->error == expected || is_empty ||
                                     asked->error == errc::local_resources_exhausted,
                                 "resolver.wrong_error", "the look-up of ", name, " ended with ",
                                 asked->error, ", where ", make_error_code(expected),
                                 " has to come");
        };
        if (plan("none.test", answer::none))
            expect("none.test", errc::resolve_failed);
        if (plan("failure.test", answer::failure))
            expect("failure.test", errc::resolver_unavailable);
        // What no name service has to be asked for.
        expect("", errc::resolve_failed);
        expect(std::string(1000, 'a') + ".test", errc::resolve_failed);
        expect(std::string{"nul\0.test", 9}, errc::resolve_failed);
    }

    void many_names() {
        const auto subject = this->harness_.make();
        std::vector<std::shared_ptr<lookup>> all;
        const auto name = [](int number) { return "many" + std::to_string(number) + ".test"; };
        constexpr int many = 50;
        for (int number = 0; number < many; ++number)
            if (!plan(name(number), {address(static_cast<std::uint8_t>(number))}))
                return;
        for (int number = 0; number < many; ++number)
            all.push_back(ask(*subject, name(number)));
        for (int number = 0; number < many; ++number)
            expect_addresses(*all[static_cast<std::size_t>(number)],
                             {address(static_cast<std::uint8_t>(number))},
                             "resolver.answers_mixed_up");
    }

    void again() {
        const auto subject = this->harness_.make();
        for (std::uint8_t last = 1; last <= 3; ++last) {
            if (!plan("moves.test", {address(last)}, duration::zero()))
                return;
            expect_addresses(*ask(*subject, "moves.test"), {address(last)},
                             "resolver.answered_from_memory");
        }
    }

    void in_a_handler() {
        if (!plan("second.test", {address(2)}))
            return;
        const auto subject = this->harness_.make();
        struct slot {
            std::mutex mutex;
            decltype(subject.get()) model{}; // null when it is about to end
            std::shared_ptr<lookup> asked{};
        };
        const auto second = std::make_shared<slot>();
        second->model = subject.get();
        const auto ask_second = [second, calls = calls_, found = this->found_] {
            const std::lock_guard lock{second->mutex};
            if (second->model != nullptr)
                second->asked = ask(*second->model, "second.test", {}, calls, found);
        };
        const auto first = ask(*subject, "host.test", ask_second);
        const auto asked = [&second] {
            const std::lock_guard lock{second->mutex};
            return second->asked;
        };
        if (ends(*first) && this->comes_true([&] { return asked() != nullptr; }, patience))
            expect_addresses(*asked(), {address(2)}, "resolver.wrong_addresses");
        const std::lock_guard lock{second->mutex};
        second->model = nullptr;
    }

    void from_elsewhere() {
        const auto subject = this->harness_.make();
        std::shared_ptr<lookup> asked;
        this->harness_.elsewhere([&] { asked = ask(*subject, "host.test"); });
        expect_addresses(*asked, {address(1)}, "resolver.wrong_addresses");
    }

    // As many as the library lets hang before it takes places from others.
    void beside_hanging_ones() {
        const auto subject = this->harness_.make();
        constexpr int hanging = 32;
        for (int number = 0; number < hanging; ++number) {
            const std::string name = "hangs" + std::to_string(number) + ".test";
            if (!plan(name, planned_name::answer::silence))
                return;
            (void)ask(*subject, name);
        }
        const auto asked = ask(*subject, "host.test");
        const bool called = this->comes_true(
            [&] {
                const std::lock_guard lock{asked->mutex};
                return asked->calls > 0;
            },
            patience);
        this->found_->expect(called, "resolver.held_up",
                             "the look-up of host.test did not end while ", hanging,
                             " others were under way whose name service is silent");
    }

    void destroying() {
        auto subject = this->harness_.make();
        std::vector<std::shared_ptr<lookup>> all;
        for (const std::string name : {"host.test", "hangs0.test"})
            for (int times = 0; times < 5; ++times)
                all.push_back(ask(*subject, name));
        const steady_time began = this->harness_.now();
        subject.reset();
        const duration took = this->harness_.now() - began;
        this->found_->expect(took <= patience + this->harness_.tolerance(), "resolver.end_waited",
                             "the destructor took ", took,
                             " while a look-up was under way whose name service is silent");
        const auto calls = [&] {
            int sum = 0;
            for (const auto& each : all) {
                const std::lock_guard lock{each->mutex};
                sum += each->calls;
            }
            return sum;
        };
        const int before = calls();
        this->run_for(5 * unit);
        this->found_->expect(calls() == before, "resolver.called_after_end",
                             "a handler was called after the destructor had returned");
        const bool kept = std::any_of(all.begin(), all.end(),
                                      [](const auto& each) { return each.use_count() > 1; });
        this->found_->expect(!kept, "resolver.handler_kept",
                             "a handler was kept after the destructor had returned");
    }

    // How long an answer may be under way that the name service gives at once.
    static constexpr duration patience = std::chrono::seconds{1};

    std::shared_ptr<current_call> calls_ = std::make_shared<current_call>();
    bool has_ended_ = false;
};

} // namespace detail

/// Holds a resolver to its promises. Answers what was found wrong, each fault once.
template <resolver_harness Harness>
[[nodiscard]] std::vector<violation> check_resolver(Harness&& harness) {
    return detail::resolver_battery<std::remove_reference_t<Harness>>{harness}.run();
}

} // namespace forest::sim::conformance

#endif
