// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_CLOCK_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_CLOCK_IPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/adapters/asio/failure_reporter.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>

#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <ctime>
#endif

namespace forest::inline FOREST_FORM {

struct asio_clock::state : std::enable_shared_from_this<asio_clock::state> {
    struct wait {
        std::chrono::steady_clock::time_point deadline{};
        std::uint64_t sequence = 0;
        detail::unique_function<void(std::error_code)> handler{};
        wait* first_child = nullptr;
        wait* next = nullptr; // among the children of one wait, or among the free ones
    };

    // The waits in the order of their deadlines: a pairing heap, whose nodes are linked. So moving
    // all waits to another heap needs no memory.
    class wait_heap {
    public:
        // Null if there is none.
        [[nodiscard]] wait* first() const noexcept { return root_; }

        void push(wait& added) noexcept;

        // Removes and returns the first wait. Null if there is none.
        wait* pop() noexcept;

        void take_all(wait_heap& other) noexcept;

    private:
        static wait* merge(wait* left, wait* right) noexcept;

        wait* root_ = nullptr;
    };

    // Ends the due waits.
    class waking_task final : public detail::serial_task {
    public:
        explicit waking_task(state& owner) noexcept : owner_{owner} {}
        void perform() override { owner_.wake(); }
        void abandon() noexcept override {}

    private:
        state& owner_;
    };

    // Comes after the timer.
    class timer_step final : public detail::next_step {
    public:
        explicit timer_step(state& owner) noexcept : owner_{owner} {}
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;

    private:
        state& owner_;
    };

    // Arms the timer again.
    class retry_step final : public detail::next_step {
    public:
        explicit retry_step(state& owner) noexcept : owner_{owner} {}
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;

    private:
        state& owner_;
    };

    // Ends the cancelled waits, one handler after the other.
    class canceling_task final : public detail::serial_task {
    public:
        explicit canceling_task(state& owner) noexcept : owner_{owner} {}
        void perform() override;
        void abandon() noexcept override;

    private:
        state& owner_;
    };

    // A client has one wait, a datasource a few.
    static constexpr std::size_t waits_min = 8;

    using timer_clock = std::chrono::steady_clock;

    explicit state(asio_serializer turns);
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state();

    // Returns whether the new wait is the first to end.
    bool push(std::chrono::steady_clock::time_point deadline,
              detail::unique_function<void(std::error_code)> handler);

    // Removes the first wait and returns its handler; empty if there is no wait. Under the lock.
    detail::unique_function<void(std::error_code)> pop(wait_heap& from) noexcept;

    // The same for the cancelled waits, not under the lock.
    detail::unique_function<void(std::error_code)> pop_canceled() noexcept;

    void arm();

    // Asio keeps all timers of a context in one array, which has to grow at times. Even without
    // memory for that, a wait that has begun must end.
    void try_again();

    void wake_in_turn() { serializer.run(waking, shared_from_this()); }

    // Ends the due waits, one handler at a time and outside the lock. Waits that handlers begin
    // during this call end in a later turn on the executor.
    void wake();

    asio_serializer serializer;
    std::mutex mutex;
    detail::handler_memory memory;
    detail::handler_memory spare_memory; // used when Asio finds no memory
    bool trying_again = false;
    asio::steady_timer timer;
    wait room[waits_min];
    wait* free = nullptr;
    wait_heap waits;
    wait_heap canceled;
    timer_step after_timer{*this};
    retry_step after_pause{*this};
    waking_task waking{*this};
    canceling_task canceling{*this};
    std::uint64_t next_sequence = 0;
};

static_assert(clock<asio_clock>);

FOREST_DECL FOREST_COLD asio_clock::asio_clock(const executor_source& source)
    : state_{std::make_shared<state>(asio_serializer{source.get()})} {}

FOREST_DECL FOREST_COLD asio_clock::asio_clock(const asio_clock& other)
    : state_{std::make_shared<state>(other.state_->serializer)} {}

FOREST_DECL FOREST_COLD asio_clock::asio_clock(asio_clock&&) noexcept = default;

FOREST_DECL FOREST_COLD asio_clock::~asio_clock() = default;

FOREST_DECL const asio::any_io_executor& asio_clock::get_executor() const noexcept {
    return state_->serializer.get_executor();
}

FOREST_DECL const asio_serializer& asio_clock::serializer() const noexcept {
    return state_->serializer;
}

FOREST_DECL FOREST_COLD detail::unique_function<void(const event&)> asio_clock::unheard() {
    return failure_reporter{};
}

FOREST_DECL void asio_clock::begin_wait(duration delay,
                                        detail::unique_function<void(std::error_code)> handler) {
    const std::lock_guard lock{state_->mutex};
    const auto deadline =
        state::timer_clock::now() + std::clamp(delay, duration::zero(), options::duration_max);
    if (state_->push(deadline, std::move(handler)))
        state_->arm();
}

FOREST_DECL wall_time asio_clock::now() const {
    return std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now());
}

FOREST_DECL steady_time asio_clock::steady_now() {
#if defined(CLOCK_BOOTTIME)
    std::timespec now{};
    if (::clock_gettime(CLOCK_BOOTTIME, &now) == 0)
        return steady_time{std::chrono::seconds{now.tv_sec} +
                           std::chrono::nanoseconds{now.tv_nsec}};
#endif
    return std::chrono::steady_clock::now();
}

FOREST_DECL FOREST_COLD void asio_clock::cancel() {
    bool any = false;
    {
        const std::lock_guard lock{state_->mutex};
        any = state_->waits.first() != nullptr;
        state_->canceled.take_all(state_->waits);
        state_->timer.cancel();
    }
    // The executor then owns the handlers, even if it never runs again. An executor that
    // refuses the task destroys the handlers, which needs the lock.
    if (any)
        state_->serializer.post(state_->canceling, state_);
}

FOREST_DECL void asio_clock::state::timer_step::take(const std::shared_ptr<void>&, std::uint64_t,
                                                     const std::error_code& ec) {
    if (!ec)
        owner_.wake_in_turn();
}

FOREST_DECL FOREST_COLD void asio_clock::state::canceling_task::perform() {
    for (;;) {
        auto handler = owner_.pop_canceled();
        if (!handler)
            return;
        try {
            handler(make_error_code(errc::operation_canceled));
        } catch (...) {
            owner_.serializer.post(*this, owner_.shared_from_this());
            throw;
        }
    }
}

FOREST_DECL FOREST_COLD void asio_clock::state::canceling_task::abandon() noexcept {
    while (owner_.pop_canceled())
        ;
}

FOREST_DECL void asio_clock::state::wait_heap::push(wait& added) noexcept {
    root_ = merge(root_, &added);
}

FOREST_DECL auto asio_clock::state::wait_heap::pop() noexcept -> wait* {
    wait* const popped = root_;
    if (popped == nullptr)
        return nullptr;
    wait* pairs = nullptr;
    for (wait* each = popped->first_child; each != nullptr;) {
        wait* const left = each;
        wait* const right = left->next;
        each = right != nullptr ? right->next : nullptr;
        wait* const pair = merge(left, right);
        pair->next = pairs;
        pairs = pair;
    }
    root_ = nullptr;
    while (pairs != nullptr) {
        wait* const pair = pairs;
        pairs = pair->next;
        root_ = merge(root_, pair);
    }
    popped->first_child = nullptr;
    return popped;
}

FOREST_DECL FOREST_COLD void asio_clock::state::wait_heap::take_all(wait_heap& other) noexcept {
    root_ = merge(root_, other.root_);
    other.root_ = nullptr;
}

FOREST_DECL auto asio_clock::state::wait_heap::merge(wait* left, wait* right) noexcept -> wait* {
    if (left == nullptr || right == nullptr)
        return left != nullptr ? left : right;
    const bool swaps = left->deadline != right->deadline ? left->deadline > right->deadline
                                                         : left->sequence > right->sequence;
    wait* const first = swaps ? right : left;
    wait* const second = swaps ? left : right;
    second->next = first->first_child;
    first->first_child = second;
    return first;
}

FOREST_DECL FOREST_COLD detail::unique_function<void(std::error_code)>
asio_clock::state::pop_canceled() noexcept {
    const std::lock_guard lock{mutex};
    return pop(canceled);
}

FOREST_DECL FOREST_COLD asio_clock::state::state(asio_serializer turns)
    : serializer{std::move(turns)}, timer{serializer.get_executor()} {
    for (wait& each : room) {
        each.next = free;
        free = &each;
    }
}

FOREST_DECL FOREST_COLD asio_clock::state::~state() {
    canceled.take_all(waits);
    while (pop(canceled))
        ;
    while (free != nullptr) {
        wait* const last = free;
        free = last->next;
        if (last < room || last >= room + waits_min)
            delete last;
    }
}

FOREST_DECL bool asio_clock::state::push(std::chrono::steady_clock::time_point deadline,
                                         detail::unique_function<void(std::error_code)> handler) {
    if (free == nullptr)
        free = new wait;
    wait& added = *free;
    free = added.next;
    added.deadline = deadline;
    added.sequence = next_sequence++;
    added.handler = std::move(handler);
    waits.push(added);
    return waits.first() == &added;
}

FOREST_DECL detail::unique_function<void(std::error_code)>
asio_clock::state::pop(wait_heap& from) noexcept {
    wait* const popped = from.pop();
    if (popped == nullptr)
        return {};
    popped->next = free;
    free = popped;
    return std::move(popped->handler);
}

FOREST_DECL void asio_clock::state::arm() {
    if (trying_again)
        return;
    timer.expires_at(waits.first()->deadline);
    try {
        timer.async_wait(detail::step_handler{shared_from_this(), memory, after_timer});
    } catch (const std::bad_alloc&) {
        try_again();
    }
}

FOREST_DECL FOREST_COLD void asio_clock::state::try_again() {
    trying_again = detail::finds_memory([this] {
        try {
            detail::post_step(serializer.get_executor(),
                              {shared_from_this(), spare_memory, after_pause});
            return true;
        } catch (const std::bad_alloc&) { // The executor is not one of Asio.
            return false;
        }
    });
    if (!trying_again)
        throw std::bad_alloc{};
}

FOREST_DECL FOREST_COLD void asio_clock::state::retry_step::take(const std::shared_ptr<void>&,
                                                                 std::uint64_t,
                                                                 const std::error_code&) {
    detail::pause_for_memory();
    {
        const std::lock_guard lock{owner_.mutex};
        owner_.trying_again = false;
    }
    owner_.wake_in_turn();
}

FOREST_DECL void asio_clock::state::wake() {
    const auto now = timer_clock::now();
    for (;;) {
        detail::unique_function<void(std::error_code)> handler;
        {
            const std::lock_guard lock{mutex};
            if (waits.first() == nullptr)
                return;
            if (waits.first()->deadline > now)
                return arm();
            handler = pop(waits);
        }
        try {
            handler(std::error_code{});
        } catch (...) {
            // If the context is run again after this, the other waits still end.
            const std::lock_guard lock{mutex};
            if (waits.first() != nullptr)
                arm();
            throw;
        }
    }
}

} // namespace forest::inline FOREST_FORM

#endif
