// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVABLE_HPP
#define FOREST_POLICY_OBSERVABLE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/policy/observer.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

// Whoever can call a function for each event can tell an observer of it.

namespace forest {

/// Lets observers listen to a `Source`, which derives from this and has
/// `on_event(unique_function<void(const event&)>)`, where it says `using
/// observable<Source>::on_event`.
template <typename Source>
class observable {
public:
    /// For every event, as with a function. The observer is moved into the source; `std::ref(mine)`
    /// leaves it where it is, and then it must outlive the polling.
    ///
    /// Takes whatever else is no function, too, so that the compiler can say in its first line what
    /// is wrong with it; a constraint would only list all that could have been called.
    template <typename Observer>
        requires(!std::convertible_to<Observer, detail::unique_function<void(const event&)>> ||
                 (detail::has_on_event<Observer> && !std::is_lvalue_reference_v<Observer>))
    void on_event(Observer&& watching) {
        using given = std::remove_cvref_t<Observer>;
        using watcher = std::unwrap_reference_t<given>;
        constexpr bool stays = !std::same_as<given, watcher>;
        if constexpr (!detail::has_on_event<watcher>)
            static_assert(observer<watcher>,
                          "on_event takes a function void(const forest::event&), or an observer, "
                          "which has void on_event(const forest::event&) noexcept: is its name or "
                          "its parameter misspelt?");
        else if constexpr (!noexcept(
                               std::declval<watcher&>().on_event(std::declval<const event&>())))
            static_assert(observer<watcher>,
                          "an observer's on_event(const forest::event&) must be noexcept");
        else if constexpr (!stays && std::is_lvalue_reference_v<Observer>)
            static_assert(!std::is_lvalue_reference_v<Observer>,
                          "give the observer away with std::move(observer), or keep it with "
                          "std::ref(observer)");
        else if constexpr (stays)
            static_cast<Source&>(*this).on_event(callback_of(watching));
        else
            static_cast<Source&>(*this).on_event(callback_of(std::move(watching)));
    }
};

} // namespace forest

#endif
