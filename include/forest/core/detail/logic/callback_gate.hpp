// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_CALLBACK_GATE_HPP
#define FOREST_CORE_DETAIL_LOGIC_CALLBACK_GATE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/schedule_point.hpp>
#include <forest/form.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

// Makes sure that no callback runs after `stop()` (B14). Every callback is called through this
// gate, one at a time. Closing the gate waits for the running callback, unless that callback is the
// caller.

namespace forest::inline FOREST_FORM::detail {

/// A callback that can be replaced while it runs: callers copy the pointer, which allocates
/// nothing. The function need not be copyable.
template <typename Argument>
using shared_callback = std::shared_ptr<unique_function<void(const Argument&)>>;

/// Lets callbacks pass one at a time until it is closed. All members may be called from any thread,
/// but `call` only from one thread at a time.
class callback_gate {
public:
    /// Sets a callback; an empty one removes the earlier callback. A closed gate keeps no callback.
    template <typename Argument>
    void set(shared_callback<Argument>& slot,
             std::type_identity_t<unique_function<void(const Argument&)>> callback) {
        shared_callback<Argument> other;
        if (callback)
            other = std::make_shared<unique_function<void(const Argument&)>>(std::move(callback));
        schedule_point();
        // The earlier callback is destroyed after the lock is released.
        const std::lock_guard lock{mutex_};
        if (!closed_ || other == nullptr)
            slot.swap(other);
    }

    /// The callback that the slot holds now.
    template <typename Argument>
    shared_callback<Argument> get(const shared_callback<Argument>& slot) const {
        const std::lock_guard lock{mutex_};
        return slot;
    }

    /// Calls the callback of the slot, if there is one, outside the lock, unless the gate is
    /// closed. Returns whether the gate was open. Exceptions of the callback are passed on.
    template <typename Argument>
    bool call(const shared_callback<Argument>& slot, const Argument& argument) {
        shared_callback<Argument> found;
        schedule_point();
        {
            const std::lock_guard lock{mutex_};
            if (closed_ || slot == nullptr)
                return !closed_;
            found = slot;
            inside_ = this_thread();
        }
        const leaving left{*this};
        // This pointer is destroyed before the gate is left, because it may be the last owner of
        // the captured objects.
        const shared_callback<Argument> callback = std::move(found);
        schedule_point();
        (*callback)(argument);
        return true;
    }

    /// Lets no more callbacks in, and waits for the running callback, unless that callback makes
    /// this call. The first call from outside then runs `last_words`, which must not throw, while
    /// all other calls wait. But if the running callback closes the gate, too, it is the last one,
    /// and `last_words` is not called.
    template <typename LastWords>
    void close(LastWords&& last_words) {
        if (!begin_closing())
            return;
        schedule_point();
        last_words();
        end_closing();
    }

    [[nodiscard]] bool closed() const noexcept { return closed_; }

private:
    struct leaving {
        callback_gate& gate;
        ~leaving();
    };

    // The address of an object that each thread has for itself. `std::thread::id` would do the
    // same, but `<thread>` is expensive to include, and so is `<condition_variable>`.
    [[nodiscard]] static const void* this_thread() noexcept;

    // Closes the gate. Returns true if the caller is the one that runs `last_words`.
    [[nodiscard]] bool begin_closing();

    void end_closing();

    // Wakes the threads that wait in `begin_closing`. Call it with the mutex locked.
    void changed() noexcept;

    mutable std::mutex mutex_;
    std::atomic<unsigned> changes_ = 0; // of the members below, as far as a thread waits for them
    const void* inside_ = nullptr;      // the thread whose callback is running
    std::atomic<bool> closed_ = false;  // changes under the mutex; often read
    bool closing_ = false;              // `last_words` is still to be called
    bool silenced_ = false;             // a callback closed the gate; it is the last one
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/callback_gate.ipp>
#endif

#endif
