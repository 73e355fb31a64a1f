// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP
#define FOREST_ADAPTERS_ASIO_ASYNC_CHECK_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/detail/get/get_operation.hpp>
#include <forest/adapters/asio/detail/get/standalone_io.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/executor_source.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/core/detail/logic/option_mistake.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/health_probe.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

// A single check, for code that uses Asio: with a callback, a future or a coroutine.

namespace forest::inline FOREST_FORM {

namespace detail {

// Stores its own address at construction. If an aggregate is written inside a `co_await`, g++ 12
// makes each member as a temporary, copies its bytes into the aggregate, and destroys both objects.
// Only such a copy is at another address than the stored one.
class birthplace {
public:
    birthplace() noexcept : self_{this} {}
    birthplace(const birthplace&) noexcept : birthplace{} {}
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): nothing is assigned.
    birthplace& operator=(const birthplace&) noexcept { return *this; }
    ~birthplace() = default;

    [[nodiscard]] bool left() const noexcept { return self_ != this; }

private:
    const birthplace* self_;
};

} // namespace detail

/// One check to perform.
struct single_check {
    url target{};
    /// One deadline for the whole check. Greater than 0, at most `options::duration_max`.
    duration timeout = options{}.timeout;
    transport_options transport{};

    /// Only for the library: `async_check` uses it to repair a fault of g++ 12 in `co_await
    /// async_check(…, {.target = …}, …)`.
    detail::birthplace constructed_at{};
};

namespace detail {

// Returns the check that the caller passed. If its members are copies of bytes, their temporaries
// are still alive, and the caller destroys members and temporaries. So this function copies the
// members. Then it replaces them by empty ones, without a destructor call.
FOREST_DECL single_check take(single_check& passed);

// The data of a check that does not depend on the handler. It is made before the operation begins:
// when a coroutine begins the operation, nothing may throw.
struct check_state {
    check_state(const asio::any_io_executor& executor, single_check&& check)
        : clock{executor}, timeout{check.timeout} {
        check_request.target = std::move(check.target);
    }

    asio_clock clock;
    duration timeout;
    request check_request;
    bool signature_sent = false;
    verdict result;
    handler_memory memory; // of the operation and of its completion
};

// Allocates in the state of a check, and keeps that state alive.
template <typename T>
class state_allocator {
public:
    using value_type = T;

    explicit state_allocator(std::shared_ptr<check_state> state) noexcept
        : state_{std::move(state)} {}

    template <typename Other>
    state_allocator(const state_allocator<Other>& other) noexcept : state_{other.state_} {}

    T* allocate(std::size_t count) {
        return static_cast<T*>(state_->memory.allocate(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t) noexcept { state_->memory.deallocate(memory); }

    friend bool operator==(const state_allocator&, const state_allocator&) = default;

private:
    template <typename>
    friend class state_allocator;

    std::shared_ptr<check_state> state_;
};

// The pending operations of the connection own this object, and it owns none of them. So a context
// that ends early frees both.
template <typename Handler>
struct check_operation : std::enable_shared_from_this<check_operation<Handler>> {
    using handler_executor = asio::associated_executor_t<Handler, asio::any_io_executor>;
    using std::enable_shared_from_this<check_operation>::shared_from_this;

    check_operation(std::shared_ptr<check_state> shared, Handler&& then)
        : state{std::move(shared)},
          handler{std::move(then)},
          work{asio::get_associated_executor(handler, state->clock.get_executor())} {}

    void complete() {
        auto executor = work.get_executor();
        try {
            dispatch_owned(executor, owned_handler{shared_from_this(), state->memory,
                                                   [](check_operation& self) { self.call(); }});
        } catch (const std::bad_alloc&) {
            // Only an executor that is not one of Asio can lack memory here.
            state->clock.async_wait(
                memory_pause, [self = shared_from_this()](std::error_code) { self->complete(); });
        }
    }

    void call() {
        const verdict result = state->result;
        auto function = std::move(handler);
        const auto keeps_running = std::move(work);
        std::move(function)(result);
    }

    // Calls `completion` at once if this thread already runs the executor.
    template <typename Executor, typename Completion>
    void dispatch_owned(const Executor& executor, Completion completion) {
        if constexpr (std::same_as<Executor, asio::any_io_executor>) {
            if (executor == state->clock.get_executor())
                return completion();
            if (const auto* const direct = target_of<io_executor>(executor))
                return asio::dispatch(*direct, std::move(completion));
        }
        asio::dispatch(executor, std::move(completion));
    }

    using io_executor = asio::io_context::executor_type;

    std::shared_ptr<check_state> state;
    Handler handler;
    asio::executor_work_guard<handler_executor> work;
};

struct initiate_check {
    // Throws std::bad_alloc only if the handler is larger than a block of `handler_memory`.
    template <typename Handler, signer Signer, typename Probe>
    void operator()(Handler handler, const std::shared_ptr<get_operation<standalone_io>>& carrier,
                    const std::shared_ptr<check_state>& state, Signer signer, Probe probe) const {
        const auto operation = std::allocate_shared<check_operation<Handler>>(
            state_allocator<check_operation<Handler>>{state}, state, std::move(handler));
        auto ended = [operation, probe](const reply& answer) {
            check_state& own = *operation->state;
            own.result = probe.judge(answer, own.clock.now());
            own.result.signature_sent = own.signature_sent;
            operation->complete();
        };
        try {
            probe.prepare(state->check_request);
            const timestamp_offset offset{random_generator::seeded(
                state->check_request.target.text(), state->clock.steady_now())};
            state->signature_sent = sign_at(signer, state->check_request,
                                            offset.precise(offset.before(state->clock.now())),
                                            state->check_request.fields);
            if (auto slot = asio::get_associated_cancellation_slot(operation->handler);
                slot.is_connected())
                slot.assign([pending = std::weak_ptr{carrier}](asio::cancellation_type) {
                    if (const auto alive = pending.lock())
                        alive->cancel();
                });
        } catch (const std::bad_alloc&) {
            return carrier->refuse(errc::local_resources_exhausted, std::move(ended));
        }
        carrier->get(state->check_request, state->timeout, std::move(ended));
    }
};

// The members of a `single_check`, with values of any type.
struct check_of_wrong_types {
    any_member target{};
    any_duration timeout{};
    transport_options transport{};
};

// An argument of this type needs a conversion. So the overloads with a `Signer` match better.
struct any_signer {
    template <typename Signer>
        requires signer<std::remove_cvref_t<Signer>>
    constexpr any_signer(Signer&&) noexcept {}
};

} // namespace detail

/// Performs one check and completes with its verdict; an unhealthy server is a result, not an
/// exception. Accepts any completion token: a callback `void(forest::verdict)`, `asio::use_future`,
/// `asio::use_awaitable`. A check that the token's slot cancels completes with
/// `errc::operation_canceled`. Throws std::system_error from the call itself: with
/// `errc::invalid_timeout` if the timeout is out of its range, with
/// `errc::tls_configuration_invalid` if a certificate file cannot be used.
///
/// Inside a `co_await`, g++ 12 destroys the members of a `transport_options{…}` twice. So make a
/// variable of type `single_check` if you need TLS files.
template <signer Signer, probe Probe, typename Token>
auto async_check(const executor_source& executor, single_check passed, Signer signer, Probe probe,
                 Token&& token) {
    static_assert(detail::probe_fits<Probe, asio_transport>::value);
    single_check check = detail::take(passed);
    if (const std::error_code fault = options{.timeout = check.timeout}.validate())
        throw std::system_error{fault};
    const transport_options transport = std::move(check.transport);
    auto state = std::make_shared<detail::check_state>(executor.get(), std::move(check));
    auto carrier = std::make_shared<detail::get_operation<detail::standalone_io>>(
        state->clock.serializer(), transport, asio_names{executor.get()}.directory());
    return asio::async_initiate<Token, void(verdict)>(detail::initiate_check{}, token,
                                                      std::move(carrier), std::move(state),
                                                      std::move(signer), std::move(probe));
}

/// The same with the usual probe.
template <signer Signer, typename Token>
auto async_check(const executor_source& executor, single_check passed, Signer signer,
                 Token&& token) {
    return async_check(executor, detail::take(passed), std::move(signer), probes::health{},
                       std::forward<Token>(token));
}

/// Performs one check of a URL, with a timeout and without TLS files: `async_check(executor,
/// "http://localhost:3000/forest/health", 2s, signer, token)`.
template <signer Signer, typename Token>
auto async_check(const executor_source& executor, url target, duration timeout, Signer signer,
                 Token&& token) {
    return async_check(executor, single_check{.target = std::move(target), .timeout = timeout},
                       std::move(signer), std::forward<Token>(token));
}

// These say what is wrong with a braced check, or with the timeout. They return `auto`, so that
// this message comes before errors about the use of the result.
template <typename Token>
auto async_check(const executor_source&, const detail::check_of_wrong_types&, detail::any_signer,
                 Token&&) {
    detail::refuse_options<sizeof(Token)>();
}
template <std::size_t MisspeltOrWithoutUnit>
auto async_check(const executor_source&, const detail::any_member (&)[MisspeltOrWithoutUnit],
                 detail::any_signer, detail::any_member) {
    detail::refuse_options<MisspeltOrWithoutUnit>();
}
template <typename Token>
auto async_check(const executor_source&, const url&, detail::any_duration, detail::any_signer,
                 Token&&) {
    static_assert(sizeof(Token) == 0, "the timeout of a check needs a unit, as in 3s or 500ms");
}

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/async_check.ipp>
#endif

#endif
