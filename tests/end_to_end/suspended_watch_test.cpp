// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <adapters/support/test_certificates.hpp>

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// A watcher is stopped for a while in the middle of its checks, as a suspended machine or an
// overloaded one stops it. The server is well all the time, so it must never be told to be down;
// and when it is killed, that must be told.

namespace {

using namespace std::chrono_literals;
using forest::test::descriptor;
using forest::test::require_system;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::test_certificates;
using forest::test::tool_process;
using clock_type = std::chrono::steady_clock;

constexpr auto timeout = 500ms;

// FOREST_TEST_SUSPENDS: how many lengths are tried, from 0.1 s to three timeouts.
int suspends() {
    const char* const text = std::getenv("FOREST_TEST_SUSPENDS");
    return text == nullptr ? 4 : std::atoi(text);
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

// Passes bytes on between a watcher and a server, and stops the watcher in one phase of a check.
// The phases are the accepted connection, and then each group of bytes that goes one way.
class lane {
public:
    lane(std::string scheme, int phase, int server_port, const std::string& ca_file)
        : name_{scheme + ", phase " + std::to_string(phase)}, phase_{phase}, server_{server_port} {
        listener_ = descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
        require_system(::bind(listener_.get(), generic, size) == 0, "bind");
        require_system(::listen(listener_.get(), 64) == 0, "listen");
        require_system(::getsockname(listener_.get(), generic, &size) == 0, "getsockname");
        std::vector<std::string> arguments{
            "watch",
            "--json",
            "--verbose",
            "--interval",
            "50ms",
            "--timeout",
            "500ms",
            "--failure-threshold",
            "1",
            scheme + "://localhost:" + std::to_string(ntohs(address.sin_port)) + "/forest/health"};
        if (scheme == "https")
            arguments.insert(arguments.end(), {"--ca-file", ca_file});
        watcher_ =
            std::make_unique<tool_process>(forest::test::tool_setup{std::move(arguments), secret});
    }

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] tool_process& watcher() { return *watcher_; }
    [[nodiscard]] bool finished() const { return done_ >= suspends() && !continues_at_; }

    void add(std::vector<pollfd>& all) {
        all.push_back({listener_.get(), POLLIN, 0});
        for (const auto& each : pairs_)
            for (const auto& end : each.ends)
                all.push_back({end.get(), POLLIN, 0});
    }

    // Takes the results of what `add` has added.
    void take(const pollfd*& next) {
        const bool arrived = (next++)->revents != 0;
        for (auto each = pairs_.begin(); each != pairs_.end();) {
            bool open = true;
            for (int from = 0; from < 2; ++from)
                if ((next++)->revents != 0 && open)
                    open = pass(*each, from);
            each = open ? std::next(each) : pairs_.erase(each);
        }
        if (arrived)
            accept();
        if (continues_at_ && clock_type::now() >= *continues_at_) {
            watcher_->signal(SIGCONT);
            continues_at_.reset();
            ++done_;
        }
    }

private:
    struct pair {
        std::array<descriptor, 2> ends; // the watcher's and the server's
        int direction = -1;
        int phase = 0;
    };

    void accept() {
        descriptor here{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (here.get() < 0)
            return;
        descriptor there{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const sockaddr_in address = loopback(server_);
        if (::connect(there.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                      sizeof address) != 0)
            return; // The server is down, and this closes the connection.
        pairs_.push_back({{std::move(here), std::move(there)}});
        reached(pairs_.back());
    }

    bool pass(pair& between, int from) {
        std::array<char, 16384> buffer{};
        const auto index = static_cast<std::size_t>(from);
        const ssize_t count = ::recv(between.ends.at(index).get(), buffer.data(), buffer.size(), 0);
        if (count <= 0)
            return false;
        const ssize_t sent = ::send(between.ends.at(1 - index).get(), buffer.data(),
                                    static_cast<std::size_t>(count), MSG_NOSIGNAL);
        if (std::exchange(between.direction, from) != from) {
            ++between.phase;
            reached(between);
        }
        return sent == count;
    }

    void reached(const pair& between) {
        if (between.phase != phase_ || continues_at_ || done_ >= suspends())
            return;
        watcher_->signal(SIGSTOP);
        const int last = std::max(suspends() - 1, 1);
        continues_at_ = clock_type::now() + 100ms + done_ * (3 * timeout - 100ms) / last;
    }

    std::string name_;
    int phase_;
    int server_;
    descriptor listener_;
    std::list<pair> pairs_;
    std::unique_ptr<tool_process> watcher_;
    std::optional<clock_type::time_point> continues_at_;
    int done_ = 0; // suspends
};

// Works until all are finished, or until `end`.
template <typename Finished>
void run(const std::vector<std::unique_ptr<lane>>& all, clock_type::time_point end,
         const Finished& finished) {
    while (clock_type::now() < end && !finished()) {
        std::vector<pollfd> ready;
        for (const auto& each : all)
            each->add(ready);
        require_system(::poll(ready.data(), ready.size(), 5) >= 0 || errno == EINTR, "poll");
        const pollfd* next = ready.data();
        for (const auto& each : all)
            each->take(next);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(suspended_watch_test)

BOOST_AUTO_TEST_CASE(B12_a_watcher_that_is_suspended_in_any_phase_tells_no_outage_and_misses_none) {
    test_certificates made;
    const auto files = made.server();
    auto plain = std::make_unique<serving_tool>();
    auto encrypted = std::make_unique<serving_tool>(
        std::vector<std::string>{"--tls-cert", files.certificate, "--tls-key", files.key});
    std::vector<std::unique_ptr<lane>> all;
    for (int phase = 0; phase <= 2; ++phase)
        all.push_back(std::make_unique<lane>("http", phase, plain->port(), made.ca_file()));
    for (int phase = 0; phase <= 4; ++phase)
        all.push_back(std::make_unique<lane>("https", phase, encrypted->port(), made.ca_file()));

    run(all, clock_type::now() + suspends() * 4s + forest::test::patience, [&] {
        return std::all_of(all.begin(), all.end(),
                           [](const auto& each) { return each->finished(); });
    });
    for (const auto& each : all)
        BOOST_TEST(each->finished(), each->name());
    plain.reset();
    encrypted.reset();
    // Now each of them has to tell an outage, and this is the first one.
    run(all, clock_type::now() + 3 * timeout, [] { return false; });
    for (const auto& each : all) {
        const auto down = each->watcher().event("server_down");
        BOOST_TEST(down.at("outage") == 1, each->name());
        const auto& said = each->watcher().out();
        BOOST_TEST(said.find("check_succeeded") != std::string::npos, each->name());
        // Not told before the server was killed: no success after the first outage.
        each->watcher().signal(SIGTERM);
        each->watcher().wait();
        const auto first = said.find("server_down");
        BOOST_TEST(said.find("server_up") == std::string::npos, each->name() << ": " << said);
        BOOST_TEST(said.find("check_succeeded", first) == std::string::npos, each->name());
    }
}

// For FOREST_TEST_STARVED seconds a watcher runs for 4 ms, and is then stopped for 0.8 s.
BOOST_AUTO_TEST_CASE(B12_a_watcher_that_is_starved_for_good_tells_only_the_real_outage) {
    const char* const text = std::getenv("FOREST_TEST_STARVED");
    if (text == nullptr) {
        BOOST_TEST_MESSAGE("takes a minute; set FOREST_TEST_STARVED=60");
        return;
    }
    test_certificates made;
    const auto files = made.server();
    const serving_tool server{
        {"--tls-cert", files.certificate, "--tls-key", files.key, "--listen", "localhost:0"}};
    const serving_tool silent{
        {"--tls-cert", files.certificate, "--tls-key", files.key, "--listen", "localhost:0"}};
    const auto watch = [&](const serving_tool& of) {
        return std::make_unique<tool_process>(
            forest::test::tool_setup{{"watch", "--json", "--verbose", "--interval", "1s",
                                      "--timeout", "500ms", "--ca-file", made.ca_file(), of.url()},
                                     secret});
    };
    const auto well = watch(server);
    const auto dead = watch(silent);
    (void)dead->event("check_succeeded");
    silent.process.signal(SIGSTOP); // It accepts connections, and answers nothing.
    const auto begun = clock_type::now();
    while (clock_type::now() < begun + std::chrono::seconds{std::atoi(text)}) {
        well->signal(SIGSTOP);
        dead->signal(SIGSTOP);
        std::this_thread::sleep_for(800ms);
        well->signal(SIGCONT);
        dead->signal(SIGCONT);
        std::this_thread::sleep_for(4ms);
    }
    for (const auto& each : {well.get(), dead.get()}) {
        each->signal(SIGTERM);
        each->wait();
    }
    BOOST_TEST(well->out().find("server_down") == std::string::npos, well->out());
    BOOST_TEST(well->out().find("check_succeeded") != std::string::npos, well->out());
    const auto down = dead->out().find("server_down");
    BOOST_TEST_REQUIRE(down != std::string::npos, dead->out());
    BOOST_TEST(dead->out().find("server_down", down + 1) == std::string::npos);
    BOOST_TEST_MESSAGE(
        "the outage: " << dead->out().substr(dead->out().rfind('\n', down) + 1, 400));
}

BOOST_AUTO_TEST_SUITE_END()
