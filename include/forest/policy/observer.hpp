// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVER_HPP
#define FOREST_POLICY_OBSERVER_HPP

#include <forest/core/event.hpp>
#include <forest/form.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

// Receives every event: for logs, metrics and tests.

namespace forest::inline FOREST_FORM {

/// An observer receives every event. A model promises what the type system cannot check: it keeps
/// no pointer of the event, and calls no member of the event's client except `stop()`.
///
/// See docs/reference/observer.md; the minimal model is tests/archetypes/observer.hpp.
template <typename T>
concept observer = std::move_constructible<T> && requires(T& observer, const event& happened) {
    { observer.on_event(happened) } noexcept;
};

namespace detail {

template <typename T>
concept has_on_event = requires(std::remove_reference_t<T>& observer, const event& happened) {
    observer.on_event(happened);
};

} // namespace detail

/// An observer that does nothing.
struct null_observer {
    void on_event(const event&) const noexcept {}
};

/// Several observers as one, called in the order of the arguments: `tee{log_observer{}, metrics}`.
template <typename... Observers>
class tee {
    static_assert((observer<Observers> && ...),
                  "each observer of a tee must be movable and have void on_event(const "
                  "forest::event&) noexcept");

public:
    explicit tee(Observers... observers) : observers_{std::move(observers)...} {}

    void on_event(const event& happened) noexcept {
        std::apply([&](auto&... each) { (each.on_event(happened), ...); }, observers_);
    }

private:
    std::tuple<Observers...> observers_;
};

/// Returns a callback of events that owns an observer.
template <observer Observer>
    requires(!std::is_lvalue_reference_v<Observer>)
[[nodiscard]] std::function<void(const event&)> callback_of(Observer&& moved) {
    return [owned = std::make_shared<Observer>(std::forward<Observer>(moved))](
               const event& happened) { owned->on_event(happened); };
}

/// Returns a callback of events for an observer that is not moved and must outlive the callback.
template <observer Observer>
[[nodiscard]] std::function<void(const event&)> callback_of(std::reference_wrapper<Observer> kept) {
    return [kept](const event& happened) { kept.get().on_event(happened); };
}

} // namespace forest::inline FOREST_FORM

#endif
