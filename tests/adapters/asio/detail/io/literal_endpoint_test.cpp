// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/io/literal_endpoint.hpp>

#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/url.hpp>

#include <boost/test/unit_test.hpp>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <string>

using namespace forest;
using namespace forest::detail;

namespace {

sockaddr_in6 six_of(const stream_socket::endpoint& from) {
    BOOST_TEST_REQUIRE(from.protocol().family() == AF_INET6);
    BOOST_TEST_REQUIRE(from.size() == sizeof(sockaddr_in6));
    sockaddr_in6 six{};
    std::memcpy(&six, from.data(), sizeof six);
    return six;
}

std::uint32_t scope_of(const std::string& zone) {
    return six_of(literal_endpoint(url{"http://[fe80::1%25" + zone + "]/"})).sin6_scope_id;
}

// The first interface of a machine is mostly `lo`, but not everywhere.
std::string name_of_first_interface() {
    struct if_nameindex* const all = ::if_nameindex();
    BOOST_TEST_REQUIRE(all != nullptr);
    BOOST_TEST_REQUIRE(all->if_name != nullptr);
    const std::string name = all->if_name;
    ::if_freenameindex(all);
    return name;
}

// This process cannot open a descriptor.
class no_descriptor {
public:
    no_descriptor() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    no_descriptor(const no_descriptor&) = delete;
    no_descriptor& operator=(const no_descriptor&) = delete;
    ~no_descriptor() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

BOOST_AUTO_TEST_SUITE(literal_endpoint_test)

BOOST_AUTO_TEST_CASE(an_address_is_what_its_url_says) {
    const auto four = literal_endpoint(url{"http://1.20.130.255:81/"});
    sockaddr_in address{};
    BOOST_TEST_REQUIRE(four.size() == sizeof address);
    std::memcpy(&address, four.data(), sizeof address);
    BOOST_TEST(address.sin_family == AF_INET);
    BOOST_TEST(ntohs(address.sin_port) == 81);
    BOOST_TEST(ntohl(address.sin_addr.s_addr) == 0x011482ffU);

    const sockaddr_in6 six = six_of(literal_endpoint(url{"https://[2001:DB8::1]/"}));
    in6_addr expected{};
    BOOST_TEST_REQUIRE(::inet_pton(AF_INET6, "2001:db8::1", &expected) == 1);
    BOOST_TEST(std::memcmp(&six.sin6_addr, &expected, sizeof expected) == 0);
    BOOST_TEST(ntohs(six.sin6_port) == 443);
    BOOST_TEST(six.sin6_scope_id == 0U);
}

BOOST_AUTO_TEST_CASE(B40_a_zone_is_the_name_or_the_number_of_an_interface) {
    const std::string name = name_of_first_interface();
    BOOST_TEST(scope_of(name) == ::if_nametoindex(name.c_str()));
    BOOST_TEST(scope_of(name) != 0U);
    BOOST_TEST(scope_of("7") == 7U);
    BOOST_TEST(scope_of("4294967295") == 4294967295U);
    BOOST_TEST(scope_of("4294967296") == 0U);
    BOOST_TEST(scope_of("no-such") == 0U);
    BOOST_TEST(scope_of("no-such-at-all.") == 0U);
    const sockaddr_in6 six = six_of(literal_endpoint(url{"http://[fe80::1%257]/"}));
    in6_addr expected{};
    BOOST_TEST_REQUIRE(::inet_pton(AF_INET6, "fe80::1", &expected) == 1);
    BOOST_TEST(std::memcmp(&six.sin6_addr, &expected, sizeof expected) == 0);
}

BOOST_AUTO_TEST_CASE(an_interface_that_does_not_exist_makes_its_servers_unreachable) {
    stream_socket socket;
    const auto ec = socket.connect(literal_endpoint(url{"http://[fe80::1%25no-such]:1/"}));
    BOOST_TEST((connect_error(ec) == errc::unreachable));
}

BOOST_AUTO_TEST_CASE(without_a_descriptor_for_the_look_up_of_a_zone_this_machine_is_at_fault) {
    const std::string name = name_of_first_interface();
    stream_socket::endpoint address;
    {
        const no_descriptor while_it_is_made;
        address = literal_endpoint(url{"http://[fe80::1%25" + name + "]:1/"});
        BOOST_TEST(!zone_index(name).has_value());
        BOOST_TEST(zone_index("7").value() == 7U); // needs none
    }
    // A descriptor is there again; the zone is not known even so.
    stream_socket socket;
    BOOST_TEST((connect_error(socket.connect(address)) == errc::local_resources_exhausted));
    BOOST_TEST(zone_index(name).has_value());
}

BOOST_AUTO_TEST_CASE(a_resolved_address_has_its_scope) {
    ip_address address;
    address.is_v6 = true;
    address.scope = 5;
    address.bytes = {0xfe, 0x80};
    const sockaddr_in6 six = six_of(endpoint_of(address, 82));
    BOOST_TEST(six.sin6_scope_id == 5U);
    BOOST_TEST(ntohs(six.sin6_port) == 82);
    BOOST_TEST(six.sin6_addr.s6_addr[0] == 0xfe);
    BOOST_TEST(six.sin6_addr.s6_addr[1] == 0x80);
}

BOOST_AUTO_TEST_SUITE_END()
