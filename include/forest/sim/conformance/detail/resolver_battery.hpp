// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_RESOLVER_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_RESOLVER_BATTERY_HPP

#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/sim/conformance/detail/current_call.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <chrono>
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

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The scenarios for a resolver.
template <resolver_harness Harness>
class resolver_battery {
public:
    explicit resolver_battery(Harness& harness) : harness_{harness} {}

    std::vector<violation> run() {
        const std::vector<scenario> scenarios{
            {"a name", [this] { one_name(); }},
            {"several addresses", [this] { several_addresses(); }},
            {"a lifetime", [this] { lifetimes(); }},
            {"names without an address", [this] { failures(); }},
            {"many names", [this] { many_names(); }},
            {"a name that is asked for again", [this] { again(); }},
            {"a look-up in a handler", [this] { in_a_handler(); }},
            {"a look-up from elsewhere", [this] { from_elsewhere(); }},
            {"look-ups that do not end", [this] { beside_hanging_ones(); }},
            {"a resolver that is destroyed", [this] { destroying(); }}};
        play_all(
            scenarios, {},
            [this](std::string_view name, const auto& body) {
                if (const auto thrown = thrown_by(body))
                    found_->add("resolver.threw", say(name, ": ", *thrown));
            },
            [this] { return usable_; });
        return found_->take();
    }

private:
    // A look-up, and how it ended. Shared with its handler, which may be called late.
    struct lookup_record {
        std::mutex mutex;
        int calls = 0; // of the handler
        std::error_code error;
        std::vector<ip_address> addresses;
        std::optional<duration> lifetime;
        std::string name;
    };

    static ip_address address(std::uint8_t last) {
        ip_address result;
        result.bytes = {192, 0, 2, last};
        return result;
    }

    bool plan(const std::string& name, std::vector<ip_address> addresses,
              std::optional<duration> lifetime = {}) {
        return harness_.plan(name, {.addresses = std::move(addresses), .lifetime = lifetime});
    }

    bool plan(const std::string& name, planned_name::answer_kind answer) {
        return harness_.plan(name, {.kind = answer});
    }

    template <typename Model>
    std::shared_ptr<lookup_record> begin(Model& subject, const std::string& name,
                                         std::function<void()> then = {}) {
        return begin(subject, name, std::move(then), calls_, found_);
    }

    template <typename Model>
    static std::shared_ptr<lookup_record>
    begin(Model& subject, const std::string& name, std::function<void()> then,
          const std::shared_ptr<current_call>& calls, const std::shared_ptr<findings>& found) {
        auto lookup = std::make_shared<lookup_record>();
        lookup->name = name;
        calls->during(current_call::kind::begin, lookup.get(), [&] {
            subject.async_resolve(
                name, [lookup, calls, found, then = std::move(then)](const resolution& answer) {
                    record(*lookup, *calls, *found, answer);
                    if (then)
                        then();
                });
        });
        return lookup;
    }

    static void record(lookup_record& lookup, const current_call& calls, findings& found,
                       const resolution& answer) {
        found.expect(!calls.inside(current_call::kind::begin, &lookup), "resolver.called_inside",
                     "the handler for ", lookup.name, " was called from inside async_resolve()");
        const std::lock_guard lock{lookup.mutex};
        found.expect(++lookup.calls == 1, "resolver.called_twice", "the handler for ", lookup.name,
                     " was called a second time");
        const bool known = !answer.error || answer.error == errc::resolve_failed ||
                           answer.error == errc::resolver_unavailable ||
                           answer.error == errc::local_resources_exhausted;
        found.expect(known, "resolver.foreign_error", "the look-up of ", lookup.name,
                     " ended with ", answer.error);
        found.expect(answer.error || !answer.addresses.empty(), "resolver.empty_answer",
                     "the look-up of ", lookup.name,
                     " ended without an error and without addresses");
        lookup.error = answer.error;
        lookup.addresses.assign(answer.addresses.begin(), answer.addresses.end());
        lookup.lifetime = answer.lifetime;
    }

    // Waits for the handler. Returns whether it was called.
    bool is_called(lookup_record& lookup) {
        return comes_true(
            harness_,
            [&lookup] {
                const std::lock_guard lock{lookup.mutex};
                return lookup.calls > 0;
            },
            patience);
    }

    bool ends(lookup_record& lookup) {
        return found_->expect(is_called(lookup), "resolver.never_called", "the look-up of ",
                              lookup.name, " did not end although the name service has answered");
    }

    void expect_addresses(lookup_record& lookup, std::vector<ip_address> expected,
                          rule_name broken) {
        if (!ends(lookup))
            return;
        const std::lock_guard lock{lookup.mutex};
        // A lack of resources on this machine is not a fault of the model. Other errors are
        // foreign, and have been reported as foreign.
        if (lookup.error && lookup.error != errc::resolve_failed &&
            lookup.error != errc::resolver_unavailable)
            return;
        if (!found_->expect(!lookup.error, "resolver.wrong_error", "the look-up of ", lookup.name,
                            ", which exists, ended with ", lookup.error))
            return;
        // A model may sort the addresses, for example the nearest first.
        const auto by_bytes = [](const ip_address& left, const ip_address& right) {
            return left.bytes < right.bytes;
        };
        std::vector<ip_address> addresses = lookup.addresses;
        std::sort(addresses.begin(), addresses.end(), by_bytes);
        std::sort(expected.begin(), expected.end(), by_bytes);
        found_->expect(addresses.empty() || addresses == expected, broken, "the look-up of ",
                       lookup.name, " found ", addresses.size(), " addresses, which are not the ",
                       expected.size(), " that it has");
    }

    void one_name() {
        if (!found_->expect(plan("host.test", {address(1)}), "resolver.never_called",
                            "the harness cannot plan a name with an address"))
            return;
        const auto subject = harness_.make();
        const auto lookup = begin(*subject, "host.test");
        usable_ = ends(*lookup);
        if (usable_)
            expect_addresses(*lookup, {address(1)}, "resolver.wrong_addresses");
        run_for(harness_, unit); // A second call would come now.
    }

    void several_addresses() {
        const std::vector<ip_address> all{address(3), address(1), address(2)};
        if (!plan("several.test", all))
            return;
        const auto subject = harness_.make();
        expect_addresses(*begin(*subject, "several.test"), all, "resolver.wrong_addresses");
    }

    void lifetimes() {
        using namespace std::chrono_literals;
        const auto subject = harness_.make();
        for (const duration allowed : {duration{0s}, duration{7s}, duration{1h}}) {
            const std::string name = "lives" + std::to_string(allowed / 1s) + ".test";
            if (!plan(name, {address(1)}, allowed))
                continue;
            const auto lookup = begin(*subject, name);
            if (!ends(*lookup))
                continue;
            const std::lock_guard lock{lookup->mutex};
            found_->expect(!lookup->lifetime || *lookup->lifetime <= allowed,
                           "resolver.wrong_lifetime", "the answer for ", name,
                           ", which may be used for ", allowed, ", came with a lifetime of ",
                           lookup->lifetime.value_or(duration::zero()));
        }
    }

    void failures() {
        using kind = planned_name::answer_kind;
        const auto subject = harness_.make();
        const auto expect = [&](const std::string& name, errc expected) {
            const auto lookup = begin(*subject, name);
            if (!ends(*lookup))
                return;
            const std::lock_guard lock{lookup->mutex};
            const bool is_empty = !lookup->error && lookup->addresses.empty(); // reported already
            found_->expect(lookup->error == expected || is_empty ||
                               lookup->error == errc::local_resources_exhausted,
                           "resolver.wrong_error", "the look-up of ", name, " ended with ",
                           lookup->error, ", expected ", make_error_code(expected));
        };
        if (plan("none.test", kind::none))
            expect("none.test", errc::resolve_failed);
        if (plan("failure.test", kind::failure))
            expect("failure.test", errc::resolver_unavailable);
        // Names that no name service can know.
        expect("", errc::resolve_failed);
        expect(std::string(1000, 'a') + ".test", errc::resolve_failed);
        expect(std::string{"nul\0.test", 9}, errc::resolve_failed);
    }

    void many_names() {
        const auto subject = harness_.make();
        std::vector<std::shared_ptr<lookup_record>> all;
        const auto name = [](int number) { return "many" + std::to_string(number) + ".test"; };
        constexpr int many = 50;
        for (int number = 0; number < many; ++number)
            if (!plan(name(number), {address(static_cast<std::uint8_t>(number))}))
                return;
        for (int number = 0; number < many; ++number)
            all.push_back(begin(*subject, name(number)));
        for (int number = 0; number < many; ++number)
            expect_addresses(*all[static_cast<std::size_t>(number)],
                             {address(static_cast<std::uint8_t>(number))},
                             "resolver.answers_mixed_up");
    }

    void again() {
        const auto subject = harness_.make();
        for (std::uint8_t last = 1; last <= 3; ++last) {
            if (!plan("moves.test", {address(last)}, duration::zero()))
                return;
            expect_addresses(*begin(*subject, "moves.test"), {address(last)},
                             "resolver.answered_from_memory");
        }
    }

    void in_a_handler() {
        if (!plan("second.test", {address(2)}))
            return;
        const auto subject = harness_.make();
        struct slot {
            std::mutex mutex;
            decltype(subject.get()) model{}; // null when it is about to be destroyed
            std::shared_ptr<lookup_record> lookup{};
        };
        const auto second = std::make_shared<slot>();
        second->model = subject.get();
        const auto begin_second = [second, calls = calls_, found = found_] {
            const std::lock_guard lock{second->mutex};
            if (second->model != nullptr)
                second->lookup = begin(*second->model, "second.test", {}, calls, found);
        };
        const auto first = begin(*subject, "host.test", begin_second);
        const auto lookup_of_second = [&second] {
            const std::lock_guard lock{second->mutex};
            return second->lookup;
        };
        if (ends(*first) &&
            comes_true(harness_, [&] { return lookup_of_second() != nullptr; }, patience))
            expect_addresses(*lookup_of_second(), {address(2)}, "resolver.wrong_addresses");
        const std::lock_guard lock{second->mutex};
        second->model = nullptr;
    }

    void from_elsewhere() {
        const auto subject = harness_.make();
        std::shared_ptr<lookup_record> lookup;
        harness_.elsewhere([&] { lookup = begin(*subject, "host.test"); });
        expect_addresses(*lookup, {address(1)}, "resolver.wrong_addresses");
    }

    // Begins as many hanging look-ups as the library allows.
    void beside_hanging_ones() {
        const auto subject = harness_.make();
        constexpr int hanging = 32;
        for (int number = 0; number < hanging; ++number) {
            const std::string name = "hangs" + std::to_string(number) + ".test";
            if (!plan(name, planned_name::answer_kind::silence))
                return;
            (void)begin(*subject, name);
        }
        const auto lookup = begin(*subject, "host.test");
        found_->expect(is_called(*lookup), "resolver.held_up",
                       "the look-up of host.test did not end while ", hanging,
                       " others waited for a silent name service");
    }

    void destroying() {
        auto subject = harness_.make();
        std::vector<std::shared_ptr<lookup_record>> all;
        for (const std::string name : {"host.test", "hangs0.test"})
            for (int times = 0; times < 5; ++times)
                all.push_back(begin(*subject, name));
        const steady_time began = harness_.now();
        subject.reset();
        const duration took = harness_.now() - began;
        found_->expect(took <= patience + harness_.tolerance(), "resolver.end_waited",
                       "the destructor took ", took,
                       " while a look-up waited for a silent name service");
        const auto calls = [&] {
            int sum = 0;
            for (const auto& each : all) {
                const std::lock_guard lock{each->mutex};
                sum += each->calls;
            }
            return sum;
        };
        const int before = calls();
        run_for(harness_, 5 * unit);
        found_->expect(calls() == before, "resolver.called_after_end",
                       "a handler was called after the destructor had returned");
        const bool kept = std::any_of(all.begin(), all.end(),
                                      [](const auto& each) { return each.use_count() > 1; });
        found_->expect(!kept, "resolver.handler_kept",
                       "a handler was kept after the destructor had returned");
    }

    // How long a look-up may take when the name service answers at once.
    static constexpr duration patience = std::chrono::seconds{1};

    Harness& harness_;
    std::shared_ptr<findings> found_ = std::make_shared<findings>();
    std::shared_ptr<current_call> calls_ = std::make_shared<current_call>();
    bool usable_ = false; // a look-up ended
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
