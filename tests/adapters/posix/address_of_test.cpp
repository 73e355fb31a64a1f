// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/ip_address.hpp>

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>

using namespace forest;

namespace {

// In a buffer for every family, as the system gives addresses; g++ warns of a shorter one.
template <typename Address>
std::optional<ip_address> read(const Address& from) {
    sockaddr_storage buffer{};
    std::memcpy(&buffer, &from, sizeof from);
    return address_of(reinterpret_cast<const sockaddr&>(buffer));
}

sockaddr_in6 v6(const char* text, std::uint32_t scope) {
    sockaddr_in6 result{};
    result.sin6_family = AF_INET6;
    result.sin6_port = htons(80);
    result.sin6_scope_id = scope;
    BOOST_REQUIRE(::inet_pton(AF_INET6, text, &result.sin6_addr) == 1);
    return result;
}

ip_address numbered(int last) {
    ip_address result;
    result.bytes = {10, 0, 0, static_cast<std::uint8_t>(last)};
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(address_of_test)

BOOST_AUTO_TEST_CASE(an_ipv4_address_has_its_four_bytes_first_and_no_others) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(80);
    BOOST_REQUIRE(::inet_pton(AF_INET, "192.0.2.7", &four.sin_addr) == 1);
    ip_address expected;
    expected.bytes = {192, 0, 2, 7};
    BOOST_TEST((read(four) == expected));
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_has_the_scope_of_its_interface) {
    const auto found = read(v6("fe80::1", 3));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->is_v6);
    BOOST_TEST(found->scope == 3U);
    BOOST_TEST(found->bytes[0] == 0xfe);
    BOOST_TEST(found->bytes[15] == 1);
    BOOST_TEST((found != read(v6("fe80::1", 4))));
}

BOOST_AUTO_TEST_CASE(another_family_has_no_address) {
    sockaddr_storage other{};
    other.ss_family = AF_UNIX;
    BOOST_TEST(!read(other).has_value());
}

BOOST_AUTO_TEST_CASE(each_address_is_kept_once_in_the_order_in_which_they_came) {
    distinct_addresses subject;
    BOOST_TEST(subject.all().empty());
    for (const int last : {2, 1, 2, 3, 1})
        subject.add(numbered(last));
    BOOST_REQUIRE(subject.all().size() == 3U);
    BOOST_TEST((subject.all()[0] == numbered(2)));
    BOOST_TEST((subject.all()[1] == numbered(1)));
    BOOST_TEST((subject.all()[2] == numbered(3)));
}

BOOST_AUTO_TEST_CASE(signals_are_blocked_until_the_end_of_the_block) {
    const auto blocked = [](int signal) {
        sigset_t now;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
        return ::sigismember(&now, signal) == 1;
    };
    const bool before = blocked(SIGUSR1);
    {
        const signals_blocked subject;
        BOOST_TEST(blocked(SIGUSR1));
        BOOST_TEST(blocked(SIGTERM));
    }
    BOOST_TEST(blocked(SIGUSR1) == before);
}

BOOST_AUTO_TEST_SUITE_END()
