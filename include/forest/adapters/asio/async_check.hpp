// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP
#define FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>

#include <memory>
#include <type_traits>
#include <utility>

// One check, once, for code that lives in Asio: with a callback, a future or a coroutine.

namespace forest {

/// One check to perform.
struct single_check {
    url target{};
    duration timeout = options{}.timeout; ///< one deadline for the whole check; greater than 0
    transport_options transport{};
};

namespace detail {

template <signer Signer, typename Handler>
struct check_operation : std::enable_shared_from_this<check_operation<Signer, Handler>> {
    using handler_executor = asio::associated_executor_t<Handler, asio::any_io_executor>;

    check_operation(const asio::any_io_executor& executor, single_check&& check, Signer&& by,
                    Handler&& then)
        : clock{executor}, transport{clock, check.transport}, signer{std::move(by)},
          handler{std::move(then)}, work{asio::get_associated_executor(handler, executor)} {
        asked.target = std::move(check.target);
    }

    void start(duration timeout) {
        const wall_time at = clock.now();
        signer.sign(asked, at, asked.fields);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.assign([operation = this->weak_from_this()](auto) {
                if (const auto alive = operation.lock())
                    alive->transport.cancel();
            });
        transport.async_get(asked, timeout,
                            [self = this->shared_from_this(), at](const reply& answer) {
                                self->complete(conclude(answer, at));
                            });
    }

    void complete(const verdict& result) {
        auto executor = work.get_executor();
        asio::dispatch(executor, [handler = std::move(handler), result]() mutable {
            std::move(handler)(result);
        });
        work.reset();
    }

    asio_clock clock;
    asio_transport transport;
    Signer signer;
    Handler handler;
    asio::executor_work_guard<handler_executor> work;
    request asked;
};

} // namespace detail

/// Performs one check and completes with its verdict; an unhealthy server is a result, not an
/// exception. Any completion token serves: a callback `void(forest::verdict)`, `asio::use_future`,
/// `asio::use_awaitable`. Cancelling through the token's slot completes with
/// `errc::operation_canceled`. Throws std::system_error(errc::tls_configuration_invalid) if a
/// certificate file cannot be used.
template <signer Signer, typename Token>
auto async_check(const asio::any_io_executor& executor, single_check check, Signer by,
                 Token&& token) {
    return asio::async_initiate<Token, void(verdict)>(
        [executor](auto handler, single_check&& what, Signer&& signer) {
            using operation = detail::check_operation<Signer, std::decay_t<decltype(handler)>>;
            const duration timeout = what.timeout;
            std::make_shared<operation>(executor, std::move(what), std::move(signer),
                                        std::move(handler))
                ->start(timeout);
        },
        token, std::move(check), std::move(by));
}

} // namespace forest

#endif
