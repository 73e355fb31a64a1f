// SPDX-License-Identifier: BSL-1.0

#include "lookup_outcome.hpp"
#include "name_server.hpp"

#include <support/sanitized.hpp>

#include <adapters/support/running_server.hpp>

#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/pooled_transport.hpp>
#include <forest/adapters/cares/cares_resolver.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ares.h>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using namespace forest::detail;
using namespace forest::test;
namespace conformance = forest::sim::conformance;

namespace {

struct with_name_server {
    [[nodiscard]] cares_options options() const {
        return {.servers = server.address(), .timeout = 50ms, .tries = 2};
    }

    name_server server;
};

struct resolvers : real_time_of_threads {
    name_server server;

    [[nodiscard]] std::unique_ptr<cares_resolver> make() const {
        return std::make_unique<cares_resolver>(
            cares_options{.servers = server.address(), .timeout = 1min, .tries = 1});
    }

    bool plan(const std::string& name, const conformance::planned_name& what) {
        using kind = conformance::planned_name::answer_kind;
        zone_entry entry;
        for (const ip_address& each : what.addresses)
            entry.addresses.push_back(number_of(each));
        if (what.lifetime)
            entry.ttl = static_cast<std::uint32_t>(*what.lifetime / 1s);
        entry.silent = what.kind == kind::silence;
        entry.code = what.kind == kind::none ? 3 : what.kind == kind::failure ? 2 : 0;
        server.set(name, entry);
        return true;
    }
};

struct mapped {
    std::string_view name;
    int status;
    errc becomes;

    friend std::ostream& operator<<(std::ostream& to, const mapped& of) { return to << of.name; }
};

const std::vector<mapped> table{
    {"ARES_ENOTFOUND", ARES_ENOTFOUND, errc::resolve_failed},
    {"ARES_ENODATA", ARES_ENODATA, errc::resolve_failed},
    {"ARES_EBADNAME", ARES_EBADNAME, errc::resolve_failed},
    {"ARES_ETIMEOUT", ARES_ETIMEOUT, errc::resolver_unavailable},
    {"ARES_ESERVFAIL", ARES_ESERVFAIL, errc::resolver_unavailable},
    {"ARES_EREFUSED", ARES_EREFUSED, errc::resolver_unavailable},
    {"ARES_ECONNREFUSED", ARES_ECONNREFUSED, errc::resolver_unavailable},
    {"ARES_EBADRESP", ARES_EBADRESP, errc::resolver_unavailable},
    {"ARES_ENOMEM", ARES_ENOMEM, errc::local_resources_exhausted},
    {"a status of tomorrow", 4711, errc::resolver_unavailable},
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(cares_resolver_test, with_name_server)

BOOST_AUTO_TEST_CASE(B19_an_answer_has_the_lifetime_that_the_name_server_gives_it) {
    server.set("host.test", {.addresses = {0x7f000001}, .ttl = 7});
    cares_resolver subject{options()};
    lookup_outcome one;
    subject.async_resolve("host.test", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(!one.error);
    BOOST_TEST((one.addresses == std::vector{loopback(1)}));
    BOOST_TEST((one.lifetime == 7s));
}

BOOST_AUTO_TEST_CASE(it_conforms) {
    for (const auto& each : conformance::check_resolver(resolvers{}))
        BOOST_ERROR(to_string(each));
}

BOOST_AUTO_TEST_CASE(all_addresses_of_a_name_are_found) {
    server.set("host.test", {.addresses = {0x7f000001, 0x7f000002, 0x7f000003}});
    cares_resolver subject{options()};
    lookup_outcome one;
    subject.async_resolve("host.test", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(one.addresses.size() == 3U);
}

BOOST_AUTO_TEST_CASE(B5_no_such_name_is_distinguished_from_a_name_server_that_fails_or_is_silent) {
    server.set("fails.test", {.code = 2});
    server.set("refuses.test", {.code = 5});
    server.set("silent.test", {.silent = true});
    server.set("empty.test", {});
    cares_resolver subject{options()};
    for (const auto& [name, expected] : {std::pair{"nothing.test", errc::resolve_failed},
                                         {"empty.test", errc::resolve_failed},
                                         {"fails.test", errc::resolver_unavailable},
                                         {"refuses.test", errc::resolver_unavailable},
                                         {"silent.test", errc::resolver_unavailable}}) {
        lookup_outcome one;
        subject.async_resolve(name, one.handler());
        BOOST_TEST_REQUIRE(one.ended());
        BOOST_TEST(one.error == make_error_code(expected), name << ": " << one.error);
        BOOST_TEST(one.addresses.empty());
    }
}

BOOST_DATA_TEST_CASE(B19_each_status_of_c_ares_has_one_meaning,
                     boost::unit_test::data::make(table)) {
    BOOST_TEST((cares_error(sample.status) == sample.becomes));
}

BOOST_AUTO_TEST_CASE(a_name_server_that_is_not_there_does_not_answer) {
    cares_resolver subject{{.servers = "127.0.0.1:1", .timeout = 50ms, .tries = 1}};
    lookup_outcome one;
    subject.async_resolve("host.test", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(one.error == make_error_code(errc::resolver_unavailable));
}

BOOST_AUTO_TEST_CASE(names_that_cannot_exist_have_no_address) {
    cares_resolver subject{options()};
    for (const std::string& name : {std::string{}, std::string(100'000, 'a'), std::string(300, 'a'),
                                    std::string{"a\0b", 3}, std::string{"a..b"}}) {
        lookup_outcome one;
        subject.async_resolve(name, one.handler());
        BOOST_TEST_REQUIRE(one.ended());
        BOOST_TEST(one.error == make_error_code(errc::resolve_failed), name);
    }
}

BOOST_AUTO_TEST_CASE(B19_names_without_an_answer_delay_no_other) {
    server.set("host.test", {.addresses = {0x7f000001}});
    cares_resolver subject{{.servers = server.address(), .timeout = 60s, .tries = 1}};
    // So few that no datagram is lost when the name server of the test gets no turn for a while.
    std::vector<lookup_outcome> silent(50);
    for (std::size_t n = 0; n < silent.size(); ++n) {
        server.set("silent" + std::to_string(n) + ".test", {.silent = true});
        subject.async_resolve("silent" + std::to_string(n) + ".test", silent[n].handler());
    }
    lookup_outcome one;
    subject.async_resolve("host.test", one.handler());
    BOOST_TEST(one.ended());
    BOOST_TEST(!one.error);
    for (lookup_outcome& each : silent)
        BOOST_TEST(each.calls == 0);
}

BOOST_AUTO_TEST_CASE(B18_no_thread_outlives_it_whatever_is_under_way_and_no_handler_is_called) {
    const int before = count_of_threads();
    const auto alive = std::make_shared<int>(0);
    int calls = 0;
    server.set("silent.test", {.silent = true});
    {
        cares_resolver subject{{.servers = server.address(), .timeout = 60s, .tries = 1}};
        for (int n = 0; n < 20; ++n)
            subject.async_resolve("silent.test", [alive, &calls](const resolution&) { ++calls; });
        BOOST_TEST(eventually([&] { return server.asked("silent.test") > 0; }));
    }
    BOOST_TEST(count_of_threads() <= before);
    BOOST_TEST(alive.use_count() == 1);
    BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_CASE(one_that_is_never_used_has_no_thread) {
    const int before = count_of_threads();
    const cares_resolver subject{options()};
    BOOST_TEST(count_of_threads() <= before);
}

BOOST_AUTO_TEST_CASE(a_handler_need_not_be_copyable) {
    server.set("host.test", {.addresses = {0x7f000001}});
    cares_resolver subject{options()};
    lookup_outcome one;
    subject.async_resolve("host.test", [then = one.handler(), own = std::make_unique<int>(1)](
                                           const resolution& found) mutable { then(found); });
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(!one.error);
}

BOOST_AUTO_TEST_CASE(a_handler_may_look_up_another_name) {
    server.set("second.test", {.addresses = {0x7f000001}});
    cares_resolver subject{options()};
    lookup_outcome second;
    subject.async_resolve("first.test", [&](const resolution&) {
        subject.async_resolve("second.test", second.handler());
    });
    BOOST_TEST(second.ended());
    BOOST_TEST(!second.error);
}

BOOST_AUTO_TEST_CASE(names_of_the_hosts_file_are_found_beside_a_dead_name_server) {
    cares_resolver subject{{.servers = "127.0.0.1:1", .timeout = 60s, .tries = 1}};
    BOOST_TEST(subject.answers_locally("localhost"));
    BOOST_TEST(!subject.answers_locally("host.test"));
    lookup_outcome one;
    subject.async_resolve("localhost", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(!one.error);
    BOOST_TEST(!one.addresses.empty());
    BOOST_TEST(!one.lifetime.has_value());
}

BOOST_AUTO_TEST_CASE(its_configuration_is_read_again_when_it_has_changed_and_can_be_read) {
    const changing_file file;
    cares_options settings = options();
    settings.configuration = file.path;
    for (const std::string name : {"first", "second", "third"})
        server.set("host." + name + ".test", {.addresses = {0x7f000001}});
    file.write("search first.test\n");
    cares_resolver subject{settings};
    const auto look_up = [&] {
        lookup_outcome one;
        subject.async_resolve("host", one.handler());
        BOOST_TEST(one.ended());
        return one.error;
    };
    BOOST_TEST(!look_up());
    BOOST_TEST(server.asked("host.first.test") == 1U);
    file.write("search second.test\n");
    BOOST_TEST(!look_up());
    BOOST_TEST(server.asked("host.second.test") == 1U);
    file.write("search third.test\n");
    if (!sanitized) { // UBSan takes what it has no descriptor to look at for a fault.
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        const std::error_code without_descriptors = look_up();
        ::setrlimit(RLIMIT_NOFILE, &before);
        BOOST_TEST(without_descriptors == make_error_code(errc::local_resources_exhausted));
    }
    BOOST_TEST(!look_up());
    BOOST_TEST(server.asked("host.third.test") == 1U);
    BOOST_TEST(server.asked("host.second.test") == 1U);
    ::unlink(file.path.c_str()); // Then there is nothing to be searched.
    BOOST_TEST(look_up() == make_error_code(errc::resolve_failed));
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_used_are_refused) {
    for (const cares_options& settings :
         {cares_options{.servers = "no address"}, cares_options{.timeout = 0s},
          cares_options{.timeout = -1s}, cares_options{.timeout = duration::max()},
          cares_options{.tries = 0}}) {
        BOOST_CHECK_EXCEPTION(cares_resolver{settings}, std::system_error,
                              [](const std::system_error& thrown) {
                                  return thrown.code() == std::errc::invalid_argument;
                              });
    }
}

BOOST_AUTO_TEST_CASE(B19_a_client_and_a_pool_find_names_by_it) {
    running_server peer;
    server.set("host.test", {.addresses = {0x7f000001}, .ttl = 60});
    asio::io_context io;
    asio_clock clock{io.get_executor()};
    const basic_asio_names<cares_resolver> where{io.get_executor(), resolver_limits{}, options()};
    const url target{"http://host.test:" + std::to_string(peer.port) + "/forest/health"};

    using transport = basic_asio_transport<cares_resolver>;
    basic_health_client<transport, asio_clock, unsigned_requests, exponential_backoff> client{
        transport{clock, where}, asio_clock{io.get_executor()}, unsigned_requests{},
        exponential_backoff{}, target};
    client.start();

    const basic_asio_connection_pool<cares_resolver> pool{clock, where};
    basic_pooled_transport<cares_resolver> pooled{pool};
    request what;
    what.target = target;
    std::error_code error = make_error_code(errc::timed_out);
    pooled.async_get(what, 20s, [&](const reply& answer) { error = answer.error; });

    const auto end = std::chrono::steady_clock::now() + 20s;
    while ((client.status() != target_status::up || error) &&
           std::chrono::steady_clock::now() < end)
        io.run_one_for(10ms);
    BOOST_TEST((client.status() == target_status::up));
    BOOST_TEST(!error);
    BOOST_TEST(server.asked("host.test") == 1U);
    client.stop();
}

BOOST_AUTO_TEST_SUITE_END()
