// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_NAMES_NAME_DIRECTORY_HPP
#define FOREST_DETAIL_NAMES_NAME_DIRECTORY_HPP

#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>

#include <chrono>
#include <concepts>
#include <mutex>
#include <string_view>
#include <utility>

// The names that several clients share: a name book, its resolver, and a lock around the book.

namespace forest::inline FOREST_FORM::detail {

/// The names of one execution context, with any resolver. Thread-safe.
class name_directory {
public:
    explicit name_directory(const resolver_limits& limits) : book_{limits} {}
    name_directory(const name_directory&) = delete;
    name_directory& operator=(const name_directory&) = delete;
    virtual ~name_directory() = default;

    /// Asks for the addresses of `name`, like `name_book::ask`. `answered()` of the waiter is
    /// called on any thread and with a lock held, so it must not call this directory. Do not read
    /// the waiter before `answered()` was called or the waiter has left. Throws std::bad_alloc;
    /// then nothing changed.
    [[nodiscard]] name_state ask(std::string_view name, bool after_failed_connect,
                                 name_waiter& waiter);

    /// Like `leave`, for a waiter that uses the last good addresses.
    void lose_patience(name_waiter& waiter) noexcept;

    /// After this call, `answered()` of the waiter is not running and will not be called.
    void leave(name_waiter& waiter) noexcept;

    /// Like `name_book::used`.
    void used(std::string_view name, const ip_address& address, bool answered) noexcept;

    /// Ends all look-ups and the threads of the resolver. No `answered()` is called after that.
    /// Call it once, and not from `answered()`.
    void close() noexcept;

    [[nodiscard]] const resolver_limits& limits() const noexcept { return book_.limits(); }

    /// Returns the counts of what was done so far.
    [[nodiscard]] name_statistics statistics() const;

protected:
    using entry = name_book::entry;

    virtual bool is_local(std::string_view name) noexcept = 0;
    virtual void begin(entry& lookup) = 0; // calls `ended` later, or throws
    virtual void end() noexcept = 0;

    void ended(entry& lookup, const resolution& found) noexcept;

private:
    // Calls the resolver without the lock, because it may have locks of its own.
    void begin_all() noexcept;

    mutable std::mutex mutex_;
    name_book book_;
    bool closed_ = false;
};

/// A directory of names with its resolver.
template <resolver Resolver>
class basic_name_directory final : public name_directory {
public:
    /// Makes the resolver from `limits` and `arguments`, or from `arguments` alone if the
    /// resolver's constructor takes no limits.
    template <typename... Arguments>
    explicit basic_name_directory(const resolver_limits& limits, Arguments&&... arguments)
        : name_directory{limits}, resolver_{make(limits, std::forward<Arguments>(arguments)...)} {}

    ~basic_name_directory() override { close(); }

private:
    template <typename... Arguments>
    static Resolver* make(const resolver_limits& limits, Arguments&&... arguments) {
        if constexpr (std::constructible_from<Resolver, const resolver_limits&, Arguments...>)
            return new Resolver(limits, std::forward<Arguments>(arguments)...);
        else
            return new Resolver(std::forward<Arguments>(arguments)...);
    }

    bool is_local(std::string_view name) noexcept override {
        if constexpr (local_resolver<Resolver>)
            return resolver_->answers_locally(name);
        else
            return false;
    }

    void begin(entry& lookup) override {
        resolver_->async_resolve(
            lookup.name, [this, &lookup](const resolution& found) { ended(lookup, found); });
    }

    // The destructor waits for handlers that are running, and they may still use the pointer.
    void end() noexcept override { delete resolver_; }

    Resolver* const resolver_; // owned until `end`
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/names/impl/name_directory.ipp>
#endif

#endif
