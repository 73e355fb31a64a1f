// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CARES_CARES_RESOLVER_HPP
#define FOREST_ADAPTERS_CARES_CARES_RESOLVER_HPP

#include <forest/adapters/cares/detail/cares_channel.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/adapters/posix/file_version.hpp>
#include <forest/adapters/posix/fork_mark.hpp>
#include <forest/adapters/posix/hosts_file.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// Looks names up with c-ares, which asks name servers without blocking.

namespace forest::inline FOREST_FORM {

/// The options of a cares_resolver.
struct cares_options {
    /// The name servers as `address[:port]`, with commas between them. An IPv6 address with a port
    /// is in brackets. If `servers` is empty, the name servers of `configuration` are used.
    std::string servers{};

    /// How long the first try waits for an answer; each round of tries waits longer. Greater than
    /// 0.
    duration timeout = std::chrono::seconds{2};

    /// How often each server is asked. At least 1.
    int tries = 2;

    /// The hosts file. Look-ups of its names do not wait for other look-ups. c-ares itself always
    /// reads /etc/hosts.
    std::string hosts = "/etc/hosts";

    /// The file with the name servers, the domains to search and the options, in the form of
    /// resolv.conf(5). It is read again when it has changed.
    std::string configuration = "/etc/resolv.conf";
};

/// A resolver that leaves no thread behind: it has one thread, which never blocks and which the
/// destructor joins, except in a child process, where it does not exist. So it works in libraries
/// that are unloaded. It knows how long an answer may be used. It uses only the hosts file and name
/// servers, and no other source from /etc/nsswitch.conf. Models `resolver` and `local_resolver`.
/// All members may be called from any thread; handlers run on the thread of the resolver.
class cares_resolver {
public:
    /// Throws std::system_error, with std::errc::invalid_argument if the options cannot be used, or
    /// with another code if c-ares cannot be set up.
    explicit cares_resolver(cares_options options = {});

    cares_resolver(const cares_resolver&) = delete;
    cares_resolver& operator=(const cares_resolver&) = delete;

    ~cares_resolver();

    /// Throws std::bad_alloc, or std::system_error if the system has no thread or descriptor.
    template <typename Handler>
    void async_resolve(std::string_view name, Handler&& handler) {
        question lookup{std::string{name}, std::forward<Handler>(handler)};
        const std::lock_guard lock{mutex_};
        if (ended_)
            return;
        if (thread_ == nullptr)
            begin();
        asked_.push_back(std::move(lookup));
        wake();
    }

    [[nodiscard]] bool answers_locally(std::string_view name) noexcept {
        return hosts_.contains(name);
    }

private:
    using handler_type = detail::unique_function<void(const resolution&)>;

    struct question {
        std::string name;
        handler_type handler;
    };

    // Under the lock.
    void begin();

    void wake() const noexcept;

    // -- On the thread --

    void work() noexcept;

    void look_up(question& next) noexcept;

    [[nodiscard]] std::unique_ptr<detail::cares_channel> make_channel() const;

    // Running look-ups keep the servers with which they began.
    detail::cares_channel& newest_channel();

    void wait(std::vector<pollfd>& watched) noexcept;

    const fork_mark made_;
    const cares_options options_;
    hosts_file hosts_;
    std::mutex mutex_;
    bool ended_ = false;
    int wake_ = -1;
    std::vector<question> asked_;
    file_version configuration_; // the version that the newest channel has read
    std::vector<std::unique_ptr<detail::cares_channel>> channels_; // the last one gets new look-ups
    std::unique_ptr<std::thread> thread_;                          // once it was needed
};

static_assert(local_resolver<cares_resolver>);

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/cares/impl/cares_resolver.ipp>
#endif

#endif
