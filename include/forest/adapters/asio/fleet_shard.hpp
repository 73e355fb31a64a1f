// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_FLEET_SHARD_HPP
#define FOREST_ADAPTERS_ASIO_FLEET_SHARD_HPP

#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/handler_memory.hpp>
#include <forest/adapters/asio/serial_task.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/shared_signatures.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <type_traits>
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
    /// Throws std::bad_alloc if there is no memory to remember it, or for what it does if that is
    /// done at once; if there is none later, it is called again. So a function that throws must
    /// have changed nothing.
    template <typename Function>
    void tell_later(Function&& function) {
        if (!work_here(function))
            enter(*new told<std::decay_t<Function>>{*this, std::forward<Function>(function)});
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
        asked<Function> question{*this, function};
        enter(question);
        question.wait();
    }

    /// Starts the fleet, or stops it, after all that was told before. Takes no memory.
    void start_later() { enter_or_do(starting_); }
    void stop_later() { enter_or_do(stopping_); }

    /// Destroys the fleet on its thread.
    void end() {
        ask([this](Fleet&) { fleet_.reset(); });
    }

    // -- What its targets and signers are called outside --

    /// Makes room for one more of each.
    void reserve_one() {
        reserve_one_in(outer_);
        reserve_one_in(signers_);
    }

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

    // What its thread is told, in memory that is there before.
    template <typename Function>
    class told final : public detail::serial_task {
    public:
        told(fleet_shard& to, Function function) : to_{to}, function_{std::move(function)} {}

        void perform() override {
            try {
                function_(*to_.fleet_);
            } catch (const std::bad_alloc&) {
                detail::pause_for_memory();
                return to_.enter(*this);
            }
            delete this;
        }
        void abandon() noexcept override { delete this; }

    private:
        fleet_shard& to_;
        Function function_;
    };

    // The same, on the stack of whoever waits for it.
    template <typename Function>
    class asked final : public detail::serial_task {
    public:
        asked(fleet_shard& of, Function& function) : of_{of}, function_{function} {}

        void perform() override {
            try {
                function_(*of_.fleet_);
            } catch (...) {
                thrown_ = std::current_exception();
            }
            abandon();
        }
        void abandon() noexcept override {
            const std::lock_guard lock{mutex_};
            ended_ = true;
            end_.notify_one(); // under the lock: this is destroyed when it is released
        }
        void wait() {
            std::unique_lock lock{mutex_};
            end_.wait(lock, [this] { return ended_; });
            if (thrown_ != nullptr)
                std::rethrow_exception(thrown_);
        }

    private:
        fleet_shard& of_;
        Function& function_;
        std::mutex mutex_;
        std::condition_variable end_;
        bool ended_ = false;
        std::exception_ptr thrown_;
    };

    class calling final : public detail::serial_task {
    public:
        calling(fleet_shard& of, void (*call)(Fleet&)) : of_{of}, call_{call} {}
        void perform() override { call_(*of_.fleet_); }
        void abandon() noexcept override {}

    private:
        fleet_shard& of_;
        void (*call_)(Fleet&);
    };

    void enter_or_do(calling& task) {
        const auto now = [&](Fleet&) { task.perform(); };
        if (!work_here(now))
            enter(task);
    }

    void enter(detail::serial_task& task) {
        const std::lock_guard lock{tasks_mutex_};
        tasks_.push(task, nullptr);
        if (!std::exchange(posted_, true))
            post_work();
    }

    class working {
    public:
        using allocator_type = detail::handler_allocator<void>;
        explicit working(fleet_shard& of) noexcept : of_{&of} {}
        [[nodiscard]] allocator_type get_allocator() const noexcept {
            return allocator_type{of_->memory_};
        }
        void operator()() const { of_->work(); }

    private:
        fleet_shard* of_;
    };

    void post_work() { asio::post(loop_.get_executor(), working{*this}); }

    // One task each time, as others have their turn, too.
    void work() {
        detail::task_queue::entry next;
        {
            const std::lock_guard lock{tasks_mutex_};
            next = tasks_.pop();
            posted_ = !tasks_.empty();
            if (posted_)
                post_work();
        }
        next.task->perform();
    }

    template <typename Entries>
    static void reserve_one_in(Entries& entries) {
        if (entries.size() == entries.capacity())
            entries.reserve(2 * entries.size() + 1);
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

    // Before the loop, whose operations it holds.
    detail::handler_memory memory_;
    background loop_;
    std::mutex tasks_mutex_;
    detail::task_queue tasks_;
    bool posted_ = false;
    calling starting_{*this, [](Fleet& fleet) { fleet.start(); }};
    calling stopping_{*this, [](Fleet& fleet) { fleet.stop(); }};
    std::optional<Fleet> fleet_;
    std::vector<target_id> outer_; // by places
    std::vector<signer_id> signers_{signer_id{}};
    std::mutex mutex_; // held by whoever works on a fleet that was not handed over
    bool handed_over_ = false;
};

} // namespace forest

#endif
