// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/raw_client.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/unix_socket_options.hpp>

#include <boost/test/unit_test.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

// Where a server listens: names with several addresses, and socket files that several want.

namespace {

using asio::ip::tcp;
using forest::asio_server;
using forest::errc;
using forest::test::raw_client;
using forest::test::running_server;

bool has_ipv6() {
    asio::io_context io;
    tcp::acceptor probe{io};
    std::error_code ec;
    probe.open(tcp::v6(), ec);
    if (!ec)
        probe.bind({asio::ip::address_v6::loopback(), 0}, ec);
    if (ec)
        BOOST_TEST_MESSAGE("skipped: this machine has no IPv6");
    return !ec;
}

// What others have of an address of IPv6 or IPv4.
class taken_port {
public:
    explicit taken_port(const tcp::endpoint& at) : acceptor_{io_} {
        acceptor_.open(at.protocol());
        if (at.protocol() == tcp::v6())
            acceptor_.set_option(asio::ip::v6_only{true});
        acceptor_.bind(at);
        acceptor_.listen();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_;
};

// A socket file that nobody listens on.
void leave_stale_file(const std::string& path) {
    asio::io_context io;
    const asio::local::stream_protocol::acceptor dead{io, path};
}

unsigned mode_of(const std::string& path) {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0U;
}

class umask_of_process {
public:
    explicit umask_of_process(mode_t mask) : before_{::umask(mask)} {}
    umask_of_process(const umask_of_process&) = delete;
    umask_of_process& operator=(const umask_of_process&) = delete;
    ~umask_of_process() { ::umask(before_); }

private:
    mode_t before_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(server_listening_test)

BOOST_AUTO_TEST_CASE(all_addresses_of_a_name_are_listened_on_on_one_port) {
    if (!has_ipv6())
        return;
    running_server running;
    BOOST_TEST(!running.server->listen("localhost", 0));
    const auto endpoints = running.server->endpoints();
    BOOST_REQUIRE(endpoints.size() == 3U);
    const std::string port = endpoints[1].substr(endpoints[1].rfind(':'));
    const std::vector<std::string> both{"http://127.0.0.1" + port, "http://[::1]" + port};
    for (const std::string& each : both)
        BOOST_TEST((endpoints[1] == each || endpoints[2] == each), each);
    BOOST_TEST(running.server->skipped_endpoints().empty());
}

BOOST_AUTO_TEST_CASE(a_star_is_every_interface_of_both_families) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_REQUIRE(!server.listen("*", 0));
    const std::string port = ":" + std::to_string(server.port());
    BOOST_TEST(server.endpoints()[0] == "http://0.0.0.0" + port);
    if (has_ipv6())
        BOOST_TEST(server.endpoints()[1] == "http://[::]" + port);
    asio_server other{io.get_executor()};
    BOOST_TEST(other.listen("*", server.port()) == errc::address_in_use);
    BOOST_TEST(other.endpoints().empty());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_at_one_address_of_a_name_is_not_taken_at_the_others) {
    if (!has_ipv6())
        return;
    const tcp::endpoint ends[] = {{asio::ip::address_v4::loopback(), 0},
                                  {asio::ip::address_v6::loopback(), 0}};
    for (int first = 0; first < 2; ++first) {
        const taken_port taken{ends[first]};
        asio::io_context io;
        asio_server server{io.get_executor()};
        for (const char* host : {"localhost", "*"}) {
            BOOST_TEST(server.listen(host, taken.port()) == errc::address_in_use);
            BOOST_TEST(server.endpoints().empty());
            BOOST_TEST(server.port() == 0);
        }
        // Nothing is left bound at the other one.
        tcp::endpoint other = ends[1 - first];
        other.port(taken.port());
        const taken_port free{other};
        BOOST_TEST(free.port() == taken.port());
    }
}

BOOST_AUTO_TEST_CASE(one_free_port_is_found_for_all_addresses_however_many_are_taken) {
    if (!has_ipv6())
        return;
    std::vector<std::unique_ptr<taken_port>> taken;
    for (int each = 0; each < 500; ++each)
        taken.push_back(
            std::make_unique<taken_port>(tcp::endpoint{asio::ip::address_v4::loopback(), 0}));
    asio::io_context io;
    asio_server server{io.get_executor()};
    for (int each = 0; each < 50; ++each)
        BOOST_TEST(!server.listen("localhost", 0));
    BOOST_TEST(server.endpoints().size() == 100U);
}

BOOST_AUTO_TEST_CASE(an_address_of_another_machine_is_refused) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(server.listen("192.0.2.1", 0) == errc::listen_failed);
    BOOST_TEST(server.listen("2001:db8::1", 0) == errc::listen_failed);
    BOOST_TEST(server.skipped_endpoints().empty());
}

BOOST_AUTO_TEST_CASE(of_many_that_want_a_stale_socket_file_exactly_one_has_it) {
    constexpr int servers = 8;
    const forest::test::test_certificates files; // for its directory
    const std::string path = files.directory() + "/wanted.sock";
    for (int round = 0; round < 30; ++round) {
        leave_stale_file(path);
        asio::io_context io;
        std::vector<std::unique_ptr<asio_server>> all;
        std::vector<std::error_code> results(servers);
        for (int each = 0; each < servers; ++each)
            all.push_back(std::make_unique<asio_server>(io.get_executor()));
        std::barrier together{servers};
        std::vector<std::thread> threads;
        for (int each = 0; each < servers; ++each)
            threads.emplace_back([&, each] {
                together.arrive_and_wait();
                results[static_cast<std::size_t>(each)] =
                    all[static_cast<std::size_t>(each)]->listen_unix(path);
            });
        for (std::thread& thread : threads)
            thread.join();
        int winners = 0;
        for (const std::error_code& ec : results) {
            winners += ec ? 0 : 1;
            BOOST_TEST((!ec || ec == errc::address_in_use));
        }
        BOOST_TEST(winners == 1);
        BOOST_CHECK_NO_THROW(raw_client{path});
        all.clear();
        BOOST_TEST(!std::filesystem::exists(path));
        BOOST_TEST(!std::filesystem::exists(path + ".lock"));
    }
}

// While servers come and go, the one that says that it listens can be reached.
BOOST_AUTO_TEST_CASE(a_socket_file_is_that_of_the_server_that_has_it_while_others_come_and_go) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/passed.sock";
    std::atomic<int> unreachable = 0;
    std::atomic<int> unexpected = 0;
    std::atomic<int> listened = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            asio::io_context io;
            for (int round = 0; round < 200; ++round) {
                asio_server server{io.get_executor()};
                const std::error_code ec = server.listen_unix(path);
                unexpected += ec && ec != errc::address_in_use ? 1 : 0;
                if (ec)
                    continue;
                ++listened;
                try {
                    const raw_client reaches{path};
                } catch (const std::runtime_error&) {
                    ++unreachable;
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(listened > 0);
    BOOST_TEST(unexpected == 0);
    BOOST_TEST(unreachable == 0);
}

BOOST_AUTO_TEST_CASE(a_lock_that_is_held_decides_even_where_there_is_no_socket_file) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/held.sock";
    const int held = ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    BOOST_REQUIRE(held >= 0);
    BOOST_REQUIRE(::flock(held, LOCK_EX) == 0);
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(server.listen_unix(path) == errc::address_in_use);
    BOOST_TEST(!std::filesystem::exists(path));
    ::close(held); // as when its process dies; the file stays
    BOOST_TEST(!server.listen_unix(path));
    BOOST_TEST(mode_of(path + ".lock") == 0600U);
    server.stop();
    BOOST_TEST(!std::filesystem::exists(path + ".lock"));
}

BOOST_AUTO_TEST_CASE(a_lock_file_that_is_no_file_is_not_used) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/odd.sock";
    const std::string lock = path + ".lock";
    asio::io_context io;
    asio_server server{io.get_executor()};
    const std::string elsewhere = files.directory() + "/elsewhere";
    std::filesystem::create_symlink(elsewhere, lock);
    BOOST_TEST(server.listen_unix(path) == errc::listen_failed);
    BOOST_TEST(!std::filesystem::exists(elsewhere));
    std::filesystem::remove(lock);
    BOOST_REQUIRE(::mkfifo(lock.c_str(), 0600) == 0);
    BOOST_TEST(server.listen_unix(path) == errc::listen_failed);
    std::filesystem::remove(lock);
    std::filesystem::create_directory(lock);
    BOOST_TEST(server.listen_unix(path) == errc::listen_failed);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(one_that_does_not_get_the_name_leaves_no_lock) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/file";
    std::ofstream{path} << "no socket";
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(server.listen_unix(path) == errc::address_in_use);
    BOOST_TEST(!std::filesystem::exists(path + ".lock"));
    // A server of another make holds no lock.
    const std::string foreign = files.directory() + "/foreign.sock";
    const asio::local::stream_protocol::acceptor other{io, foreign};
    BOOST_TEST(server.listen_unix(foreign) == errc::address_in_use);
    BOOST_TEST(!std::filesystem::exists(foreign + ".lock"));
    BOOST_CHECK_NO_THROW(raw_client{foreign});
}

BOOST_AUTO_TEST_CASE(the_mode_of_a_socket_file_is_exact_whatever_the_umask_is) {
    const forest::test::test_certificates files;
    asio::io_context io;
    for (const mode_t mask : {0000U, 0022U, 0077U, 0777U}) {
        const umask_of_process umask{mask};
        for (const unsigned mode : {0600U, 0660U, 0777U, 0001U}) {
            asio_server server{io.get_executor()};
            const std::string path = files.directory() + "/mode.sock";
            BOOST_TEST(!server.listen_unix(path, {.mode = mode}));
            BOOST_TEST(mode_of(path) == mode);
        }
        asio_server server{io.get_executor()};
        const std::string path = files.directory() + "/umask.sock";
        const std::error_code ec = server.listen_unix(path);
        BOOST_TEST(!ec);
        BOOST_TEST(mode_of(path) == (0777U & ~mask));
    }
}

BOOST_AUTO_TEST_CASE(a_socket_file_is_never_more_open_than_its_mode) {
    const forest::test::test_certificates files;
    const std::string path = files.directory() + "/closed.sock";
    const umask_of_process umask{0};
    std::atomic<bool> done = false;
    std::atomic<unsigned> seen = 0;
    std::thread looks{[&] {
        while (!done)
            seen |= mode_of(path);
    }};
    asio::io_context io;
    for (int round = 0; round < 300; ++round) {
        asio_server server{io.get_executor()};
        BOOST_TEST(!server.listen_unix(path, {.mode = 0600}));
    }
    done = true;
    looks.join();
    BOOST_TEST((seen & ~0600U) == 0U);
}

BOOST_AUTO_TEST_CASE(a_mode_that_is_out_of_range_is_named) {
    const forest::unix_socket_options special{.mode = 01600};
    BOOST_TEST(special.validate() == forest::unix_socket_errc::invalid_mode);
    BOOST_TEST(special.validate().message().find("unix_socket_options.mode") == 0U);
    BOOST_TEST(special.validate().category().name() == std::string{"forest.unix_socket_options"});
    BOOST_TEST(!forest::unix_socket_options{}.validate());
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(server.listen_unix("/tmp/forest-never.sock", special) ==
               forest::unix_socket_errc::invalid_mode);
}

BOOST_AUTO_TEST_CASE(a_name_with_a_zero_in_it_is_no_path) {
    asio::io_context io;
    asio_server server{io.get_executor()};
    BOOST_TEST(server.listen_unix(std::string{"\0abstract", 9}) == errc::path_invalid);
}

BOOST_AUTO_TEST_SUITE_END()
