// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/authority.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;

const std::vector<std::string> ipv4{"0.0.0.0", "127.0.0.1", "255.255.255.255", "1.20.130.9"};

const std::vector<std::string> not_ipv4{
    "",         "1",      "1.2.3",   "1.2.3.4.5", "1.2.3.256", "01.2.3.4",  "1.2.3.00",  "1..3.4",
    ".1.2.3.4", "1.2.3.", "1.2.3.x", "1.2.3.4 ",  "1.2.3.-4",  "0x1.2.3.4", "1.2.3.1234"};

const std::vector<std::string> ipv6{"::",
                                    "::1",
                                    "1::",
                                    "1:2:3:4:5:6:7:8",
                                    "FE80::aBcD",
                                    "1:2:3:4:5:6:7::",
                                    "::2:3:4:5:6:7:8",
                                    "1::3:4:5:6:7:8",
                                    "::ffff:1.2.3.4",
                                    "1:2:3:4:5:6:1.2.3.4",
                                    "::1.2.3.4"};

const std::vector<std::string> not_ipv6{"",
                                        ":",
                                        ":::",
                                        ":1",
                                        "1:",
                                        "1",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7:8:",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        "1::2::3",
                                        "1:::2",
                                        "12345::",
                                        "g::",
                                        "::1%eth0",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "::1.2.3",
                                        "::1.2.3.4:5",
                                        "1.2.3.4",
                                        "::ab.2.3.4",
                                        " ::1",
                                        "::1 "};

const std::vector<std::string> hosts{
    "",      "a",        "a.b-c_d~", "a:80",        "a:", "a:00080", "a:65535", "127.0.0.1:1",
    "[::1]", "[::1]:80", "[::1]:",   "!$&'()*+,;=", "A"};

const std::vector<std::string> not_hosts{"a:0",       "a:65536",
                                         "a:x",       "a:-1",
                                         ":80",       "a b",
                                         "a/b",       "a?b",
                                         "a#b",       "u@a",
                                         "[::1",      "::1",
                                         "[a]",       "[::1]a",
                                         "a%41",      "a\\b",
                                         "\xc3\xa9",  "a:1:2",
                                         "[::1]x:80", "[]",
                                         "[::1%25a]", "a:99999999999999999999"};

} // namespace

BOOST_AUTO_TEST_SUITE(authority_test)

BOOST_DATA_TEST_CASE(four_numbers_are_an_ipv4_address, data::make(ipv4)) {
    BOOST_TEST(forest::detail::is_ipv4_literal(sample));
    BOOST_TEST(!forest::detail::is_ipv6_literal(sample));
}

BOOST_DATA_TEST_CASE(everything_else_is_no_ipv4_address, data::make(not_ipv4)) {
    BOOST_TEST(!forest::detail::is_ipv4_literal(sample));
}

BOOST_DATA_TEST_CASE(eight_groups_or_a_shortened_form_are_an_ipv6_address, data::make(ipv6)) {
    BOOST_TEST(forest::detail::is_ipv6_literal(sample));
}

BOOST_DATA_TEST_CASE(everything_else_is_no_ipv6_address, data::make(not_ipv6)) {
    BOOST_TEST(!forest::detail::is_ipv6_literal(sample));
}

BOOST_AUTO_TEST_CASE(addresses_are_judged_as_the_system_judges_them) {
    const std::uint32_t seed = 20251209;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    const std::string_view pieces[] = {":", ":", "::", ".", "1", "0", "ab", "255", "256", "12345"};
    int valid = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (auto length = random() % 18; length > 0; --length)
            text += pieces[random() % std::size(pieces)];
        unsigned char address[sizeof(in6_addr)];
        const bool system_ipv6 = inet_pton(AF_INET6, text.c_str(), address) == 1;
        BOOST_REQUIRE_MESSAGE(forest::detail::is_ipv6_literal(text) == system_ipv6, text);
        BOOST_REQUIRE_MESSAGE(forest::detail::is_ipv4_literal(text) ==
                                  (inet_pton(AF_INET, text.c_str(), address) == 1),
                              text);
        valid += system_ipv6 ? 1 : 0;
    }
    BOOST_TEST(valid > 100);
}

BOOST_DATA_TEST_CASE(a_host_field_is_an_authority_or_empty, data::make(hosts)) {
    BOOST_TEST(forest::detail::is_host_field(sample));
}

BOOST_DATA_TEST_CASE(a_host_field_is_nothing_else, data::make(not_hosts)) {
    BOOST_TEST(!forest::detail::is_host_field(sample));
}

BOOST_AUTO_TEST_CASE(an_authority_is_taken_apart) {
    const auto bracketed = forest::detail::read_authority("[::1]:80");
    BOOST_REQUIRE(bracketed.has_value());
    BOOST_TEST(bracketed->host == "::1");
    BOOST_TEST(bracketed->port == "80");
    BOOST_TEST(bracketed->bracketed);
    const auto named = forest::detail::read_authority("a.b");
    BOOST_REQUIRE(named.has_value());
    BOOST_TEST(named->host == "a.b");
    BOOST_TEST(named->port == "");
    BOOST_TEST(!named->bracketed);
}

BOOST_AUTO_TEST_CASE(an_address_of_one_link_begins_with_ten_fixed_bits) {
    for (const std::string_view text : {"fe80::", "FE80::1", "fe9f::1", "febf:1:2:3:4:5:6:7"})
        BOOST_TEST(forest::detail::is_link_local(text), text);
    for (const std::string_view text :
         {"::", "::1", "fe8::1", "fe7f::1", "fec0::1", "ff80::1", "2001:fe80::1",
          "1:fe80::", "e::", "::fe80", "::ffff:1.2.3.4"})
        BOOST_TEST(!forest::detail::is_link_local(text), text);
}

BOOST_AUTO_TEST_CASE(some_bytes_never_need_an_escape) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto one = static_cast<char>(byte);
        const bool expected =
            std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"}
                .find(one) != std::string_view::npos;
        BOOST_TEST(forest::detail::is_unreserved(one) == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_port_is_from_1_to_65535) {
    BOOST_TEST(forest::detail::read_port("1").value() == 1);
    BOOST_TEST(forest::detail::read_port("65535").value() == 65535);
    BOOST_TEST(forest::detail::read_port("000000080").value() == 80);
    for (const std::string_view text :
         {"", "0", "65536", "4294967297", "18446744073709551617", "1x", " 1", "+1", "-1"})
        BOOST_TEST(!forest::detail::read_port(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
