// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_FLEET_SHARD_HPP
#define FOREST_ADAPTERS_ASIO_FLEET_SHARD_HPP

#include <forest/adapters/asio/background.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/shared_signatures.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

// One of the fleets of a sharded_fleet: how others reach it on its thread, and what its targets are
// called outside.

namespace forest {

/// A fleet and its thread. Until it is handed over to that thread, whoever calls works on the fleet
/// himself: then no queue is needed for all the targets that are added before it starts. The names
/// are for the functions that `tell` and `ask` call with the fleet, one at a time; all other
/// members may be called from any thread.
template <typename Fleet>
class fleet_shard {
public:
    /// `make` is called with the executor of the thread and answers the fleet.
    template <typename Make>
    explicit fleet_shard(Make& make) {
        fleet_.emplace(make(asio::any_io_executor{loop_.get_executor()}));
    }

    /// The fleet, for what may be called from any thread.
    [[nodiscard]] Fleet& fleet() noexcept { return *fleet_; }

    /// From now on its thread alone works on the fleet.
    void hand_over() {
        const std::lock_guard lock{mutex_};
        handed_over_ = true;
    }

    [[nodiscard]] bool runs_here() { return loop_.get_executor().running_in_this_thread(); }

    /// Calls a function with the fleet after all that was told before, and does not wait for it.
    template <typename Function>
    void tell_later(Function&& function) {
        if (!work_here(function))
            asio::post(loop_.get_executor(), [this, told = std::forward<Function>(
                                                        function)]() mutable { told(*fleet_); });
    }

    /// The same, but at once if this is the fleet's thread.
    template <typename Function>
    void tell(Function&& function) {
        if (runs_here())
            function(*fleet_);
        else
            tell_later(std::forward<Function>(function));
    }

    /// The same, and waits.
    template <typename Function>
    void ask(Function&& function) {
        if (runs_here())
            return function(*fleet_);
        if (work_here(function))
            return;
        // No std::packaged_task, which Asio may take for a completion token.
        std::promise<void> ended;
        auto done = ended.get_future();
        asio::post(loop_.get_executor(), [this, ended = std::move(ended), &function]() mutable {
            try {
                function(*fleet_);
                ended.set_value();
            } catch (...) {
                ended.set_exception(std::current_exception());
            }
        });
        done.get();
    }

    /// Destroys the fleet on its thread.
    void end() {
        ask([this](Fleet&) { fleet_.reset(); });
    }

    // -- What its targets and signers are called outside --

    void name(target_id inner, target_id outer) {
        outer_.resize(std::max(outer_.size(), place_of(inner) + 1));
        outer_[place_of(inner)] = outer;
    }

    [[nodiscard]] target_id outer_of(target_id inner) const noexcept {
        assert(place_of(inner) < outer_.size());
        return outer_[place_of(inner)];
    }

    void add_signer(signer_id inner) { signers_.push_back(inner); }

    /// By the number under which it was added, from 1; 0 is the one that the fleet was made with.
    [[nodiscard]] signer_id signer_of(signer_id outer) const noexcept {
        assert(static_cast<std::size_t>(outer) < signers_.size());
        return signers_[static_cast<std::size_t>(outer)];
    }

    using outage_callback = unique_function<void(target_id, const outage&)>;
    using event_callback = unique_function<void(const event&)>;

    /// A callback for the fleet, which calls one that knows the names outside; none for null.
    [[nodiscard]] outage_callback
    translated(const std::shared_ptr<outage_callback>& callback) const {
        if (callback == nullptr)
            return {};
        return [this, callback](target_id id, const outage& of) { (*callback)(outer_of(id), of); };
    }

    [[nodiscard]] event_callback translated(const std::shared_ptr<event_callback>& callback) const {
        if (callback == nullptr)
            return {};
        return [this, callback](event happened) {
            happened.id = outer_of(happened.id);
            (*callback)(happened);
        };
    }

private:
    // Each event needs the name outside, and finds it at an index; a map would cost more than the
    // target itself.
    static constexpr std::size_t place_of(target_id inner) noexcept {
        return target_place::of(inner).index;
    }

    // Calls the function here if the fleet was not handed over yet.
    template <typename Function>
    bool work_here(Function& function) {
        const std::lock_guard lock{mutex_};
        if (handed_over_)
            return false;
        function(*fleet_);
        return true;
    }

    background loop_;
    std::optional<Fleet> fleet_;
    std::vector<target_id> outer_; // by places
    std::vector<signer_id> signers_{signer_id{}};
    std::mutex mutex_; // held by whoever works on a fleet that was not handed over
    bool handed_over_ = false;
};

} // namespace forest

#endif
