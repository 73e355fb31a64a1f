// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_NAMES_IMPL_NAME_DIRECTORY_IPP
#define FOREST_DETAIL_NAMES_IMPL_NAME_DIRECTORY_IPP

#include <forest/detail/names/name_directory.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL name_state name_directory::ask(std::string_view name, bool after_failed_connect,
                                           name_waiter& waiter) {
    name_state state = name_state::failed;
    {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            waiter.error = errc::resolver_unavailable;
            return state;
        }
        state = book_.ask(name, after_failed_connect, waiter, std::chrono::steady_clock::now(),
                          [this](std::string_view host) { return is_local(host); });
        if (!book_.has_next())
            return state;
    }
    begin_all();
    return state;
}

FOREST_DECL FOREST_COLD void name_directory::lose_patience(name_waiter& waiter) noexcept {
    const std::lock_guard lock{mutex_};
    book_.lose_patience(waiter);
}

FOREST_DECL FOREST_COLD void name_directory::leave(name_waiter& waiter) noexcept {
    const std::lock_guard lock{mutex_};
    book_.leave(waiter);
}

FOREST_DECL FOREST_COLD void name_directory::used(std::string_view name, const ip_address& address,
                                                  bool answered) noexcept {
    const std::lock_guard lock{mutex_};
    book_.used(name, address, answered);
}

FOREST_DECL FOREST_COLD void name_directory::close() noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (std::exchange(closed_, true))
            return;
        book_.forget_waiters();
    }
    end();
}

FOREST_DECL FOREST_COLD name_statistics name_directory::statistics() const {
    const std::lock_guard lock{mutex_};
    return book_.statistics();
}

FOREST_DECL FOREST_COLD void name_directory::ended(entry& lookup,
                                                   const resolution& found) noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (closed_)
            return;
        book_.answered(lookup, found.error, found.addresses, found.lifetime,
                       std::chrono::steady_clock::now());
    }
    begin_all();
}

FOREST_DECL FOREST_COLD void name_directory::begin_all() noexcept {
    for (;;) {
        entry* next = nullptr;
        {
            const std::lock_guard lock{mutex_};
            if (!closed_)
                next = book_.next();
        }
        if (next == nullptr)
            return;
        try {
            begin(*next);
        } catch (...) { // There is too little memory, or no thread.
            const std::lock_guard lock{mutex_};
            if (!closed_)
                book_.answered(*next, errc::local_resources_exhausted, {}, {},
                               std::chrono::steady_clock::now());
        }
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
