// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVABLE_HPP
#define FOREST_POLICY_OBSERVABLE_HPP

#include <forest/policy/observer.hpp>

#include <functional>
#include <type_traits>
#include <utility>

// Whoever can call a function for each event can tell an observer of it.

namespace forest {

/// Lets observers listen to a `Source`, which derives from this and has
/// `on_event(std::function<void(const event&)>)`, where it says `using
/// observable<Source>::on_event`.
template <typename Source>
class observable {
public:
    /// For every event, as with a function. The observer is moved into the source; `std::ref(mine)`
    /// leaves it where it is, and then it must outlive the polling.
    template <observer Observer>
        requires(!std::is_lvalue_reference_v<Observer>)
    void on_event(Observer&& watching) {
        static_cast<Source&>(*this).on_event(callback_of(std::move(watching)));
    }

    template <observer Observer>
    void on_event(std::reference_wrapper<Observer> watching) {
        static_cast<Source&>(*this).on_event(callback_of(watching));
    }
};

} // namespace forest

#endif
