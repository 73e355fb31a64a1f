// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CARES_IMPL_CARES_RESOLVER_IPP
#define FOREST_ADAPTERS_CARES_IMPL_CARES_RESOLVER_IPP

#include <forest/adapters/cares/cares_resolver.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL cares_resolver::cares_resolver(cares_options options)
    : options_{std::move(options)}, hosts_{options_.hosts} {
    (void)make_channel();
}

FOREST_DECL cares_resolver::~cares_resolver() {
    if (made_.in_child()) {
        // The thread does not exist here. It may have held the lock, or have changed a channel.
        (void)thread_.release();
        for (auto& each : channels_)
            (void)each.release();
        if (wake_ >= 0)
            ::close(wake_);
        return;
    }
    {
        const std::lock_guard lock{mutex_};
        ended_ = true;
        wake();
    }
    if (thread_ != nullptr)
        thread_->join();
    if (wake_ >= 0)
        ::close(wake_);
}

FOREST_DECL void cares_resolver::begin() {
    if (wake_ < 0)
        wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0)
        throw std::system_error{errno, std::system_category(), "eventfd"};
    const signals_blocked for_the_thread;
    thread_ = std::make_unique<std::thread>([this] { work(); });
}

FOREST_DECL void cares_resolver::wake() const noexcept {
    const std::uint64_t increment = 1;
    if (wake_ >= 0)
        (void)!::write(wake_, &increment, sizeof increment);
}

FOREST_DECL void cares_resolver::work() noexcept {
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

FOREST_DECL void cares_resolver::look_up(question& next) noexcept {
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

FOREST_DECL std::unique_ptr<detail::cares_channel> cares_resolver::make_channel() const {
    return std::make_unique<detail::cares_channel>(options_.servers, options_.configuration,
                                                   options_.timeout, options_.tries);
}

FOREST_DECL detail::cares_channel& cares_resolver::newest_channel() {
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

FOREST_DECL void cares_resolver::wait(std::vector<pollfd>& watched) noexcept {
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

} // namespace forest::inline FOREST_FORM

#endif
