// SPDX-License-Identifier: BSL-1.0

#include "opened_descriptors.hpp"

#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>
#include <support/child_process.hpp>
#include <support/sanitized.hpp>

#include <forest/adapters/asio/asio_connection_pool.hpp>
#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/adapters/posix/socket_client.hpp>
#include <forest/adapters/posix/socket_harness.hpp>
#include <forest/forest.hpp>
#include <forest/policy/signer.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// Which descriptors a program inherits that this process starts: none of ours (B27).

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::test;

namespace {

using plain_client =
    basic_health_client<asio_transport, asio_clock, unsigned_requests, exponential_backoff>;
using plain_fleet =
    basic_health_fleet<pooled_transport, asio_clock, unsigned_requests, exponential_backoff>;

// How many programs are started while connections are opened. FOREST_TEST_EXECS asks for more.
int programs() {
    const char* const wanted = std::getenv("FOREST_TEST_EXECS");
    return wanted == nullptr ? 50 : std::atoi(wanted);
}

// Starts `ls`, and returns the descriptors that it has, as `5 -> socket:[123]`. Its own are not
// among them.
std::set<std::string> inherited_descriptors() {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(child_seconds_max);
        ::dup2(ends[1], STDOUT_FILENO);
        ::execl("/bin/ls", "ls", "-l", "/proc/self/fd", nullptr);
        ::_exit(127);
    }
    ::close(ends[1]);
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::read(ends[0], bytes.data(), bytes.size())) > 0;)
        text.append(bytes.data(), static_cast<std::size_t>(count));
    ::close(ends[0]);
    BOOST_TEST_REQUIRE(end_of(child) == "exit 0");
    std::set<std::string> found;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t arrow = line.find(" -> ");
        if (arrow == std::string::npos)
            continue;
        const std::size_t number = line.rfind(' ', arrow - 1) + 1;
        const std::string target = line.substr(arrow + 4);
        const bool own = line.compare(number, arrow - number, "1") == 0 ||
                         (target.rfind("/proc/", 0) == 0 && target.ends_with("/fd"));
        if (!own)
            found.insert(line.substr(number));
    }
    return found;
}

// Servers and clients of every kind, each at work, on three threads.
class everything {
public:
    everything(test_certificates& certificates, bool reuses)
        : everything{certificates, certificates.server(), reuses} {}

    // The certificate must have been written before; the rest is noted by opened_descriptors.
    static std::unique_ptr<everything> noted(test_certificates& certificates, bool reuses) {
        const certificate_files files = certificates.server();
        opened_descriptors::get().begin();
        return std::make_unique<everything>(certificates, files, reuses);
    }

    everything(test_certificates& certificates, certificate_files files, bool reuses)
        : files_{std::move(files)} {
        const std::string file = certificates.directory() + "/server.sock";
        (void)server_.get("/ok", [](const server_request&, const server_responder& respond) {
            respond({.body = R"({"status":"ok"})"});
        });
        BOOST_TEST_REQUIRE(!server_.listen("localhost", 0));
        BOOST_TEST_REQUIRE(!server_.listen_unix(file));
        BOOST_TEST_REQUIRE(!server_.listen_tls("127.0.0.1", 0,
                                               {.certificate_file = files_.certificate,
                                                .private_key_file = files_.key,
                                                .client_ca_file = {}}));
        const std::vector<std::string> endpoints = server_.endpoints();
        transport_options chosen;
        chosen.tls.ca_file = certificates.ca_file();
        chosen.reuse_connections = reuses;
        asio_clock clock{client_loop_.get_executor()};
        const std::string by_name =
            "http://localhost:" + std::to_string(server_.port()) + "/ok"; // needs a look-up
        urls_ = {endpoints.front() + "/ok", endpoints.back() + "/ok", by_name};
        for (const std::string& each : endpoints)
            if (each.rfind("http+unix", 0) == 0)
                urls_.push_back(each + "/ok");
        for (const std::string& each : urls_) {
            auto& client = *clients_.emplace_back(std::make_unique<plain_client>(
                asio_transport{clock, chosen}, clock, unsigned_requests{}, exponential_backoff{},
                url{each}, quick));
            client.on_event([this, each](const event& happened) { note(each, happened); });
        }
        // On a thread of its own, which also destroys it.
        fleet_.emplace(1, [&](const auto& executor) {
            asio_clock own{executor};
            return plain_fleet{[pool = asio_connection_pool{own, chosen}]() mutable {
                                   return pooled_transport{pool};
                               },
                               own, unsigned_requests{}, exponential_backoff{}};
        });
        fleet_->on_event([this](const event& happened) { note("fleet", happened); });
        for (const std::string& each : urls_)
            (void)fleet_->add(url{each}, quick);
        for (const auto& each : clients_)
            each->start();
        fleet_->start();
    }

    everything(const everything&) = delete;
    everything& operator=(const everything&) = delete;

    ~everything() {
        fleet_.reset();
        clients_.clear();
    }

    // Waits until each client has made a further check, and the fleet several.
    void work() {
        {
            const std::lock_guard lock{mutex_};
            checked_.clear();
        }
        BOOST_TEST_REQUIRE(eventually([this] {
            const std::lock_guard lock{mutex_};
            for (const std::string& each : urls_)
                if (checked_.count(each) < 2)
                    return false;
            return checked_.count("fleet") >= 4 * urls_.size();
        }));
    }

    [[nodiscard]] std::size_t failures() {
        const std::lock_guard lock{mutex_};
        return failures_;
    }

private:
    static constexpr options quick{.interval = 1ms, .timeout = 20s};

    void note(const std::string& name, const event& happened) {
        if (happened.check == nullptr)
            return;
        const std::lock_guard lock{mutex_};
        checked_.insert(name);
        failures_ += happened.check->healthy() ? 0 : 1;
    }

    certificate_files files_;
    std::mutex mutex_;
    std::multiset<std::string> checked_;
    std::size_t failures_ = 0;
    std::vector<std::string> urls_;
    background server_loop_;
    background client_loop_;
    asio_server server_{server_loop_.get_executor()};
    std::vector<std::unique_ptr<plain_client>> clients_;
    std::optional<sharded_fleet<plain_fleet>> fleet_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(descriptors_test)

BOOST_AUTO_TEST_CASE(B27_a_program_inherits_nothing_of_the_library) {
    const std::set<std::string> before = inherited_descriptors();
    test_certificates certificates;
    for (const bool reuses : {false, true}) {
        everything all{certificates, reuses};
        asio::io_context io;
        const shutdown_signals signals{io.get_executor(), [](int) {}};
        all.work();
        const std::set<std::string> after = inherited_descriptors();
        for (const std::string& each : after)
            BOOST_TEST(before.count(each) == 1U, each);
        BOOST_TEST(all.failures() == 0U);
    }
    // The list can have more: this descriptor is inherited on purpose.
    const int inherited = ::open("/dev/null", O_RDONLY); // NOLINT(android-cloexec-open)
    BOOST_TEST(inherited_descriptors().size() == before.size() + 1);
    ::close(inherited);
}

// There is no moment in which a descriptor is open and not close-on-exec.
BOOST_AUTO_TEST_CASE(B27_no_program_inherits_a_connection_that_is_just_being_opened) {
    const std::set<std::string> before = inherited_descriptors();
    test_certificates certificates;
    everything all{certificates, false};
    for (int n = 0; n < programs(); ++n)
        for (const std::string& each : inherited_descriptors())
            BOOST_TEST(before.count(each) == 1U, each);
    all.work();
    BOOST_TEST(all.failures() == 0U);
}

// The same by looking at each call that opens a descriptor.
BOOST_AUTO_TEST_CASE(B27_each_descriptor_is_close_on_exec_from_the_beginning) {
    if (sanitized)
        return; // The calls are not seen.
    opened_descriptors& opened = opened_descriptors::get();
    test_certificates certificates;
    // Asio itself marks the pipe of its signal sets after it has opened it, once for the process.
    asio::io_context io;
    const shutdown_signals first{io.get_executor(), [](int) {}};
    for (const bool reuses : {false, true}) {
        // A certificate is a file that the test itself writes.
        const std::unique_ptr<everything> all = everything::noted(certificates, reuses);
        all->work();
        asio::io_context other;
        const shutdown_signals signals{other.get_executor(), [](int) {}};
        const sim::conformance::detail::socket_peer peer;
        BOOST_TEST(opened.calls("accept4") > 0U);
        BOOST_TEST(opened.calls("epoll_create1") > 2U);
        BOOST_TEST(opened.calls("socket") > 2U);
        for (const std::string& each : opened.end())
            BOOST_TEST(false, each);
    }
}

BOOST_AUTO_TEST_SUITE_END()
