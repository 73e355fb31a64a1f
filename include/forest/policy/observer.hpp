// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVER_HPP
#define FOREST_POLICY_OBSERVER_HPP

#include <forest/core/event.hpp>

#include <concepts>
#include <tuple>
#include <utility>

// Who is told of everything that happens: logs, metrics, tests.

namespace forest {

/// An observer is told of every event. What the type system cannot check, a model promises: it
/// keeps no pointer of the event, and does not call the client that tells it anything but `stop()`.
///
/// See docs/reference/observer.md; the minimal model is tests/archetypes/observer.hpp.
template <typename T>
concept observer = std::move_constructible<T> && requires(T& observer, const event& happened) {
    { observer.on_event(happened) }
    noexcept;
};

/// The observer that is there when nobody observes.
struct null_observer {
    void on_event(const event&) const noexcept {}
};

/// Several observers as one, told in the order given: `tee{log_observer{}, metrics}`.
template <observer... Observers>
class tee {
public:
    explicit tee(Observers... observers) : observers_{std::move(observers)...} {}

    void on_event(const event& happened) noexcept {
        std::apply([&](auto&... each) { (each.on_event(happened), ...); }, observers_);
    }

private:
    std::tuple<Observers...> observers_;
};

} // namespace forest

#endif
