// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

using namespace forest;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

constexpr std::array both_signals{SIGINT, SIGTERM};

// What the callbacks and the application's handlers of a test have seen. Handlers may touch nothing
// else, and in the order in which the test reads them.
std::atomic<int> callbacks = 0;
std::atomic<int> handled = 0;
std::atomic<int> handled_signal = 0;
std::atomic<int> callbacks_before_handler = 0;
std::atomic<int> sender = 0;
std::atomic<bool> blocked_in_handler = false;

void note_handled(int signal) {
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    blocked_in_handler = ::sigismember(&mask, signal) == 1;
    handled_signal = signal;
    callbacks_before_handler = callbacks.load();
    ++handled;
}

extern "C" void plain_handler(int signal) {
    note_handled(signal);
}

extern "C" void handler_with_information(int signal, siginfo_t* information, void*) {
    sender = information->si_pid;
    note_handled(signal);
}

extern "C" void other_handler(int) {}

struct sigaction handling(void (*handler)(int)) {
    struct sigaction wanted{};
    wanted.sa_handler = handler;
    ::sigemptyset(&wanted.sa_mask);
    return wanted;
}

void install(int signal, const struct sigaction& wanted) {
    ::sigaction(signal, &wanted, nullptr);
}

void install(int signal, void (*handler)(int)) {
    install(signal, handling(handler));
}

struct sigaction installed(int signal) {
    struct sigaction found{};
    ::sigaction(signal, nullptr, &found);
    return found;
}

bool is_installed(int signal, void (*handler)(int)) {
    return installed(signal).sa_handler == handler;
}

void count_callback(int) {
    ++callbacks;
}

// Each test begins with the defaults, whatever the shell has left, and changes nothing for what
// comes after it.
class dispositions {
public:
    dispositions() {
        for (std::size_t index = 0; index < both_signals.size(); ++index) {
            before_[index] = installed(both_signals[index]);
            install(both_signals[index], SIG_DFL);
        }
        callbacks = 0;
        handled = 0;
        handled_signal = 0;
        callbacks_before_handler = 0;
        sender = 0;
        blocked_in_handler = false;
    }

    dispositions(const dispositions&) = delete;
    dispositions& operator=(const dispositions&) = delete;

    ~dispositions() {
        for (std::size_t index = 0; index < both_signals.size(); ++index)
            ::sigaction(both_signals[index], &before_[index], nullptr);
    }

private:
    std::array<struct sigaction, 2> before_{};
};

// Runs `body` in a child, which ends after 20 s at the latest, and answers how it ended.
template <typename Body>
int ending_of_child(Body&& body) {
    const pid_t child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGALRM, SIG_DFL);
        ::alarm(20);
        try {
            body();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int ending = 0;
    while (::waitpid(child, &ending, 0) == -1 && errno == EINTR) {
    }
    return ending;
}

// Has the signals that were raised handed over to the loops that wait for them, and runs none of
// these: whichever loop reads Asio's pipe reads for all.
class pipe_reader {
public:
    pipe_reader() {
        nothing_.async_wait([](std::error_code, int) {});
    }

    void read() { io_.poll(); }

private:
    asio::io_context io_;
    asio::signal_set nothing_{io_, SIGUSR1};
};

// Sends SIGTERM to the process again and again.
class signal_every_so_often {
public:
    explicit signal_every_so_often(std::chrono::nanoseconds interval) {
        sigevent what{};
        what.sigev_notify = SIGEV_SIGNAL;
        what.sigev_signo = SIGTERM;
        ::timer_create(CLOCK_MONOTONIC, &what, &timer_);
        itimerspec when{};
        when.it_value.tv_nsec = when.it_interval.tv_nsec = interval.count();
        ::timer_settime(timer_, 0, &when, nullptr);
    }

    signal_every_so_often(const signal_every_so_often&) = delete;
    signal_every_so_often& operator=(const signal_every_so_often&) = delete;
    ~signal_every_so_often() { ::timer_delete(timer_); }

private:
    timer_t timer_{};
};

class no_descriptors {
public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }

    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;
    ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

template <typename Predicate>
bool comes_true(Predicate&& predicate) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!predicate() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    return predicate();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(shutdown_signals_test, dispositions)

BOOST_DATA_TEST_CASE(B34_the_callback_runs_once_and_on_the_loop, data::make(both_signals), signal) {
    asio::io_context io;
    std::mutex mutex; // Held while the signal is raised, so that a handler that takes it hangs.
    int told = 0;
    std::thread::id ran_on;
    const auto callback = [&](int number) {
        const std::lock_guard lock{mutex};
        count_callback(number);
        told = number;
        ran_on = std::this_thread::get_id();
    };
    const shutdown_signals signals{io.get_executor(), callback};
    {
        const std::lock_guard lock{mutex};
        ::raise(signal);
        ::raise(signal);
    }
    BOOST_TEST(callbacks == 0);
    std::jthread{[&] { io.run_for(20s); }}.join();
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(told == signal);
    BOOST_TEST((ran_on != std::thread::id{} && ran_on != std::this_thread::get_id()));
    for (const int each : both_signals)
        BOOST_TEST(is_installed(each, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(a_loop_that_waits_is_woken) {
    background thread;
    std::promise<int> told;
    const shutdown_signals signals{thread.get_executor(),
                                   [&](int number) { told.set_value(number); }};
    ::raise(SIGTERM);
    auto result = told.get_future();
    BOOST_TEST_REQUIRE((result.wait_for(20s) == std::future_status::ready));
    BOOST_TEST(result.get() == SIGTERM);
}

BOOST_DATA_TEST_CASE(B34_the_applications_handler_is_called_once_and_after_the_callback,
                     data::make(both_signals), signal) {
    for (const int each : both_signals)
        install(each, plain_handler);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    ::raise(signal);
    BOOST_TEST(handled == 0);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
    BOOST_TEST(handled_signal == signal);
    BOOST_TEST(callbacks_before_handler == 1);
    BOOST_TEST(blocked_in_handler);
    ::raise(signal);
    BOOST_TEST(handled == 2);
    BOOST_TEST(callbacks == 1);
}

BOOST_AUTO_TEST_CASE(a_handler_with_information_is_called_with_it_and_keeps_its_flags) {
    struct sigaction wanted{};
    wanted.sa_sigaction = handler_with_information;
    wanted.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigemptyset(&wanted.sa_mask);
    ::sigaddset(&wanted.sa_mask, SIGUSR1);
    install(SIGTERM, wanted);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks_before_handler == 1);
    BOOST_TEST(handled == 1);
    BOOST_TEST(sender == ::getpid());
    const struct sigaction restored = installed(SIGTERM);
    BOOST_TEST((restored.sa_sigaction == handler_with_information));
    BOOST_TEST((restored.sa_flags & (SA_SIGINFO | SA_RESTART)) == (SA_SIGINFO | SA_RESTART));
    BOOST_TEST(::sigismember(&restored.sa_mask, SIGUSR1) == 1);
    BOOST_TEST(::sigismember(&restored.sa_mask, SIGUSR2) == 0);
}

BOOST_AUTO_TEST_CASE(a_handler_for_one_call_has_had_it) {
    struct sigaction wanted = handling(plain_handler);
    wanted.sa_flags = static_cast<int>(SA_RESETHAND);
    install(SIGTERM, wanted);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(handled == 1);
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(a_handler_is_called_though_the_loops_thread_blocks_its_signal) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    std::jthread loop{[&] {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        io.run_for(20s);
    }};
    ::raise(SIGTERM);
    BOOST_TEST(comes_true([] { return handled == 1; }));
    BOOST_TEST(callbacks_before_handler == 1);
}

BOOST_AUTO_TEST_CASE(an_ignored_signal_stays_ignored) {
    install(SIGINT, SIG_IGN);
    asio::io_context io;
    shutdown_signals signals{io.get_executor(), count_callback};
    BOOST_TEST(is_installed(SIGINT, SIG_IGN));
    BOOST_TEST(!is_installed(SIGTERM, SIG_DFL));
    ::raise(SIGINT);
    io.poll();
    BOOST_TEST(callbacks == 0);
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(is_installed(SIGINT, SIG_IGN));
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(when_both_are_ignored_there_is_nothing_to_wait_for) {
    for (const int each : both_signals)
        install(each, SIG_IGN);
    asio::io_context io;
    const auto held = std::make_shared<int>(1);
    shutdown_signals signals{io.get_executor(), [held](int) { ++callbacks; }};
    BOOST_TEST(io.run_for(20s) == 0U);
    BOOST_TEST(io.stopped());
    BOOST_TEST(held.use_count() == 1);
    ::raise(SIGINT);
    ::raise(SIGTERM);
    signals.cancel();
    for (const int each : both_signals)
        BOOST_TEST(is_installed(each, SIG_IGN));
}

BOOST_DATA_TEST_CASE(B34_the_second_signal_ends_the_process,
                     data::make(both_signals) * data::make(both_signals), first, second) {
    const int ending = ending_of_child([first, second] {
        asio::io_context io;
        const shutdown_signals signals{io.get_executor(), count_callback};
        ::raise(first);
        io.run_for(10s);
        if (callbacks != 1)
            ::_exit(2);
        ::raise(second);
        ::_exit(3);
    });
    BOOST_TEST(WIFSIGNALED(ending));
    BOOST_TEST(WTERMSIG(ending) == second);
}

BOOST_DATA_TEST_CASE(B34_a_signal_set_of_the_application_is_called_once_and_goes_on,
                     data::make({false, true}), added_later) {
    // A program that uses a signal set has given up the handler that was installed before it.
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::optional<asio::signal_set> own;
    if (!added_later)
        own.emplace(io, SIGTERM);
    shutdown_signals signals{io.get_executor(), count_callback};
    if (added_later)
        own.emplace(io, SIGTERM);
    int told = 0;
    const auto count = [&](std::error_code ec, int) { told += ec ? 0 : 1; };
    own->async_wait(count);
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(told == 1);
    BOOST_TEST(callbacks == 1);

    own->async_wait(count);
    ::raise(SIGTERM);
    io.restart();
    io.run_for(20s);
    BOOST_TEST(told == 2);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 0);
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(a_signal_set_that_has_gone_leaves_the_callback_its_signal) {
    asio::io_context io;
    std::optional<asio::signal_set> own{std::in_place, io, SIGTERM};
    const shutdown_signals signals{io.get_executor(), count_callback};
    own.reset();
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_DATA_TEST_CASE(B34_two_of_them_are_both_called_and_the_handler_runs_once,
                     data::make({false, true}) * data::make({false, true}), own_loop,
                     later_loop_first) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    asio::io_context other;
    asio::io_context& later = own_loop ? other : io;
    const shutdown_signals first{io.get_executor(), count_callback};
    const shutdown_signals second{later.get_executor(), count_callback};
    ::raise(SIGTERM);
    (later_loop_first ? later : io).run_for(20s);
    BOOST_TEST(handled == (own_loop ? 0 : 1));
    (later_loop_first ? io : later).run_for(20s);
    BOOST_TEST(callbacks == 2);
    BOOST_TEST(handled == 1);
    BOOST_TEST(callbacks_before_handler == 2);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
}

BOOST_DATA_TEST_CASE(B34_either_of_two_may_end_first, data::make({false, true}), first_ends) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::optional<shutdown_signals> first{std::in_place, io.get_executor(), count_callback};
    std::optional<shutdown_signals> second{std::in_place, io.get_executor(), count_callback};
    (first_ends ? first : second).reset();
    BOOST_TEST(!is_installed(SIGTERM, plain_handler));
    BOOST_TEST(!is_installed(SIGINT, SIG_DFL));
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(the_last_to_end_passes_on_a_signal_that_another_one_received) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    asio::io_context never_run;
    const shutdown_signals first{io.get_executor(), count_callback};
    shutdown_signals second{never_run.get_executor(), count_callback};
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 0);
    second.cancel();
    BOOST_TEST(handled == 1);
    never_run.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
}

BOOST_AUTO_TEST_CASE(a_callback_may_destroy_another_one_that_was_to_be_called_next) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::array<std::optional<shutdown_signals>, 2> two;
    for (std::size_t index = 0; index < two.size(); ++index)
        two[index].emplace(io.get_executor(), [&two, index](int number) {
            two[1 - index].reset();
            count_callback(number);
        });
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(another_one_may_be_made_afterwards) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    for (int round = 1; round <= 3; ++round) {
        const shutdown_signals signals{io.get_executor(), count_callback};
        ::raise(SIGTERM);
        io.restart();
        io.run_for(20s);
        BOOST_TEST(callbacks == round);
        BOOST_TEST(handled == round);
    }
}

BOOST_AUTO_TEST_CASE(cancel_puts_back_what_was_there_and_calls_nothing) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    const auto held = std::make_shared<int>(1);
    shutdown_signals signals{io.get_executor(), [held](int) { ++callbacks; }};
    BOOST_TEST(!is_installed(SIGTERM, plain_handler));
    signals.cancel();
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
    signals.cancel();
    BOOST_TEST(handled == 0);
    ::raise(SIGTERM);
    BOOST_TEST(handled == 1);
    io.run_for(20s);
    BOOST_TEST(io.stopped()); // Since nothing waits any more.
    BOOST_TEST(callbacks == 0);
    signals.cancel();
}

BOOST_AUTO_TEST_CASE(a_signal_that_cancel_overtakes_calls_nobody) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    {
        pipe_reader pipe;
        const shutdown_signals signals{io.get_executor(), count_callback};
        ::raise(SIGTERM);
        pipe.read();
    }
    io.run_for(20s);
    BOOST_TEST(callbacks == 0);
    BOOST_TEST(handled == 0);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(cancel_from_other_threads_ends_the_wait) {
    asio::io_context io;
    shutdown_signals signals{io.get_executor(), count_callback};
    {
        std::array<std::jthread, 3> threads;
        for (std::jthread& each : threads)
            each = std::jthread{[&] { signals.cancel(); }};
        io.run_for(20s);
    }
    BOOST_TEST(io.stopped());
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(B14_cancel_waits_for_the_callback_that_is_running) {
    install(SIGTERM, plain_handler);
    background thread;
    std::promise<void> entered;
    std::promise<void> may_return;
    std::atomic<bool> returned = false;
    const auto callback = [&](int number) {
        entered.set_value();
        may_return.get_future().wait_for(20s);
        count_callback(number);
        returned = true;
    };
    shutdown_signals signals{thread.get_executor(), callback};
    ::raise(SIGTERM);
    BOOST_TEST_REQUIRE((entered.get_future().wait_for(20s) == std::future_status::ready));
    const auto cancelled = std::async(std::launch::async, [&] {
        signals.cancel();
        return returned.load() && is_installed(SIGTERM, plain_handler);
    });
    BOOST_TEST((cancelled.wait_for(50ms) == std::future_status::timeout));
    may_return.set_value();
    BOOST_TEST_REQUIRE((cancelled.wait_for(20s) == std::future_status::ready));
    signals.cancel();
    BOOST_TEST(returned);
    BOOST_TEST(comes_true([] { return handled == 1; }));
    BOOST_TEST(callbacks_before_handler == 1);
}

BOOST_AUTO_TEST_CASE(the_callback_may_cancel) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::optional<shutdown_signals> signals;
    signals.emplace(io.get_executor(), [&](int number) {
        signals->cancel();
        signals->cancel();
        count_callback(number);
    });
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(handled == 1);
    BOOST_TEST(callbacks_before_handler == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(the_callback_may_make_another_one_for_the_second_signal) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::optional<shutdown_signals> second;
    const auto callback = [&](int number) {
        count_callback(number);
        second.emplace(io.get_executor(), count_callback);
    };
    const shutdown_signals first{io.get_executor(), callback};
    ::raise(SIGTERM);
    BOOST_TEST(comes_true([&] { return io.poll_one() > 0; }));
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 0); // As long as anyone waits.
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 2);
    BOOST_TEST(handled == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(the_callback_may_destroy_it) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    auto held = std::make_shared<int>(1);
    std::optional<shutdown_signals> signals;
    signals.emplace(io.get_executor(), [&signals, held](int number) {
        signals.reset();
        count_callback(number);
        BOOST_TEST(*held == 1); // What was captured lives until the callback has returned.
    });
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(handled == 1);
    BOOST_TEST(callbacks_before_handler == 1);
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
}

BOOST_AUTO_TEST_CASE(a_callback_that_owns_it_is_freed_when_it_has_run) {
    asio::io_context io;
    auto owner = std::make_shared<std::optional<shutdown_signals>>();
    owner->emplace(io.get_executor(), [owner](int number) { count_callback(number); });
    const std::weak_ptr observed = owner;
    owner.reset();
    BOOST_TEST(!observed.expired());
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(observed.expired());
}

BOOST_AUTO_TEST_CASE(a_callback_need_not_be_copyable) {
    asio::io_context io;
    int told = 0;
    const shutdown_signals signals{
        io, [&told, factor = std::make_unique<int>(1)](int number) { told = number * *factor; }};
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(told == SIGTERM);
}

BOOST_AUTO_TEST_CASE(what_a_callback_throws_passes_through_and_the_rest_happens) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    const auto callback = [](int number) {
        count_callback(number);
        throw std::runtime_error{"thrown"};
    };
    shutdown_signals signals{io.get_executor(), callback};
    ::raise(SIGTERM);
    BOOST_CHECK_THROW(io.run_for(20s), std::runtime_error);
    BOOST_TEST(handled == 1);
    BOOST_TEST(callbacks_before_handler == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
    io.run_for(20s);
    signals.cancel();
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
}

BOOST_AUTO_TEST_CASE(a_missing_callback_is_no_error) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), {}};
    ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(handled == 1);
}

BOOST_DATA_TEST_CASE(B18_a_context_that_ends_first_puts_back_and_frees, data::make({false, true}),
                     raised) {
    install(SIGTERM, plain_handler);
    std::optional<asio::io_context> io{std::in_place};
    const auto held = std::make_shared<int>(1);
    pipe_reader pipe;
    shutdown_signals signals{io->get_executor(), [held](int) { ++callbacks; }};
    if (raised) {
        ::raise(SIGTERM);
        pipe.read();
    }
    io.reset();
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
    signals.cancel();
    BOOST_TEST(callbacks == 0);
    BOOST_TEST(handled == 0);
}

BOOST_AUTO_TEST_CASE(B18_a_context_that_never_runs_keeps_no_callback) {
    const auto held = std::make_shared<int>(1);
    asio::io_context never_run;
    {
        const shutdown_signals signals{never_run.get_executor(), [held](int) { ++callbacks; }};
    }
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(a_storm_of_signals_makes_one_call) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    for (int number = 0; number < 1000; ++number)
        ::raise(SIGTERM);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled == 1);
}

BOOST_AUTO_TEST_CASE(a_storm_while_the_loop_runs_makes_one_call) {
    for (const int each : both_signals)
        install(each, plain_handler);
    asio::io_context io;
    const shutdown_signals signals{io.get_executor(), count_callback};
    // To this thread, because one that does not release the signals may be ended by them.
    std::jthread storm{[loop = ::pthread_self()] {
        for (int number = 0; number < 1000; ++number)
            ::pthread_kill(loop, both_signals[number % 2 == 0 ? 0 : 1]);
    }};
    io.run_for(20s);
    storm.join();
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(handled >= 1);
}

// A disposition is put back by way of the default, so a signal must not come just then.
BOOST_AUTO_TEST_CASE(a_signal_while_the_handler_is_put_back_does_not_end_the_process) {
    install(SIGTERM, plain_handler);
    const int ending = ending_of_child([] {
        asio::io_context io;
        const signal_every_so_often storm{20us};
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (handled < 500 && std::chrono::steady_clock::now() < end)
            shutdown_signals{io.get_executor(), count_callback}.cancel();
    });
    BOOST_TEST(WIFEXITED(ending));
    BOOST_TEST(WEXITSTATUS(ending) == 0);
}

BOOST_AUTO_TEST_CASE(many_threads_may_make_and_end_them_while_signals_come) {
    asio::io_context io;
    asio::signal_set own{io, SIGINT, SIGTERM}; // So that the default is never put back.
    auto work = asio::make_work_guard(io);
    {
        std::array<std::jthread, 2> loops;
        for (std::jthread& each : loops)
            each = std::jthread{[&] { io.run_for(20s); }};
        {
            std::array<std::jthread, 3> makers;
            for (std::jthread& each : makers)
                each = std::jthread{[&] {
                    for (int round = 0; round < 100; ++round) {
                        std::atomic<bool> told = false;
                        const shutdown_signals signals{io.get_executor(),
                                                       [&](int) { told = true; }};
                        if (round % 3 == 0)
                            ::raise(both_signals[round % 2 == 0 ? 0 : 1]);
                        if (round % 3 == 0 && round % 2 == 0)
                            comes_true([&] { return told.load(); });
                        callbacks += told ? 1 : 0;
                    }
                }};
        }
        work.reset();
    }
    // Each time they waited for it; whether they learned otherwise was a matter of luck.
    BOOST_TEST(callbacks >= 3 * 17);
    BOOST_TEST(!is_installed(SIGTERM, SIG_DFL));
    own.clear();
    BOOST_TEST(is_installed(SIGTERM, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(a_handler_that_is_installed_over_it_stays) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::optional<shutdown_signals> first{std::in_place, io.get_executor(), count_callback};
    install(SIGTERM, other_handler);
    std::optional<shutdown_signals> second{std::in_place, io.get_executor(), count_callback};
    first.reset();
    BOOST_TEST(is_installed(SIGTERM, other_handler));
    ::raise(SIGINT);
    io.run_for(20s);
    BOOST_TEST(callbacks == 1);
    BOOST_TEST(is_installed(SIGTERM, other_handler));
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
}

BOOST_AUTO_TEST_CASE(without_a_descriptor_it_throws_and_changes_nothing) {
    install(SIGTERM, plain_handler);
    asio::io_context io;
    std::error_code ec;
    // UBSan looks up by way of descriptors a type that it sees for the first time.
    asio::io_context other;
    BOOST_CHECK_THROW(asio::signal_set(other, -1), std::system_error);
    try {
        const no_descriptors limited;
        const shutdown_signals signals{io.get_executor(), count_callback};
    } catch (const std::system_error& error) {
        ec = error.code();
    }
    BOOST_TEST((ec == std::error_code{EMFILE, asio::error::get_system_category()}));
    BOOST_TEST(is_installed(SIGTERM, plain_handler));
    BOOST_TEST(is_installed(SIGINT, SIG_DFL));
}

BOOST_AUTO_TEST_SUITE_END()
