// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SHARDED_FLEET_HPP
#define FOREST_ADAPTERS_ASIO_SHARDED_FLEET_HPP

#include <forest/adapters/asio/background.hpp>
#include <forest/core/event.hpp>
#include <forest/core/fleet_statistics.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/target_snapshot.hpp>
#include <forest/core/url.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

// More targets than one core can check: a fleet on each of several threads, which share nothing
// while they work.

namespace forest {

/// Several fleets, each with a thread of its own and its part of the targets. All targets of one
/// server are on one thread, so that their timestamps stay in order; what each fleet's options
/// bound is bounded for each thread.
///
/// All members may be called from any thread, and from callbacks those that say so. Callbacks run
/// on the threads of their targets: those of one target one at a time, those of targets on
/// different threads at the same time. Destroy it anywhere but in a callback.
template <typename Fleet>
class sharded_fleet {
public:
    /// `make` is called with the executor of each thread and answers its fleet. `threads` is at
    /// least 1. Throws what `make` throws.
    template <typename Make>
    sharded_fleet(std::size_t threads, Make&& make) {
        assert(threads > 0);
        while (shards_.size() < threads) {
            shards_.push_back(std::make_unique<shard>());
            shard& made = *shards_.back();
            made.fleet.emplace(make(asio::any_io_executor{made.loop.get_executor()}));
        }
    }

    sharded_fleet(const sharded_fleet&) = delete;
    sharded_fleet& operator=(const sharded_fleet&) = delete;

    /// Stops all fleets and ends their threads.
    ~sharded_fleet() {
        for (const auto& each : shards_)
            ask(*each, [&each] { each->fleet.reset(); });
    }

    /// As of the fleet, from callbacks, too. The target may not be watched yet when this returns,
    /// but whatever is asked after that finds it.
    target_id add(url target, const options& chosen = {}) {
        if (const std::error_code ec = shards_.front()->fleet->validate(chosen))
            throw std::system_error{ec};
        const std::size_t place = shard_of(target);
        const auto id = static_cast<target_id>(place + shards_.size() * ++numbers_given_);
        shard& where = *shards_[place];
        tell(where, [&where, id, chosen, target = std::move(target)]() mutable {
            const target_id inner = where.fleet->add(std::move(target), chosen);
            if (inner == target_id{})
                return; // It was stopped meanwhile.
            where.inner.emplace(id, inner);
            where.outer.emplace(inner, id);
        });
        return id;
    }

    /// Watches a target no more. When it returns, no callback is told of that target any more,
    /// unless it was called by a callback of another thread's target: then a little later.
    void remove(target_id id) {
        shard& where = *shards_[static_cast<std::uint64_t>(id) % shards_.size()];
        const auto forget = [&where, id] {
            const auto known = where.inner.extract(id);
            if (!known)
                return;
            where.fleet->remove(known.mapped());
            where.outer.erase(known.mapped());
        };
        if (inside_callback())
            tell(where, forget);
        else
            ask(where, forget);
    }

    void on_server_down(const std::function<void(target_id, const outage&)>& callback) {
        for (const auto& each : shards_)
            each->fleet->on_server_down(each->translated(callback));
    }

    void on_server_up(const std::function<void(target_id, const outage&)>& callback) {
        for (const auto& each : shards_)
            each->fleet->on_server_up(each->translated(callback));
    }

    void on_event(const std::function<void(const event&)>& callback) {
        for (const auto& each : shards_)
            each->fleet->on_event(each->translated(callback));
    }

    /// As of the fleet.
    void start() {
        for (const auto& each : shards_)
            tell(*each, [&each] { each->fleet->start(); });
    }

    /// Ends the polling for good. When it returns, no callback is running and none will start;
    /// called from a callback, those of other threads end a little later.
    void stop() {
        const bool inside = inside_callback();
        for (const auto& each : shards_) {
            const auto end = [&each] { each->fleet->stop(); };
            inside ? tell(*each, end) : ask(*each, end);
        }
    }

    /// How many targets there are. This and what follows asks all threads, and so must not be
    /// called from a callback.
    [[nodiscard]] std::size_t size() const {
        return sum([](const Fleet& of) { return of.size(); });
    }

    /// How many have that status.
    [[nodiscard]] std::size_t count(target_status status) const {
        return sum([status](const Fleet& of) { return of.count(status); });
    }

    [[nodiscard]] std::vector<target_snapshot> snapshot() const {
        std::vector<target_snapshot> all;
        for (const auto& each : shards_)
            ask(*each, [&all, &each] {
                auto part = each->fleet->snapshot();
                for (target_snapshot& one : part)
                    one.id = each->outer_of(one.id);
                std::move(part.begin(), part.end(), std::back_inserter(all));
            });
        return all;
    }

    /// What all of them together have done so far.
    [[nodiscard]] fleet_statistics statistics() const {
        fleet_statistics all;
        for (const auto& each : shards_)
            ask(*each, [&all, &each] { all.merge(each->fleet->statistics()); });
        return all;
    }

private:
    // A fleet, its thread, and the names of its targets inside and outside: an id is given before
    // the fleet has seen the target.
    struct shard {
        background loop;
        std::optional<Fleet> fleet;
        std::unordered_map<target_id, target_id> inner;
        std::unordered_map<target_id, target_id> outer;

        [[nodiscard]] target_id outer_of(target_id of_fleet) const {
            const auto known = outer.find(of_fleet);
            return known == outer.end() ? target_id{} : known->second;
        }

        [[nodiscard]] bool runs_here() { return loop.get_executor().running_in_this_thread(); }

        std::function<void(target_id, const outage&)>
        translated(const std::function<void(target_id, const outage&)>& callback) const {
            if (!callback)
                return {};
            return [this, callback](target_id id, const outage& of) { callback(outer_of(id), of); };
        }

        std::function<void(const event&)>
        translated(const std::function<void(const event&)>& callback) const {
            if (!callback)
                return {};
            return [this, callback](event happened) {
                happened.id = outer_of(happened.id);
                callback(happened);
            };
        }
    };

    [[nodiscard]] std::size_t shard_of(const url& target) const noexcept {
        return origin_hash(target) % shards_.size();
    }

    [[nodiscard]] bool inside_callback() const {
        return std::any_of(shards_.begin(), shards_.end(),
                           [](const auto& each) { return each->runs_here(); });
    }

    // Runs a function on the thread of a fleet, and does not wait for it unless this is that
    // thread.
    template <typename Function>
    static void tell(shard& of, Function&& function) {
        if (of.runs_here())
            function();
        else
            asio::post(of.loop.get_executor(), std::forward<Function>(function));
    }

    // The same, and waits.
    template <typename Function>
    static void ask(shard& of, Function&& function) {
        if (of.runs_here())
            return function();
        // No std::packaged_task, which Asio may take for a completion token.
        std::promise<void> ended;
        auto done = ended.get_future();
        asio::post(of.loop.get_executor(), [ended = std::move(ended), &function]() mutable {
            try {
                function();
                ended.set_value();
            } catch (...) {
                ended.set_exception(std::current_exception());
            }
        });
        done.get();
    }

    template <typename Count>
    [[nodiscard]] std::size_t sum(const Count& count) const {
        std::size_t all = 0;
        for (const auto& each : shards_)
            ask(*each, [&] { all += count(*each->fleet); });
        return all;
    }

    std::vector<std::unique_ptr<shard>> shards_;
    std::atomic<std::uint64_t> numbers_given_ = 0;
};

} // namespace forest

#endif
