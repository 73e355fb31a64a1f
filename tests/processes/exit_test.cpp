// SPDX-License-Identifier: BSL-1.0

#include <adapters/support/test_certificates.hpp>
#include <support/child_process.hpp>

#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/asio/server_limits.hpp>
#include <forest/adapters/asio/sharded_fleet.hpp>
#include <forest/adapters/asio/unix_socket_options.hpp>
#include <forest/adapters/openssl/openssl_at_exit.hpp>
#include <forest/adapters/openssl/signature_errc.hpp>
#include <forest/core/datasource_options.hpp>
#include <forest/core/error.hpp>
#include <forest/forest.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// The end of a program while checks are under way (B18).

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::test;

namespace {

// How many programs are run for each way to end. FOREST_TEST_EXITS asks for more.
int programs() {
    const char* const wanted = std::getenv("FOREST_TEST_EXITS");
    return wanted == nullptr ? 40 : std::atoi(wanted);
}

// An https server with a certificate from `files`, on its own thread.
struct https_server {
    explicit https_server(const certificate_files& files) {
        const std::error_code ec = server.listen_tls("127.0.0.1", 0,
                                                     {.certificate_file = files.certificate,
                                                      .private_key_file = files.key,
                                                      .client_ca_file = {}});
        if (ec)
            ::_exit(70);
        url = server.endpoints().front() + route.path();
    }

    background loop;
    asio_server server{loop.get_executor()};
    health_route route{server, hmac_sha256_verifier{"secret"}};
    std::string url;
};

health_client https_client(background& loop, const std::string& url, const std::string& ca_file) {
    asio_clock clock{loop.get_executor()};
    transport_options options;
    options.tls.ca_file = ca_file;
    forest::options quick;
    quick.interval = 1ms;
    return health_client{asio_transport{clock, options}, clock, hmac_sha256_signer{"secret"},
                         exponential_backoff{},          url,   quick};
}

// What a program of this test does: `WAY MICROSECONDS CERTIFICATE KEY CA`.
struct role {
    std::string way;
    int microseconds = 0;
    certificate_files files;
    std::string ca_file;

    static role parse(const std::string& text) {
        role parsed;
        std::istringstream{text} >> parsed.way >> parsed.microseconds >> parsed.files.certificate >>
            parsed.files.key >> parsed.ca_file;
        return parsed;
    }

    void wait() const { std::this_thread::sleep_for(std::chrono::microseconds{microseconds}); }
};

constexpr int clients = 8;

// Nothing is destroyed before the program ends.
[[noreturn]] void exit_with_living_clients(const role& self) {
    static auto& server = *new https_server{self.files};
    static auto& loop = *new background;
    static auto& all = *new std::vector<health_client>; // where a search for leaks finds them
    for (int n = 0; n < clients; ++n)
        all.push_back(https_client(loop, server.url, self.ca_file));
    for (health_client& each : all)
        each.start();
    self.wait();
    std::exit(0);
}

// `std::exit` destroys static variables after those that were made later, and after it has called
// the function that OpenSSL registers at its first use. These exist before that.
[[noreturn]] void exit_with_static_clients(const role& self) {
    static background loop;
    static std::vector<health_client> all;
    auto& server = *new https_server{self.files};
    for (int n = 0; n < clients; ++n)
        all.push_back(https_client(loop, server.url, self.ca_file));
    for (health_client& each : all)
        each.start();
    self.wait();
    std::exit(0);
}

// The same with a fleet and its threads.
[[noreturn]] void exit_with_a_static_fleet(const role& self) {
    static sharded_fleet<health_fleet> fleet{
        2, [](const auto& executor) { return health_fleet{executor, "secret"}; }};
    auto& server = *new https_server{self.files};
    for (int n = 0; n < clients; ++n)
        (void)fleet.add(url{server.url}, {.interval = 1ms});
    fleet.start();
    self.wait();
    std::exit(0);
}

// The server ends first, the clients while their checks are under way, and the loop last.
[[noreturn]] void return_after_other_orders(const role& self) {
    auto server = std::make_unique<https_server>(self.files);
    {
        background loop;
        std::vector<health_client> all;
        for (int n = 0; n < clients; ++n)
            all.push_back(https_client(loop, server->url, self.ca_file));
        for (health_client& each : all)
            each.start();
        self.wait();
        all.erase(all.begin(), all.begin() + clients / 2);
        server.reset();
    }
    std::exit(0);
}

const std::map<std::string_view, void (*)(const role&)> ways{
    {"living", exit_with_living_clients},
    {"static", exit_with_static_clients},
    {"fleet", exit_with_a_static_fleet},
    {"orders", return_after_other_orders},
};

// Set in a child whose last act is to use error codes.
bool uses_codes_at_last = false;

void use_codes() {
    if (!uses_codes_at_last)
        return;
    const std::error_code all[] = {
        make_error_code(errc::timed_out),
        make_error_code(datasource_errc::invalid_uri),
        make_error_code(server_limits_errc::invalid_backlog),
        make_error_code(unix_socket_errc::invalid_mode),
        make_error_code(signature_errc::invalid_tolerance),
    };
    for (const std::error_code& each : all)
        if (each.message().empty() || name(each).empty() || *each.category().name() == '\0')
            ::_exit(1);
    const auto group = make_error_condition(condition::no_connection);
    if (all[0] != condition::no_connection || all[1] != condition::invalid_argument ||
        group.message().empty())
        ::_exit(2);
    ::_exit(7);
}

// Registered before any variable of the program is made, so it is called after all are destroyed.
[[gnu::constructor(101)]] void register_early() {
    (void)std::atexit(&use_codes);
}

} // namespace

BOOST_AUTO_TEST_SUITE(exit_test)

// What a program does that another case has started.
BOOST_AUTO_TEST_CASE(the_role_of_a_program) {
    const std::string text = role_of_this_program();
    if (text.empty())
        return;
    keep_openssl_at_exit();
    const role self = role::parse(text);
    ways.at(self.way)(self);
}

// Without the call, 15 of 100 such programs crashed: OpenSSL frees its state at exit.
BOOST_AUTO_TEST_CASE(B18_a_program_may_end_while_checks_over_tls_are_under_way) {
    if (!role_of_this_program().empty())
        return;
    test_certificates certificates;
    const certificate_files files = certificates.server();
    std::mt19937 random{1};
    for (const auto& [way, run] : ways) {
        std::map<std::string, int> ends;
        for (int n = 0; n < programs(); ++n) {
            const int microseconds = std::uniform_int_distribution<>{0, 60'000}(random);
            ++ends[in_program("exit_test/the_role_of_a_program",
                              std::string{way} + " " + std::to_string(microseconds) + " " +
                                  files.certificate + " " + files.key + " " +
                                  certificates.ca_file())];
        }
        for (const auto& [end, count] : ends)
            BOOST_TEST(end == "exit 0", way << ": " << end << ", " << count << " times");
    }
}

// A destroyed category is one without a message: the program ended with "pure virtual method
// called".
BOOST_AUTO_TEST_CASE(error_codes_can_be_used_until_the_program_has_ended) {
    BOOST_TEST(in_child([] {
                   uses_codes_at_last = true;
                   std::exit(0);
               }) == "exit 7");
}

BOOST_AUTO_TEST_SUITE_END()
