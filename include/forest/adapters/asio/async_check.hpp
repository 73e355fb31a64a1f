// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP
#define FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/connection.hpp>
#include <forest/adapters/asio/own_footing.hpp>
#include <forest/adapters/asio/transport_options.hpp>
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
#include <asio/cancellation_type.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>

#include <memory>
#include <system_error>
#include <utility>

// One check, once, for code that lives in Asio: with a callback, a future or a coroutine.

namespace forest {

/// One check to perform.
struct single_check {
    url target{};
    /// One deadline for the whole check. Greater than 0, at most `options::duration_max`.
    duration timeout = options{}.timeout;
    transport_options transport{};
};

namespace detail {

// Owned by what the connection has pending, and never the other way round: a context that ends
// early frees both.
template <typename Handler>
struct check_operation {
    using handler_executor = asio::associated_executor_t<Handler, asio::any_io_executor>;

    check_operation(const asio::any_io_executor& executor, Handler&& then)
        : handler{std::move(then)}, work{asio::get_associated_executor(handler, executor)} {}

    void complete(const verdict& result) {
        auto executor = work.get_executor();
        asio::dispatch(executor, [handler = std::move(handler), result]() mutable {
            std::move(handler)(result);
        });
        work.reset();
    }

    request asked;
    Handler handler;
    asio::executor_work_guard<handler_executor> work;
};

struct initiate_check {
    template <typename Handler, signer Signer>
    void operator()(Handler handler, std::shared_ptr<connection<own_footing>> carrier,
                    asio_clock clock, url target, Signer by) const {
        const auto operation =
            std::make_shared<check_operation<Handler>>(clock.get_executor(), std::move(handler));
        operation->asked.target = std::move(target);
        by.sign(operation->asked, clock.now(), operation->asked.fields);
        if (auto slot = asio::get_associated_cancellation_slot(operation->handler);
            slot.is_connected())
            slot.assign([pending = std::weak_ptr{carrier}](asio::cancellation_type) {
                if (const auto alive = pending.lock())
                    alive->cancel();
            });
        carrier->get(operation->asked, timeout, [operation, clock](const reply& answer) {
            operation->complete(conclude(answer, clock.now()));
        });
    }

    duration timeout;
};

} // namespace detail

/// Performs one check and completes with its verdict; an unhealthy server is a result, not an
/// exception. Any completion token serves: a callback `void(forest::verdict)`, `asio::use_future`,
/// `asio::use_awaitable`. Cancelling through the token's slot completes with
/// `errc::operation_canceled`. Throws std::system_error from the call itself: with
/// `errc::invalid_timeout` if the timeout is out of its range, with
/// `errc::tls_configuration_invalid` if a certificate file cannot be used.
template <signer Signer, typename Token>
auto async_check(const asio::any_io_executor& executor, single_check check, Signer by,
                 Token&& token) {
    if (const std::error_code fault = options{.timeout = check.timeout}.validate())
        throw std::system_error{fault};
    // Made before the operation begins: where a coroutine initiates it, nothing may throw.
    asio_clock clock{executor};
    auto carrier = std::make_shared<detail::connection<detail::own_footing>>(clock.serializer(),
                                                                             check.transport);
    return asio::async_initiate<Token, void(verdict)>(detail::initiate_check{check.timeout}, token,
                                                      std::move(carrier), std::move(clock),
                                                      std::move(check.target), std::move(by));
}

} // namespace forest

#endif
