// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVER_HPP
#define FOREST_POLICY_OBSERVER_HPP

#include <forest/core/event.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

// Who is told of everything that happens: logs, metrics, tests.

namespace forest {

/// An observer is told of every event. What the type system cannot check, a model promises: it
/// keeps no pointer of the event, and does not call the client that tells it anything but `stop()`.
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

/// The observer that is there when nobody observes.
struct null_observer {
    void on_event(const event&) const noexcept {}
};

/// Several observers as one, told in the order given: `tee{log_observer{}, metrics}`.
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

/// An observer as the callback of an event; it is moved into it.
template <observer Observer>
    requires(!std::is_lvalue_reference_v<Observer>)
[[nodiscard]] std::function<void(const event&)> callback_of(Observer&& watching) {
    return [owned = std::make_shared<Observer>(std::move(watching))](const event& happened) {
        owned->on_event(happened);
    };
}

/// The same for one that stays where it is, and must outlive the callback.
template <observer Observer>
[[nodiscard]] std::function<void(const event&)>
callback_of(std::reference_wrapper<Observer> watching) {
    return [watching](const event& happened) { watching.get().on_event(happened); };
}

} // namespace forest

#endif
