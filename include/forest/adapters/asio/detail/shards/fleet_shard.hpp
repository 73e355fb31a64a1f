// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_FLEET_SHARD_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SHARDS_FLEET_SHARD_HPP

#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/task_mailbox.hpp>
#include <forest/adapters/posix/fork_mark.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/target_id.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution_context.hpp>

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

// One fleet of a sharded_fleet: the calls to the fleet on its thread, and the outer names of its
// targets.

namespace forest::inline FOREST_FORM::detail {

/// A fleet and its thread. Before the fleet is handed over to that thread, callers work on the
/// fleet themselves. So no queue is needed for targets that are added before the start. Only the
/// functions that `call_later` and `ask` call with the fleet may use the members about names,
/// because these functions run one at a time. All other members may be called from any thread.
template <typename Fleet>
class fleet_shard {
public:
    /// `make` is called with the executor of the thread and returns the fleet.
    template <typename Make>
    explicit fleet_shard(Make& make) {
        fleet_.emplace(make(asio::any_io_executor{loop_.get_executor()}));
    }

    /// Returns the fleet, for members that may be called from any thread.
    [[nodiscard]] Fleet& fleet() noexcept { return *fleet_; }

    /// Call it before this object ends. In a child process, the thread of the fleet does not exist.
    /// So the event loop gets new descriptors, and all calls are made on the thread of the caller.
    void prepare_to_end() {
        if (made_.in_child())
            loop_.get_executor().context().notify_fork(asio::execution_context::fork_child);
    }

    /// From this call on, only the fleet's thread works on the fleet.
    void hand_over() {
        const std::lock_guard lock{mutex_};
        handed_over_ = true;
    }

    [[nodiscard]] bool runs_here() {
        return loop_.get_executor().running_in_this_thread() || made_.in_child();
    }

    /// Calls a function with the fleet after all earlier calls, and does not wait for it. Throws
    /// std::bad_alloc if there is no memory to store the function, or if the function is called at
    /// once and has no memory. If the function has no memory in a later call, it is called again.
    /// So a function that throws must have changed nothing.
    template <typename Function>
    void call_later(Function&& function) {
        if (!work_here(function))
            enter(*prepare(std::forward<Function>(function)).release());
    }

    /// Returns a function that can be called later without further memory.
    template <typename Function>
    [[nodiscard]] auto prepare(Function&& function) {
        using call_type = queued_call<std::decay_t<Function>>;
        return std::make_unique<call_type>(*this, std::forward<Function>(function));
    }

    /// Like `call_later`, for the result of `prepare`. If this throws, the caller still owns that
    /// result.
    template <typename Message>
    void send(std::unique_ptr<Message>& message) {
        if (!work_here(message->function))
            enter(*message.release());
    }

    /// Calls a function with the fleet, and waits for it. On the fleet's thread it is called at
    /// once. Its exceptions are passed on.
    template <typename Function>
    void ask(Function&& function) {
        if (runs_here())
            return function(*fleet_);
        if (work_here(function))
            return;
        awaited_call<Function> question{*this, function};
        enter(question);
        question.wait();
    }

    /// Starts the fleet, or stops it, after all earlier calls. Takes no memory.
    void start_later() { enter_or_do(starting_); }
    void stop_later() { enter_or_do(stopping_); }

    /// Destroys the fleet on its thread.
    void end() {
        ask([this](Fleet&) {
            fleet_.reset();
            ended_ = true;
        });
    }

    // -- The outer names of its targets and signers --

    /// Makes room for one more target.
    void reserve_one() {
        if (outer_.size() == outer_.capacity())
            outer_.reserve(2 * outer_.size() + 1);
    }

    void name(target_id inner, target_id outer) {
        outer_.resize(std::max(outer_.size(), place_of(inner) + 1));
        outer_[place_of(inner)] = outer;
    }

    [[nodiscard]] target_id outer_of(target_id inner) const noexcept {
        assert(place_of(inner) < outer_.size());
        return outer_[place_of(inner)];
    }

    /// Makes room for the name of the signer `outer`.
    void reserve(signer_id outer) {
        signers_.resize(std::max(signers_.size(), static_cast<std::size_t>(outer) + 1));
    }

    void name(signer_id inner, signer_id outer) noexcept {
        signers_[static_cast<std::size_t>(outer)] = inner;
    }

    /// Returns the inner name of a signer; 0 is the fleet's first signer. Throws std::bad_alloc
    /// while the signer is still missing for lack of memory.
    [[nodiscard]] signer_id signer_of(signer_id outer) const {
        const auto place = static_cast<std::size_t>(outer);
        if (place >= signers_.size() || !signers_[place])
            throw std::bad_alloc{};
        return *signers_[place];
    }

    using outage_callback = unique_function<void(target_id, const outage&)>;
    using event_callback = unique_function<void(const event&)>;

    /// Returns a callback for the fleet that calls `callback` with the outer names. Returns an
    /// empty callback if `callback` is null.
    [[nodiscard]] outage_callback
    translated(const std::shared_ptr<outage_callback>& callback) const {
        if (callback == nullptr)
            return {};
        return [this, callback](target_id id, const outage& record) {
            (*callback)(outer_of(id), record);
        };
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
    // Each event needs the outer name, which is found at an index. A map would cost more than the
    // target itself.
    static constexpr std::size_t place_of(target_id inner) noexcept {
        return target_place::of(inner).index;
    }

    // A call on the thread of the fleet, in memory that was allocated before.
    template <typename Function>
    class queued_call final : public serial_task {
    public:
        queued_call(fleet_shard& shard, Function&& call)
            : function{std::move(call)}, shard_{shard} {}
        queued_call(fleet_shard& shard, const Function& call) : function{call}, shard_{shard} {}

        void perform() override {
            try {
                if (!shard_.ended_) // The fleet may have ended during a pause.
                    function(*shard_.fleet_);
            } catch (const std::bad_alloc&) {
                pause_for_memory();
                return shard_.enter(*this);
            }
            delete this;
        }
        void abandon() noexcept override { delete this; }

        Function function;

    private:
        fleet_shard& shard_;
    };

    // A call on the thread of the fleet, on the stack of the waiting caller.
    template <typename Function>
    class awaited_call final : public serial_task {
    public:
        awaited_call(fleet_shard& shard, Function& function) : shard_{shard}, function_{function} {}

        void perform() override {
            try {
                function_(*shard_.fleet_);
            } catch (...) {
                thrown_ = std::current_exception();
            }
            abandon();
        }
        void abandon() noexcept override {
            const std::lock_guard lock{mutex_};
            ended_ = true;
            end_.notify_one(); // under the lock: after it, the caller destroys this object
        }
        void wait() {
            std::unique_lock lock{mutex_};
            end_.wait(lock, [this] { return ended_; });
            if (thrown_ != nullptr)
                std::rethrow_exception(thrown_);
        }

    private:
        fleet_shard& shard_;
        Function& function_;
        std::mutex mutex_;
        std::condition_variable end_;
        bool ended_ = false;
        std::exception_ptr thrown_;
    };

    class member_call final : public serial_task {
    public:
        member_call(fleet_shard& shard, void (*call)(Fleet&)) : shard_{shard}, call_{call} {}
        void perform() override { call_(*shard_.fleet_); }
        void abandon() noexcept override {}

    private:
        fleet_shard& shard_;
        void (*call_)(Fleet&);
    };

    void enter_or_do(member_call& task) {
        const auto now = [&](Fleet&) { task.perform(); };
        if (!work_here(now))
            enter(task);
    }

    // Posting never fails, because the executor is that of an io_context.
    void enter(serial_task& task) noexcept { (void)mailbox_->post(task, mailbox_); }

    // Calls the function here if the fleet was not handed over yet.
    template <typename Function>
    bool work_here(Function& function) {
        const std::lock_guard lock{mutex_};
        if (handed_over_)
            return false;
        function(*fleet_);
        return true;
    }

    const fork_mark made_;
    // These members stand before the loop, because its thread uses them.
    bool ended_ = false;
    member_call starting_{*this, [](Fleet& fleet) { fleet.start(); }};
    member_call stopping_{*this, [](Fleet& fleet) { fleet.stop(); }};
    background loop_;
    std::shared_ptr<task_mailbox> mailbox_ = std::make_shared<task_mailbox>(loop_.get_executor());
    std::optional<Fleet> fleet_;
    std::vector<target_id> outer_; // by the places of the inner names
    std::vector<std::optional<signer_id>> signers_{signer_id{}};
    std::mutex mutex_; // held during work on a fleet that was not handed over
    bool handed_over_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
