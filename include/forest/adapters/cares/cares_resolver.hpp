// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CARES_CARES_RESOLVER_HPP
#define FOREST_ADAPTERS_CARES_CARES_RESOLVER_HPP

#include <forest/adapters/cares/detail/cares_channel.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/adapters/posix/file_version.hpp>
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
/// destructor joins. So it works in libraries that are unloaded. It knows how long an answer may be
/// used. It uses only the hosts file and name servers, and no other source from /etc/nsswitch.conf.
/// Models `resolver` and `local_resolver`. All members may be called from any thread; handlers run
/// on the thread of the resolver.
class cares_resolver {
public:
    /// Throws std::system_error, with std::errc::invalid_argument if the options cannot be used, or
    /// with another code if c-ares cannot be set up.
    explicit cares_resolver(cares_options options = {})
        : options_{std::move(options)}, hosts_{options_.hosts} {
        (void)make_channel();
    }

    cares_resolver(const cares_resolver&) = delete;
    cares_resolver& operator=(const cares_resolver&) = delete;

    ~cares_resolver() {
        {
            const std::lock_guard lock{mutex_};
            ended_ = true;
            wake();
        }
        if (thread_.joinable())
            thread_.join();
        if (wake_ >= 0)
            ::close(wake_);
    }

    /// Throws std::bad_alloc, or std::system_error if the system has no thread or descriptor.
    template <typename Handler>
    void async_resolve(std::string_view name, Handler&& handler) {
        question lookup{std::string{name}, std::forward<Handler>(handler)};
        const std::lock_guard lock{mutex_};
        if (ended_)
            return;
        if (!thread_.joinable())
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
    void begin() {
        if (wake_ < 0)
            wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (wake_ < 0)
            throw std::system_error{errno, std::system_category(), "eventfd"};
        const signals_blocked for_the_thread;
        thread_ = std::thread{[this] { work(); }};
    }

    void wake() const noexcept {
        const std::uint64_t increment = 1;
        if (wake_ >= 0)
            (void)!::write(wake_, &increment, sizeof increment);
    }

    // -- On the thread --

    void work() noexcept {
        std::vector<question> taken;
        std::vector<pollfd> watched;
        for (;;) {
            {
                const std::lock_guard lock{mutex_};
                if (ended_)
                    break;
                taken.swap(asked_);
            }
            for (question& each : taken)
                look_up(each);
            taken.clear();
            wait(watched);
        }
        channels_.clear(); // The remaining handlers are not called.
    }

    void look_up(question& next) noexcept {
        try {
            const bool local = hosts_.contains(next.name);
            newest_channel().look_up(next.name, local, std::move(next.handler));
        } catch (...) { // There is no memory or no descriptor.
            if (!next.handler)
                return; // c-ares has the handler.
            resolution nothing;
            nothing.error = errc::local_resources_exhausted;
            next.handler(nothing);
        }
    }

    [[nodiscard]] std::unique_ptr<detail::cares_channel> make_channel() const {
        return std::make_unique<detail::cares_channel>(options_.servers, options_.configuration,
                                                       options_.timeout, options_.tries);
    }

    // Running look-ups keep the servers with which they began.
    detail::cares_channel& newest_channel() {
        const auto found = file_version::of(options_.configuration);
        if (channels_.empty() || found != configuration_) {
            auto made = make_channel();
            if (lacks_descriptor()) // c-ares ignores a file that it could not open.
                throw std::system_error{std::make_error_code(std::errc::too_many_files_open)};
            channels_.push_back(std::move(made));
            configuration_ = found;
        }
        return *channels_.back();
    }

    void wait(std::vector<pollfd>& watched) noexcept {
        int timeout = -1;
        try {
            watched.assign(1, {.fd = wake_, .events = POLLIN, .revents = 0});
            for (const auto& each : channels_)
                timeout = each->add_to(watched, timeout);
        } catch (...) { // There is no memory: the thread tries again soon.
            timeout = 10;
        }
        if (::poll(watched.data(), watched.size(), timeout) < 0)
            watched.clear();
        std::uint64_t ignored = 0;
        (void)!::read(wake_, &ignored, sizeof ignored);
        for (std::size_t index = 0; index < channels_.size(); ++index)
            channels_[index]->process(watched);
        while (channels_.size() > 1 && channels_.front()->idle())
            channels_.erase(channels_.begin());
    }

    const cares_options options_;
    hosts_file hosts_;
    std::mutex mutex_;
    bool ended_ = false;
    int wake_ = -1;
    std::vector<question> asked_;
    file_version configuration_; // the version that the newest channel has read
    std::vector<std::unique_ptr<detail::cares_channel>> channels_; // the last one gets new look-ups
    std::thread thread_;
};

static_assert(local_resolver<cares_resolver>);

} // namespace forest::inline FOREST_FORM

#endif
