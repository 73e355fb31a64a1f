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

#include <concepts>
#include <memory>
#include <mutex>
#include <utility>

// The addresses of names, for the transports of an execution context.

namespace forest::inline FOREST_FORM {

namespace detail {

/// Closes the directories of an execution context when the context ends.
class names_service_base : public asio::execution_context::service {
public:
    explicit names_service_base(asio::execution_context& context);
    names_service_base(const names_service_base&) = delete;
    names_service_base& operator=(const names_service_base&) = delete;
    ~names_service_base() override;

    void add(const std::shared_ptr<name_directory>& own);

protected:
    std::mutex mutex_;
    std::shared_ptr<name_directory> shared_;

private:
    struct known {
        std::weak_ptr<name_directory> directory;
        known* next;
    };

    void shutdown() noexcept override;

    known* own_ = nullptr;
};

template <resolver Resolver>
class names_service final : public names_service_base {
public:
    inline static asio::execution_context::id id;

    using names_service_base::names_service_base;

    /// Returns the directory that all clients of the context share.
    [[nodiscard]] std::shared_ptr<name_directory> shared() {
        const std::lock_guard lock{mutex_};
        if (shared_ == nullptr)
            shared_.reset(new basic_name_directory<Resolver>{resolver_limits{}});
        return shared_;
    }
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

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_names.ipp>
#endif

#endif
