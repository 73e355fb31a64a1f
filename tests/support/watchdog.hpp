// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_WATCHDOG_HPP
#define FOREST_TESTS_SUPPORT_WATCHDOG_HPP

#include <support/sanitized.hpp>

#include <boost/test/tree/observer.hpp>
#include <boost/test/tree/test_unit.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

// Ends a test that hangs, and says where. It is a timer, not a thread: tests that fork, that count
// allocations or that block signals see nothing of it, and a case of less than five seconds is
// never interrupted.

namespace forest::tests {

/// Aborts the program when one test case has run for too long: usually 20 s, longer under
/// sanitizers and in the suites of `long_suites`. First it prints the name of the case, and where
/// each thread is. FOREST_TEST_PATIENCE multiplies the time, for a machine with much other work.
///
/// Only time in which the program ran, or waited for something, counts. A stopped program or
/// machine adds at most a quarter of the limit for each stop, and the time in which the first
/// thread waits for a processor adds nothing. While a debugger is attached nothing is ended.
class watchdog : public boost::unit_test::test_observer {
public:
    using duration = std::chrono::nanoseconds;

    static constexpr duration limit = std::chrono::seconds{20};
    static constexpr int sanitized_factor = 10;

    /// Each has one case that takes long. They are measured, and have ten times the time.
    static constexpr std::array<std::string_view, 12> long_suites{
        "allocation_failure_test", "datasource_in_memory_test",
        "descriptors_test",        "exit_test",
        "explore_gets_test",       "explore_test",
        "health_fleet_load_test",  "health_machine_specification_test",
        "suspended_watch_test",    "swarm_test",
        "warehouse_broken_test",   "warehouse_cycles_test"};
    static constexpr int long_factor = 10;

    watchdog() {
        // Tests replace the descriptor of the standard error.
        state().output = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        std::array<void*, 1> frame{};
        (void)::backtrace(frame.data(), 1); // The first call allocates.
        handle(tick_signal(), [](int) { tick(); });
        handle(trace_signal(), [](int) { trace(); });
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = tick_signal();
        event._sigev_un._tid = thread_id();
        if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
            std::perror("the watchdog has no timer");
            std::abort();
        }
    }

    /// After the observers of Boost.Test, one of which would be read before it is initialized.
    int priority() override { return 5; }

    void test_unit_start(const boost::unit_test::test_unit& unit) override {
        if (unit.p_type != boost::unit_test::TUT_CASE)
            return;
        const std::string name = unit.full_name();
        running& now = state();
        now.name_bytes = name.copy(now.name.data(), now.name.size());
        now.tick = limit_of(name) / ticks;
        now.spent = {};
        now.counted_at = steady_now();
        now.starved = starved();
        set_timer(now.tick);
    }

    void test_unit_finish(const boost::unit_test::test_unit& unit, unsigned long) override {
        if (unit.p_type == boost::unit_test::TUT_CASE)
            set_timer({});
    }

private:
    static constexpr int ticks = 4;

    struct running {
        std::array<char, 200> name{};
        std::size_t name_bytes = 0;
        duration tick{};
        duration spent{};
        duration counted_at{};
        duration starved{};
        int output = STDERR_FILENO;
        std::atomic<int> traced{0};
    };

    // The handlers of signals have no other way to it.
    static running& state() {
        static running only;
        return only;
    }

    static int tick_signal() { return SIGRTMAX - 1; }
    static int trace_signal() { return SIGRTMAX - 2; }

    static pid_t thread_id() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

    static void handle(int signal, void (*handler)(int)) {
        struct sigaction action{};
        action.sa_handler = handler;
        action.sa_flags = SA_RESTART;
        (void)::sigaction(signal, &action, nullptr);
    }

    void set_timer(duration every) const {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(every);
        const timespec span{.tv_sec = static_cast<time_t>(seconds.count()),
                            .tv_nsec = static_cast<long>((every - seconds).count())};
        const itimerspec both{.it_interval = span, .it_value = span};
        (void)::timer_settime(timer_, 0, &both, nullptr);
    }

    static duration limit_of(std::string_view name) {
        double factor = test::sanitized ? sanitized_factor : 1;
        if (const char* patience = std::getenv("FOREST_TEST_PATIENCE"))
            factor *= std::atof(patience);
        const bool is_long =
            std::any_of(long_suites.begin(), long_suites.end(),
                        [name](std::string_view each) { return name.find(each) != name.npos; });
        factor *= is_long ? long_factor : 1;
        return std::max(duration{std::chrono::milliseconds{ticks}},
                        std::chrono::duration_cast<duration>(limit * factor));
    }

    static duration steady_now() {
        timespec now{};
        (void)::clock_gettime(CLOCK_MONOTONIC, &now);
        return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
    }

    // From here on everything also runs in the handler of a signal: no memory, no locks.

    template <std::size_t Bytes>
    static std::string_view content(const char* path, std::array<char, Bytes>& memory) {
        const int file = ::open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return {};
        const ssize_t count = ::read(file, memory.data(), memory.size());
        (void)::close(file);
        return {memory.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

    static long number_at(std::string_view text) {
        long number = 0;
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
            text.remove_prefix(1);
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1))
            number = 10 * number + (text.front() - '0');
        return number;
    }

    // How long this thread has waited for a processor; nothing if the kernel does not count it.
    static duration starved() {
        std::array<char, 100> memory;
        const std::string_view text = content("/proc/thread-self/schedstat", memory);
        const std::size_t space = text.find(' ');
        return duration{space == text.npos ? 0 : number_at(text.substr(space))};
    }

    static bool debugged() {
        std::array<char, 4000> memory;
        const std::string_view text = content("/proc/self/status", memory);
        constexpr std::string_view field = "TracerPid:";
        const std::size_t found = text.find(field);
        return found != text.npos && number_at(text.substr(found + field.size())) != 0;
    }

    static void print(std::string_view text) {
        (void)!::write(state().output, text.data(), text.size());
    }

    static void print(long number) {
        std::array<char, 20> digits;
        auto begin = digits.end();
        do {
            *--begin = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        print({&*begin, static_cast<std::size_t>(digits.end() - begin)});
    }

    static void tick() {
        const int error = errno;
        running& now = state();
        const duration at = steady_now();
        const duration waited = starved();
        const duration ran = std::min(at - now.counted_at, now.tick);
        now.spent += ran - std::min(ran, waited - now.starved);
        now.counted_at = at;
        now.starved = waited;
        // So it is the fourth tick, also if the thread waited a little.
        if (now.spent > now.tick * (ticks - 1) && !debugged())
            end();
        errno = error;
    }

    static void trace() {
        std::array<void*, 60> frames;
        const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
        ::backtrace_symbols_fd(frames.data(), count, state().output);
        state().traced.fetch_add(1);
    }

    [[noreturn]] static void end() {
        running& now = state();
        print("\nThe test case ");
        print({now.name.data(), now.name_bytes});
        print(" hangs: it has run for ");
        print(static_cast<long>((now.tick * ticks).count() / 1'000'000));
        print(" ms. It is here (c++filt has the names):\n");
        trace();
        if (DIR* threads = ::opendir("/proc/self/task")) { // It allocates, so it comes last.
            while (const dirent* each = ::readdir(threads)) {
                const auto thread = static_cast<pid_t>(number_at(each->d_name));
                if (thread == 0 || thread == thread_id())
                    continue;
                print("Another thread:\n");
                const int before = now.traced.load();
                (void)::syscall(SYS_tgkill, ::getpid(), thread, trace_signal());
                const timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
                for (int tries = 0; tries < 300 && now.traced.load() == before; ++tries)
                    (void)::nanosleep(&moment, nullptr);
            }
        }
        // Not the handler of Boost.Test, which would go on with the next case.
        (void)std::signal(SIGABRT, SIG_DFL);
        std::abort();
    }

    timer_t timer_{};
};

} // namespace forest::tests

#endif
