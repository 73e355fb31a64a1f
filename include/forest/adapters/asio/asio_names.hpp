// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_NAMES_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_NAMES_HPP

#include <forest/adapters/asio/executor_source.hpp>
#include <forest/adapters/posix/getaddrinfo_resolver.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <algorithm>
#include <concepts>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

// The addresses of names, for the transports of an execution context.

namespace forest::inline FOREST_FORM {

namespace detail {

/// Closes the directories of an execution context when the context ends.
template <resolver Resolver>
class names_service final : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id;

    explicit names_service(asio::execution_context& context)
        : asio::execution_context::service{context} {}

    /// Returns the directory that all clients of the context share.
    [[nodiscard]] std::shared_ptr<name_directory> shared() {
        const std::lock_guard lock{mutex_};
        if (shared_ == nullptr)
            shared_ = std::make_shared<basic_name_directory<Resolver>>(resolver_limits{});
        return shared_;
    }

    void add(const std::shared_ptr<name_directory>& own) {
        const std::lock_guard lock{mutex_};
        own_.erase(std::remove_if(own_.begin(), own_.end(),
                                  [](const auto& each) { return each.expired(); }),
                   own_.end());
        own_.push_back(own);
    }

private:
    void shutdown() noexcept override {
        if (shared_ != nullptr)
            shared_->close();
        for (const auto& each : own_)
            if (const auto alive = each.lock())
                alive->close();
    }

    std::mutex mutex_;
    std::shared_ptr<name_directory> shared_;
    std::vector<std::weak_ptr<name_directory>> own_;
};

} // namespace detail

/// The names that several transports share: the known addresses of each name, and the resolver that
/// looks names up. Copies share the same names. The names end with their execution context, or with
/// the last transport or copy that uses them.
///
/// Thread-safe.
template <typename Resolver>
class basic_asio_names {
    static_assert(resolver<Resolver>);

public:
    /// The names that all clients of the executor's context with this kind of resolver share.
    explicit basic_asio_names(const executor_source& source)
        requires std::default_initializable<Resolver>
        : directory_{service(source.get()).shared()} {}

    /// Separate names, with a resolver that is made from `arguments`. Throws what its constructor
    /// throws. Use them only with transports on the same context.
    template <typename... Arguments>
        requires std::constructible_from<Resolver, Arguments...>
    basic_asio_names(const executor_source& source, const resolver_limits& limits,
                     Arguments&&... arguments)
        : directory_{std::make_shared<detail::basic_name_directory<Resolver>>(
              limits, std::forward<Arguments>(arguments)...)} {
        service(source.get()).add(directory_);
    }

    /// The work done so far for all users of these names.
    [[nodiscard]] name_statistics statistics() const { return directory_->statistics(); }

    /// For transports.
    [[nodiscard]] const std::shared_ptr<detail::name_directory>& directory() const noexcept {
        return directory_;
    }

private:
    static detail::names_service<Resolver>& service(const asio::any_io_executor& executor) {
        return asio::use_service<detail::names_service<Resolver>>(
            asio::query(executor, asio::execution::context));
    }

    std::shared_ptr<detail::name_directory> directory_;
};

/// The usual names: they are looked up as the system does.
using asio_names = basic_asio_names<getaddrinfo_resolver>;

} // namespace forest::inline FOREST_FORM

#endif
