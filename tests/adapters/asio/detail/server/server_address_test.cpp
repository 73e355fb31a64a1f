// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/asio/detail/server/server_address.hpp>

#include <forest/core/url.hpp>

#include <asio/ip/address.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v6.hpp>

#include <boost/test/unit_test.hpp>

#include <net/if.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

using forest::detail::server_address;

namespace {

server_address link_local(std::uint32_t scope) {
    asio::ip::address_v6::bytes_type bytes{0xfe, 0x80};
    bytes[15] = 7;
    return {asio::ip::address_v6{bytes, scope}, 80};
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_address_test)

BOOST_AUTO_TEST_CASE(its_text_is_that_of_a_url) {
    BOOST_TEST((server_address{asio::ip::address_v4::loopback(), 80}.text() == "127.0.0.1:80"));
    BOOST_TEST((server_address{asio::ip::address_v6::loopback(), 81}.text() == "[::1]:81"));
    BOOST_TEST(link_local(0).text() == "[fe80::7]:80");
}

BOOST_AUTO_TEST_CASE(B40_a_link_local_address_has_its_zone_as_a_url_has_it) {
    struct if_nameindex* const all = ::if_nameindex();
    BOOST_TEST_REQUIRE(all != nullptr);
    const std::uint32_t number = all->if_index;
    const std::string name = all->if_name;
    ::if_freenameindex(all);
    const server_address first = link_local(number);
    BOOST_TEST(first.text() == "[fe80::7%25" + name + "]:80");
    const forest::url target{"http://" + first.text() + "/"};
    BOOST_TEST(target.zone() == name);
    BOOST_TEST(target.host() == "fe80::7");
}

BOOST_AUTO_TEST_CASE(the_system_gets_and_returns_the_same_address) {
    for (const server_address& each :
         {server_address{asio::ip::address_v4::loopback(), 80}, link_local(1), link_local(0)}) {
        sockaddr_storage system{};
        (void)each.write(system);
        BOOST_TEST((server_address::from(system) == each));
    }
    BOOST_TEST(server_address::from({}).port == 0);
}

BOOST_AUTO_TEST_SUITE_END()
