// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_HARNESS_HPP
#define FOREST_SIM_CONFORMANCE_HARNESS_HPP

#include <forest/core/time.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/rules.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// How a battery lets time pass, real or virtual, and what all batteries share. Models may run their
// handlers on threads of their own, so what handlers touch is behind a mutex.

namespace forest::sim::conformance {

/// What a user writes around a model, as far as time is concerned:
///
/// - `now()`: the time that passes in `run_until`, which never goes back;
/// - `run_until(holds, bound)`: lets time pass and handlers run until `holds()`, or for `bound`;
///   answers whether it holds;
/// - `in_context()`: whether the caller runs where handlers have to run;
/// - `elsewhere(what)`: calls `what` on another thread and waits for its return or, if the model is
///   not to be called from other threads, calls it at once;
/// - `tolerance()`: how late a handler may be before it counts as lost: 0 in virtual time, some
///   seconds on a busy machine.
template <typename T>
concept time_harness = requires(T& harness, const T& constant, const std::function<bool()>& holds,
                                duration bound, const std::function<void()>& what) {
    { constant.now() } -> std::convertible_to<steady_time>;
    { harness.run_until(holds, bound) } -> std::convertible_to<bool>;
    { constant.in_context() } -> std::convertible_to<bool>;
    harness.elsewhere(what);
    { constant.tolerance() } -> std::convertible_to<duration>;
};

/// How far a battery is, for a person who waits.
struct progress {
    std::string_view scenario{}; ///< what is tried next
    std::size_t number = 0;      ///< of that scenario, from 1
    std::size_t count = 0;       ///< of all scenarios of the battery
};

/// Called before each scenario, on the thread that called the battery. What it throws ends the
/// battery. None by default.
using progress_callback = std::function<void(const progress&)>;

/// The time of an event_queue: the base of harnesses for models that run on one.
class virtual_time {
public:
    /// More events than any battery needs: a model that runs in circles is given up.
    static constexpr std::size_t events_max = 1'000'000;

    event_queue queue;

    [[nodiscard]] steady_time now() const noexcept { return queue.now(); }

    bool run_until(const std::function<bool()>& holds, duration bound) {
        std::size_t events = 0;
        const running inside{*this};
        queue.run_until([&] { return holds() || ++events > events_max; }, bound);
        return holds();
    }

    [[nodiscard]] bool in_context() const noexcept { return running_; }

    void elsewhere(const std::function<void()>& what) { what(); }

    [[nodiscard]] duration tolerance() const noexcept { return duration::zero(); }

private:
    struct running {
        virtual_time& of;
        explicit running(virtual_time& time) noexcept : of{time} { of.running_ = true; }
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        ~running() { of.running_ = false; }
    };

    bool running_ = false;
};

static_assert(time_harness<virtual_time>);

namespace detail {

// What was found, each fault once: the first time tells enough.
class findings {
public:
    void add(rule_name broken, std::string_view explanation) {
        const std::lock_guard lock{mutex_};
        if (!has(broken))
            found_.push_back({broken.text(), one_line(explanation)});
    }

    // Whether it holds; if not, that the rule is broken.
    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        if (!holds)
            add(broken, say(parts...));
        return holds;
    }

    // What only follows from another fault is left out.
    [[nodiscard]] std::vector<violation> take() {
        const std::lock_guard lock{mutex_};
        const auto leave_out = [&](rule_name cause, std::initializer_list<rule_name> consequences) {
            if (has(cause))
                std::erase_if(found_, [&](const violation& each) {
                    return std::any_of(consequences.begin(), consequences.end(),
                                       [&](rule_name of) { return of.text() == each.name; });
                });
        };
        leave_out("transport.reply_dangles", {"transport.wrong_body", "transport.wrong_fields",
                                              "transport.chunks_not_decoded"});
        leave_out("server.request_dangles",
                  {"server.wrong_path", "server.fields_lost", "server.answers_mixed_up"});
        return std::move(found_);
    }

private:
    [[nodiscard]] bool has(rule_name broken) const {
        return std::any_of(found_.begin(), found_.end(),
                           [&](const violation& each) { return each.name == broken.text(); });
    }

    std::mutex mutex_;
    std::vector<violation> found_;
};

// Which call of a model is going on, so that a handler knows whether it is called from inside.
class current_call {
public:
    enum class kind { none, begin, cancel };

    // Calls `what`, on behalf of `subject`.
    template <typename What>
    void during(kind of, const void* subject, What&& what) {
        const call outer = exchange({of, subject, std::this_thread::get_id()});
        struct reset {
            current_call& calls;
            call outer;
            ~reset() { calls.exchange(outer); }
        } const at_the_end{*this, outer};
        what();
    }

    [[nodiscard]] bool inside(kind of, const void* subject) const {
        const std::lock_guard lock{mutex_};
        return call_.of == of && call_.subject == subject &&
               call_.thread == std::this_thread::get_id();
    }

private:
    struct call {
        kind of = kind::none;
        const void* subject = nullptr;
        std::thread::id thread;
    };

    call exchange(const call& next) {
        const std::lock_guard lock{mutex_};
        return std::exchange(call_, next);
    }

    mutable std::mutex mutex_;
    call call_;
};

// One thing that a battery tries.
struct step {
    std::string_view situation;
    std::function<void()> play;
};

// What a battery does with its harness.
template <time_harness Harness>
class battery {
protected:
    explicit battery(Harness& harness) : harness_{harness} {}

    // Long enough to be told from 0, short enough for real time.
    static constexpr duration unit = std::chrono::milliseconds{20};
    // Longer than any battery takes.
    static constexpr duration never = std::chrono::hours{1};

    void run_for(duration span) {
        harness_.run_until([] { return false; }, span);
    }

    template <typename Holds>
    bool comes_true(Holds holds, duration within) {
        return harness_.run_until(holds, within + harness_.tolerance());
    }

    // Plays one step after the other by `scenario`, as long as the model is usable.
    template <typename Scenario, typename Usable>
    std::vector<violation> play_all(const std::vector<step>& steps, const progress_callback& told,
                                    Scenario&& scenario, Usable&& usable) {
        for (std::size_t index = 0; index < steps.size(); ++index) {
            if (told)
                told({steps[index].situation, index + 1, steps.size()});
            scenario(steps[index].situation, steps[index].play);
            if (!usable()) // One fault, and not as many as there are scenarios.
                break;
        }
        return found_->take();
    }

    // One thing after the other, none of which may throw.
    template <typename Scenario>
    void attempt(rule_name threw, std::string_view situation, Scenario&& scenario) {
        if (const auto thrown = thrown_by(scenario))
            found_->add(threw, say(situation, ": ", *thrown));
    }

    template <typename Scenario>
    static std::optional<std::string> thrown_by(Scenario& scenario) {
        try {
            scenario();
            return {};
        } catch (const std::exception& thrown) {
            return thrown.what();
        } catch (...) {
            return "something that is no std::exception";
        }
    }

    Harness& harness_;
    std::shared_ptr<findings> found_ = std::make_shared<findings>();
};

} // namespace detail

} // namespace forest::sim::conformance

#endif
