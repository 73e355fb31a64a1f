// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_CALLBACKS_HPP
#define FOREST_CORE_DETAIL_LOGIC_CALLBACKS_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/call_or_report.hpp>
#include <forest/core/detail/logic/callback_gate.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/target_id.hpp>
#include <forest/form.hpp>

#include <atomic>
#include <string_view>
#include <type_traits>
#include <utility>

// The callbacks of one client: which callback is called for which event, and how an exception is
// handled (B16).

namespace forest::inline FOREST_FORM::detail {

/// The callbacks behind one gate. All members may be called from any thread, but `report` only from
/// one thread at a time.
class callbacks {
public:
    void on_server_down(unique_function<void(const outage&)> callback) {
        gate_.set(on_down_, of_client(std::move(callback)));
    }
    void on_server_up(unique_function<void(const outage&)> callback) {
        gate_.set(on_up_, of_client(std::move(callback)));
    }

    /// For a fleet: the callback also receives the target of the outage.
    void on_server_down(unique_function<void(target_id, const outage&)> callback) {
        gate_.set(on_down_, of_fleet(std::move(callback)));
    }
    void on_server_up(unique_function<void(target_id, const outage&)> callback) {
        gate_.set(on_up_, of_fleet(std::move(callback)));
    }

    void on_event(unique_function<void(const event&)> callback);

    /// Called with each `callback_failed` that no `on_event` receives, because there is none or
    /// because it threw an exception itself.
    void on_unheard(unique_function<void(const event&)> callback) {
        gate_.set(on_unheard_, std::move(callback));
    }

    /// Returns the callback that was set with `on_unheard`; null if there is none.
    [[nodiscard]] shared_callback<event> unheard() const { return gate_.get(on_unheard_); }

    /// Returns whether a callback receives events of this kind. If not, the event need not be
    /// described.
    [[nodiscard]] bool receives(event_kind kind) const noexcept;

    /// Reports an event, unless the gate is closed: first to `on_event`, and then to the callback
    /// for this kind of event, if `wanted()` is still true.
    template <typename Wanted>
    void report(const event& happened, const Wanted& wanted) noexcept {
        if (happened.kind == event_kind::callback_failed) // A policy threw.
            return report_failure(happened);
        attempt(happened, [&] { gate_.call(on_event_, happened); });
        if (happened.kind == event_kind::server_down && wanted())
            attempt(happened, [&] { gate_.call(on_down_, happened); });
        if (happened.kind == event_kind::server_up && wanted())
            attempt(happened, [&] { gate_.call(on_up_, happened); });
    }

    void report(const event& happened) noexcept;

    /// Prevents all further callbacks, and returns when none is running. If a callback calls this,
    /// the call returns at once. The first call from outside runs `farewell`, which may report the
    /// last events with `report_last`. Then the callbacks are destroyed.
    template <typename Farewell>
    void close(Farewell&& farewell) {
        gate_.close(std::forward<Farewell>(farewell));
        for (shared_callback<event>* each : {&on_down_, &on_up_, &on_event_, &on_unheard_})
            gate_.set<event>(*each, {});
    }

    /// Reports an event after the gate was closed. Call it only in `farewell`.
    void report_last(const event& happened) noexcept;

    [[nodiscard]] bool closed() const { return gate_.closed(); }

    /// Sets a callback of the owner. It is called through the same gate.
    template <typename Argument>
    void set(shared_callback<Argument>& slot,
             std::type_identity_t<unique_function<void(const Argument&)>> callback) {
        gate_.set(slot, std::move(callback));
    }

    /// Calls the callback in `slot`, if there is one (B16). Returns false if the gate is closed or
    /// the callback threw. An exception is reported as an event with the data of `during`.
    template <typename Argument>
    bool call(const shared_callback<Argument>& slot, const Argument& argument,
              const event& during) noexcept {
        bool open = false;
        return attempt(during, [&] { open = gate_.call(slot, argument); }) && open;
    }

private:
    using event_callback = unique_function<void(const event&)>;

    static event_callback of_client(unique_function<void(const outage&)>&& callback);

    static event_callback of_fleet(unique_function<void(target_id, const outage&)>&& callback);

    template <typename Call>
    bool attempt(const event& during, const Call& call) noexcept {
        return call_or_report(
            call, [&](std::string_view text) { report_failure(failure(during, text)); });
    }

    static event failure(event during, std::string_view text) noexcept;

    // If `on_event` throws again, it is not called with that failure.
    void report_failure(const event& failed) noexcept;

    void report_last_resort(const event& failed) noexcept;

    callback_gate gate_;
    std::atomic<bool> receives_all_ = false;
    shared_callback<event> on_down_;
    shared_callback<event> on_up_;
    shared_callback<event> on_event_;
    shared_callback<event> on_unheard_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/callbacks.ipp>
#endif

#endif
