// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SHARDED_FLEET_HPP
#define FOREST_ADAPTERS_ASIO_SHARDED_FLEET_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/shards/fleet_shard.hpp>
#include <forest/adapters/asio/detail/shards/target_registry.hpp>
#include <forest/adapters/asio/failure_reporter.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/target_snapshot.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/observable.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

// Watches more targets than one core can check: there is a fleet on each of several threads. The
// threads share nothing while they work.

namespace forest::inline FOREST_FORM {

/// Runs several fleets, each with a thread of its own and its part of the targets.
///
/// From tests/headers/strict.cpp:
///     forest::sharded_fleet<forest::health_fleet> shards{
///         2, [&](const auto& executor) { return forest::health_fleet{executor, secret}; }};
///     shards.on_event([](const forest::event&) {});
///     shards.add("http://localhost/");
///     shards.start();
///
/// All targets of one server are on one thread, so that their timestamps stay in order. The bounds
/// of the fleet's options hold for each thread. `Fleet` is a basic_health_fleet, or another fleet
/// whose ids are made by `target_place`.
///
/// **Thread safety:** all members may be called from any thread. They may also be called from
/// callbacks, unless their comment says otherwise. Callbacks run on the threads of their targets:
/// callbacks of one target one at a time, callbacks of targets on different threads at the same
/// time. Outside callbacks, `remove`, `stop`, the destructor and the members that ask the threads
/// wait for a running callback. So do not hold a lock that a callback takes.
///
/// **Lifetime:** do not destroy it in a callback. Objects that the callbacks refer to must exist
/// until the destructor, or a `stop()` outside callbacks, has returned.
///
/// **Errors:** the constructor throws std::system_error(std::errc::invalid_argument) for a number
/// of threads that is not allowed, std::system_error with an error of the system if a thread cannot
/// begin, and the exceptions of `make`. `add` throws std::system_error with the error of the
/// fleet's `validate`. The constructor, and members that add or remove something, set a callback or
/// copy the targets, may throw std::bad_alloc. Failures of checks are events.
template <typename Fleet>
class sharded_fleet : public observable<sharded_fleet<Fleet>> {
public:
    using observable<sharded_fleet>::on_event;

    /// Calls `make` with the executor of each thread; `make` returns the fleet of that thread.
    /// `threads` is from 1 to 65,535. Throws std::system_error(std::errc::invalid_argument) for
    /// other numbers, and passes exceptions of `make` on.
    template <typename Make>
    sharded_fleet(std::size_t threads, Make&& make) : targets_{checked(threads)} {
        while (shards_.size() < threads)
            shards_.push_back(std::make_unique<shard>(make));
        share_reporter();
    }

    sharded_fleet(const sharded_fleet&) = delete;
    sharded_fleet& operator=(const sharded_fleet&) = delete;

    /// Stops all fleets without an event, like the destructor of a fleet, and ends their threads.
    /// No fleet is destroyed while a callback on another thread may still call this object. In a
    /// child process, everything ends on the thread that destroys it.
    ~sharded_fleet() {
        stopped_ = true;
        for (const auto& each : shards_) {
            each->prepare_to_end();
            each->hand_over();
            each->ask([](Fleet& fleet) {
                fleet.on_event({});
                fleet.stop();
            });
        }
        for (const auto& each : shards_)
            each->end();
    }

    /// Adds a secret, or another signer, for some of the targets. Each thread has a copy.
    template <typename Signer>
    signer_id add_signer(const Signer& signing) {
        const signer_id id{++signers_given_}; // If this throws, the id is not used again.
        for (const auto& each : shards_)
            each->call_later([&home = *each, signing, id](Fleet& fleet) {
                home.reserve(id);
                home.name(fleet.add_signer(signing), id);
            });
        return id;
    }

    /// Like `basic_health_fleet::add`. After `start()`, the watching can begin a little later than
    /// this call ends, but all later calls find the target.
    target_id add(url target, const options& settings = {}, signer_id signer = {}) {
        if (const std::error_code ec = shards_.front()->fleet().validate(settings))
            throw std::system_error{ec};
        assert(static_cast<std::uint32_t>(signer) <= signers_given_);
        if (stopped())
            return {};
        const auto named = targets_.add(origin_hash(target));
        shard& home = *shards_[named.fleet];
        try {
            home.call_later([this, &home, id = named.id, settings, signer,
                             target = std::move(target)](Fleet& fleet) {
                if (!targets_.wanted(id))
                    return;
                home.reserve_one();
                const target_id inner = fleet.add(target, settings, home.signer_of(signer));
                if (inner != target_id{}) // The fleet was not stopped.
                    home.name(inner, id);
                targets_.added(id, inner);
            });
        } catch (...) {
            targets_.added(named.id, {});
            throw;
        }
        return named.id;
    }

    /// Stops watching a target. Returns false if there is no such target. After this call no
    /// callback is called for the target. If a callback of a target on another thread calls this, a
    /// callback may still run for a short time.
    bool remove(target_id id) {
        const auto place = targets_.fleet_of(id);
        if (!place)
            return false;
        shard& home = *shards_[*place];
        const auto forget = [this, id](Fleet& fleet) {
            if (const target_id inner = targets_.known_as(id); inner != target_id{})
                fleet.remove(inner); // If this throws, nothing has changed.
            (void)targets_.forget(id);
        };
        const bool waits = home.runs_here() || !inside_callback();
        auto message = waits ? nullptr : home.prepare(forget);
        if (!targets_.remove(id))
            return false;
        detail::until_there_is_memory([&] { waits ? home.ask(forget) : home.send(message); });
        return true;
    }

    /// Like `on_server_down` of the fleet. All threads call one object, possibly at the same time.
    void on_server_down(detail::unique_function<void(target_id, const outage&)> callback) {
        const auto shared = share(std::move(callback));
        for (const auto& each : shards_)
            each->fleet().on_server_down(each->translated(shared));
    }

    /// Like `on_server_up` of the fleet, with one object for all threads.
    void on_server_up(detail::unique_function<void(target_id, const outage&)> callback) {
        const auto shared = share(std::move(callback));
        for (const auto& each : shards_)
            each->fleet().on_server_up(each->translated(shared));
    }

    /// Like `on_event` of the fleet, with one object for all threads.
    void on_event(detail::unique_function<void(const event&)> callback) {
        const auto shared = share(std::move(callback));
        for (const auto& each : shards_)
            each->fleet().on_event(each->translated(shared));
    }

    /// Like `on_event`, for exceptions that no `on_event` receives. By default all threads together
    /// write at most one line a minute to standard error.
    void on_unheard(detail::unique_function<void(const event&)> callback) {
        const auto shared = share(std::move(callback));
        for (const auto& each : shards_)
            each->fleet().on_unheard(each->translated(shared));
    }

    /// Like `start` of the fleet.
    void start() {
        for (const auto& each : shards_) {
            each->hand_over();
            each->start_later();
        }
    }

    /// Ends the polling for ever. When it returns, no callback is running and none will start. If a
    /// callback calls it, callbacks on other threads end a little later.
    void stop() {
        stopped_ = true;
        const bool inside = inside_callback();
        for (const auto& each : shards_) {
            each->hand_over();
            if (inside && !each->runs_here())
                each->stop_later();
            else
                each->ask([](Fleet& fleet) { fleet.stop(); });
        }
    }

    /// Returns whether `stop()` has been called (B15).
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

    /// Returns the number of targets.
    [[nodiscard]] std::size_t size() const { return targets_.size(); }

    /// Returns the present state of a target; empty if there is no such target. Waits for the
    /// thread of the target, so do not call it from a callback of another target.
    [[nodiscard]] std::optional<target_status> status(target_id id) const {
        std::optional<target_status> found;
        if (const auto place = targets_.fleet_of(id))
            shards_[*place]->ask([&](const Fleet& fleet) {
                if (const auto inner = targets_.inner(id))
                    found = *inner == target_id{} ? target_status::unknown : fleet.status(*inner);
            });
        return found;
    }

    /// Returns how many targets have this status. This and the following members wait for all
    /// threads, so do not call them from a callback.
    [[nodiscard]] std::size_t count(target_status status) const {
        std::size_t all = 0;
        for (const auto& each : shards_)
            each->ask([&](const Fleet& fleet) { all += fleet.count(status); });
        return all;
    }

    /// Returns the present state of all targets, in no particular order.
    [[nodiscard]] std::vector<target_snapshot> snapshot() const {
        std::vector<target_snapshot> all;
        for (const auto& each : shards_)
            each->ask([&](const Fleet& fleet) {
                for (target_snapshot& target : fleet.snapshot()) {
                    target.id = each->outer_of(target.id);
                    all.push_back(std::move(target));
                }
            });
        return all;
    }

    /// Returns the work of all threads together so far.
    [[nodiscard]] fleet_statistics statistics() const {
        fleet_statistics all;
        for (const auto& each : shards_)
            each->ask([&](const Fleet& fleet) { all.merge(fleet.statistics()); });
        return all;
    }

#if !defined(__clang__)
    // Says what is wrong with braced options. Clang's message is better without this overload,
    // because then there is only one function.
    template <std::size_t MisspeltOrWithoutUnit>
    target_id add(const url&, const detail::any_member (&)[MisspeltOrWithoutUnit], signer_id = {}) {
        detail::refuse_options<MisspeltOrWithoutUnit>();
        return {};
    }
#endif

private:
    using shard = detail::fleet_shard<Fleet>;

    static std::size_t checked(std::size_t threads) {
        if (threads < 1 || threads > 65'535)
            throw std::system_error{std::make_error_code(std::errc::invalid_argument),
                                    "a sharded_fleet has from 1 to 65535 threads"};
        return threads;
    }

    // All threads share one limit on lines. A callback that `make` has set is not changed.
    void share_reporter() {
        if constexpr (requires(Fleet& fleet) { fleet.unheard(); }) {
            const failure_reporter shared;
            for (const auto& each : shards_) {
                const auto set = each->fleet().unheard();
                if (set != nullptr && set->template target<failure_reporter>() != nullptr)
                    each->fleet().on_unheard(shared);
            }
        }
    }

    // One function object for all threads.
    template <typename Callback>
    static std::shared_ptr<Callback> share(Callback callback) {
        return callback ? std::make_shared<Callback>(std::move(callback)) : nullptr;
    }

    [[nodiscard]] bool inside_callback() const {
        return std::any_of(shards_.begin(), shards_.end(),
                           [](const auto& each) { return each->runs_here(); });
    }

    detail::target_registry targets_;
    std::atomic<std::uint32_t> signers_given_ = 0;
    std::atomic<bool> stopped_ = false;
    std::vector<std::unique_ptr<shard>> shards_;
};

} // namespace forest::inline FOREST_FORM

#endif
