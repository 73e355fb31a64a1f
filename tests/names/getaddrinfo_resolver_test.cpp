// SPDX-License-Identifier: BSL-1.0

#include "fake_name_service.hpp"
#include "lookup_outcome.hpp"

#include <adapters/support/running_server.hpp>

#include <forest/adapters/posix/getaddrinfo_resolver.hpp>
#include <forest/adapters/posix/hosts_file.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/sim/conformance/conformance.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <netdb.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
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

struct mapped {
    std::string_view name;
    int code;
    int error;
    errc becomes;

    friend std::ostream& operator<<(std::ostream& to, const mapped& of) { return to << of.name; }
};

const std::vector<mapped> table{
    {"EAI_NONAME", EAI_NONAME, 0, errc::resolve_failed},
    {"EAI_NODATA", EAI_NODATA, 0, errc::resolve_failed},
    {"EAI_ADDRFAMILY", EAI_ADDRFAMILY, 0, errc::resolve_failed},
    {"EAI_IDN_ENCODE", EAI_IDN_ENCODE, 0, errc::resolve_failed},
    {"EAI_AGAIN", EAI_AGAIN, 0, errc::resolver_unavailable},
    {"EAI_FAIL", EAI_FAIL, 0, errc::resolver_unavailable},
    {"EAI_SYSTEM, ETIMEDOUT", EAI_SYSTEM, ETIMEDOUT, errc::resolver_unavailable},
    {"EAI_SYSTEM, ECONNREFUSED", EAI_SYSTEM, ECONNREFUSED, errc::resolver_unavailable},
    {"EAI_SYSTEM, EMFILE", EAI_SYSTEM, EMFILE, errc::local_resources_exhausted},
    {"EAI_SYSTEM, ENOMEM", EAI_SYSTEM, ENOMEM, errc::local_resources_exhausted},
    {"EAI_MEMORY", EAI_MEMORY, 0, errc::local_resources_exhausted},
    {"a code of tomorrow", -4711, 0, errc::resolver_unavailable},
};

struct resolvers : real_time_of_threads {
    static std::unique_ptr<getaddrinfo_resolver> make() {
        return std::make_unique<getaddrinfo_resolver>();
    }

    bool plan(const std::string& name, const conformance::planned_name& what) {
        using kind = conformance::planned_name::answer_kind;
        fake_name known{.addresses = {}};
        for (const ip_address& each : what.addresses)
            known.addresses.push_back(number_of(each));
        known.hangs = what.kind == kind::silence;
        known.code = what.kind == kind::none      ? EAI_NONAME
                     : what.kind == kind::failure ? EAI_AGAIN
                                                  : 0;
        fake_name_service::get().set(name, known);
        return true;
    }
};

std::atomic<bool> on_test_thread = true;
thread_local bool is_test_thread = false;

extern "C" void note_signal(int) {
    on_test_thread = on_test_thread && is_test_thread;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(getaddrinfo_resolver_test, with_fake_names)

BOOST_AUTO_TEST_CASE(the_addresses_of_a_name_come_in_the_order_of_the_system_each_once) {
    names.set("two", {.addresses = {0x7f000002, 0x7f000001, 0x7f000002}});
    getaddrinfo_resolver subject;
    lookup_outcome one;
    subject.async_resolve("two", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(!one.error);
    BOOST_TEST((one.addresses == std::vector{loopback(2), loopback(1)}));
    BOOST_TEST(!one.lifetime.has_value());
}

BOOST_DATA_TEST_CASE(B19_each_code_of_getaddrinfo_has_one_meaning,
                     boost::unit_test::data::make(table)) {
    BOOST_TEST((resolve_error(sample.code, sample.error) == sample.becomes));
    names.set("host", {.code = sample.code, .error = sample.error});
    getaddrinfo_resolver subject;
    lookup_outcome one;
    subject.async_resolve("host", one.handler());
    BOOST_TEST_REQUIRE(one.ended());
    BOOST_TEST(one.error == make_error_code(sample.becomes));
    BOOST_TEST(one.addresses.empty());
}

BOOST_AUTO_TEST_CASE(names_that_cannot_exist_have_no_address_and_are_not_asked_for) {
    getaddrinfo_resolver subject;
    for (const std::string& name : {std::string{}, std::string(256, 'a'), std::string(100'000, 'a'),
                                    std::string{"a\0b", 3}}) {
        lookup_outcome one;
        subject.async_resolve(name, one.handler());
        BOOST_TEST_REQUIRE(one.ended());
        BOOST_TEST(one.error == make_error_code(errc::resolve_failed));
    }
    BOOST_TEST(names.calls() == 0U);
    lookup_outcome longest;
    subject.async_resolve(std::string(255, 'a'), longest.handler());
    BOOST_TEST_REQUIRE(longest.ended());
    BOOST_TEST(!longest.error);
}

BOOST_AUTO_TEST_CASE(look_ups_run_side_by_side_and_one_that_hangs_delays_no_other) {
    constexpr resolver_limits limits{};
    getaddrinfo_resolver subject;
    std::vector<lookup_outcome> hanging(limits.hanging_max);
    for (std::size_t n = 0; n < hanging.size(); ++n) {
        names.set("hangs" + std::to_string(n), {.hangs = true});
        subject.async_resolve("hangs" + std::to_string(n), hanging[n].handler());
    }
    std::vector<lookup_outcome> others(200);
    for (std::size_t n = 0; n < others.size(); ++n)
        subject.async_resolve("other" + std::to_string(n), others[n].handler());
    for (lookup_outcome& each : others)
        BOOST_TEST(each.ended());
    BOOST_TEST(names.under_way() == hanging.size());
    BOOST_TEST(names.most() <= limits.lookups_max + limits.hanging_max + limits.local_max);
    names.release();
    for (lookup_outcome& each : hanging) {
        BOOST_TEST(each.ended());
        BOOST_TEST(each.calls == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_need_not_be_copyable) {
    getaddrinfo_resolver subject;
    lookup_outcome one;
    subject.async_resolve("host", [then = one.handler(), own = std::make_unique<int>(1)](
                                      const resolution& found) mutable { then(found); });
    BOOST_TEST(one.ended());
}

BOOST_AUTO_TEST_CASE(a_handler_may_look_up_another_name) {
    getaddrinfo_resolver subject;
    lookup_outcome second;
    subject.async_resolve(
        "first", [&](const resolution&) { subject.async_resolve("second", second.handler()); });
    BOOST_TEST(second.ended());
}

BOOST_AUTO_TEST_CASE(it_conforms) {
    for (const auto& each : conformance::check_resolver(resolvers{}))
        BOOST_ERROR(to_string(each));
}

// Under ASan and TSan this shows what a thread that is left behind touches.
BOOST_AUTO_TEST_CASE(B18_the_end_of_a_resolver_waits_for_no_look_up_and_calls_no_handler) {
    const int before = count_of_threads();
    std::vector<lookup_outcome> all(20);
    const auto alive = std::make_shared<int>(0);
    {
        getaddrinfo_resolver subject;
        for (std::size_t n = 0; n < all.size(); ++n) {
            names.set("hangs" + std::to_string(n), {.hangs = true});
            subject.async_resolve(
                "hangs" + std::to_string(n),
                [alive, inner = all[n].handler()](const resolution& found) { inner(found); });
        }
        BOOST_TEST(eventually([&] { return names.under_way() == all.size(); }));
    }
    BOOST_TEST(alive.use_count() == 1); // The handlers are destroyed, and not by those threads.
    names.release();
    BOOST_TEST(eventually([&] { return count_of_threads() <= before; }));
    for (lookup_outcome& each : all)
        BOOST_TEST(each.calls == 0);
}

BOOST_AUTO_TEST_CASE(B18_no_thread_is_left_but_those_in_getaddrinfo) {
    const int before = count_of_threads();
    for (int round = 0; round < 3; ++round) {
        getaddrinfo_resolver subject;
        std::vector<lookup_outcome> all(30);
        for (std::size_t n = 0; n < all.size(); ++n)
            subject.async_resolve("name" + std::to_string(n), all[n].handler());
        for (lookup_outcome& each : all)
            BOOST_TEST(each.ended());
    }
    BOOST_TEST(count_of_threads() <= before);
}

BOOST_AUTO_TEST_CASE(its_threads_take_no_signal_from_the_application) {
    is_test_thread = true;
    struct sigaction noting{};
    struct sigaction before{};
    noting.sa_handler = note_signal;
    ::sigaction(SIGUSR1, &noting, &before);
    getaddrinfo_resolver subject;
    names.set("hangs", {.hangs = true});
    lookup_outcome one;
    subject.async_resolve("hangs", one.handler());
    BOOST_TEST(eventually([&] { return names.under_way() == 1; }));
    for (int n = 0; n < 100; ++n)
        ::kill(::getpid(), SIGUSR1);
    BOOST_TEST(on_test_thread.load());
    ::sigaction(SIGUSR1, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(names_of_the_hosts_file_are_known_to_be_local_also_when_it_has_changed) {
    const changing_file file;
    file.write("127.0.0.1 localhost # loopback\n"
               "\t10.0.0.1\tDb.Example  db alias\r\n"
               "# 10.0.0.2 commented\n"
               "10.0.0.3\n"
               "::1 last");
    hosts_file subject{file.path};
    for (const std::string_view name : {"localhost", "db.example", "db", "alias", "last"})
        BOOST_TEST(subject.contains(name), name);
    for (const std::string_view name : {"", "127.0.0.1", "10.0.0.3", "commented", "#", "loopback",
                                        "Db.Example", "db.exampl", "::1"})
        BOOST_TEST(!subject.contains(name), name);
    file.write("10.0.0.1 new\n");
    BOOST_TEST(eventually([&] { return subject.contains("new"); }));
    BOOST_TEST(!subject.contains("localhost"));
    ::unlink(file.path.c_str());
    BOOST_TEST(eventually([&] { return !subject.contains("new"); }));
}

BOOST_AUTO_TEST_CASE(a_hosts_file_that_is_none_has_no_names) {
    BOOST_TEST(!hosts_file{"/does/not/exist"}.contains("localhost"));
    BOOST_TEST(!hosts_file{"/"}.contains("localhost"));
    BOOST_TEST(!hosts_file{"/dev/zero"}.contains("localhost"));
}

BOOST_AUTO_TEST_SUITE_END()
