// SPDX-License-Identifier: BSL-1.0
#include <forest/core/http_method.hpp>

#include <boost/test/unit_test.hpp>

#include <string_view>

BOOST_AUTO_TEST_SUITE(http_method_test)

BOOST_AUTO_TEST_CASE(a_method_is_known_by_its_exact_name) {
    BOOST_TEST((forest::read_http_method("GET") == forest::http_method::get));
    BOOST_TEST((forest::read_http_method("HEAD") == forest::http_method::head));
    for (const std::string_view name : {"", "get", "Head", "GETS", "GE", "POST", "OPTIONS"})
        BOOST_TEST((forest::read_http_method(name) == forest::http_method::other), name);
}

BOOST_AUTO_TEST_SUITE_END()
