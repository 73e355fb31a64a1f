// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_GETADDRINFO_RESOLVER_HPP
#define FOREST_ADAPTERS_POSIX_GETADDRINFO_RESOLVER_HPP

#include <forest/adapters/posix/address_of.hpp>
#include <forest/adapters/posix/detail/lookup_threads.hpp>
#include <forest/adapters/posix/hosts_file.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>

#include <netdb.h>

#include <cerrno>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Looks names up as the system does, in the order of /etc/nsswitch.conf.

namespace forest::inline FOREST_FORM {

/// Returns the error for a code of getaddrinfo, which is not 0. `error` is errno, for EAI_SYSTEM.
/// The table is in docs/reference/resolver.md.
[[nodiscard]] FOREST_DECL errc resolve_error(int code, int error) noexcept;

/// The default resolver of forest's transports: `getaddrinfo` on threads of its own. There are no
/// threads before the first look-up and after 10 idle seconds. Models `resolver` and
/// `local_resolver`. All members may be called from any thread.
///
/// A call of getaddrinfo cannot be interrupted. The destructor does not wait for a running call:
/// its thread is left behind, uses only memory of its own, and ends with the call. The end of a
/// program does not wait for this thread either. In a child process the destructor does nothing. A
/// library that will be unloaded must not leave a thread behind. Use cares_resolver in such a
/// library.
class getaddrinfo_resolver {
public:
    /// `hosts` is the hosts file. Look-ups of its names do not wait for other look-ups. The system
    /// itself makes the look-ups.
    explicit getaddrinfo_resolver(std::string hosts = "/etc/hosts")
        : getaddrinfo_resolver{resolver_limits{}, std::move(hosts)} {}

    /// Has at most one thread for each look-up that a name book with these limits has under way.
    explicit getaddrinfo_resolver(const resolver_limits& limits, std::string hosts = "/etc/hosts");

    getaddrinfo_resolver(const getaddrinfo_resolver&) = delete;
    getaddrinfo_resolver& operator=(const getaddrinfo_resolver&) = delete;

    ~getaddrinfo_resolver();

    /// Throws std::bad_alloc, or std::system_error if the system has no thread.
    template <typename Handler>
    void async_resolve(std::string_view name, Handler&& handler) {
        const bool possible = name.size() <= detail::lookup_threads::name_bytes_max &&
                              name.find('\0') == std::string_view::npos;
        detail::owner<lookup> context{new lookup(std::forward<Handler>(handler))};
        if (threads_->look_up(possible ? name : std::string_view{}, context.get()))
            (void)context.release();
    }

    [[nodiscard]] bool answers_locally(std::string_view name) noexcept {
        return hosts_.contains(name);
    }

private:
    using lookup = detail::unique_function<void(const resolution&)>;

    static void deliver(void*, detail::lookup_job& ended) noexcept;

    hosts_file hosts_;
    detail::lookup_threads* const threads_; // frees itself after `end`, but not in a child
};

static_assert(local_resolver<getaddrinfo_resolver>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/getaddrinfo_resolver.ipp>
#endif

#endif
