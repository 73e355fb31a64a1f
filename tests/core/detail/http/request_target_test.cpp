// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/request_target.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;

struct row {
    std::string_view target;
    bool resource;
    bool server;
    std::string_view path;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.target;
    }
};

const std::vector<row> rows{
    {"/", true, false, "/"},
    {"/a/b?c=d?e", true, false, "/a/b"},
    {"/http://a/b", true, false, "/http://a/b"},
    {"http://a", true, false, "/"},
    {"http://a/", true, false, "/"},
    {"http://a/b?c", true, false, "/b"},
    {"http://a?b=/c", true, false, "/"},
    {"HtTpS://a:8443/b", true, false, "/b"},
    {"http://[::1]:1/b", true, false, "/b"},
    {"http:///b", false, false, "/b"},
    {"http://", false, false, "/"},
    {"http://a b/", false, false, "/"},
    {"http://a:0/", false, false, "/"},
    {"ws://a/b", false, false, "/b"},
    {"://a/b", false, false, "/b"},
    {"*", false, true, "*"},
    {"a:443", false, true, "a:443"},
    {"[::1]:443", false, true, "[::1]:443"},
    {"a/b", false, false, "a/b"},
    {"", false, false, "/"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(request_target_test)

BOOST_DATA_TEST_CASE(each_form_of_a_target_is_known, data::make(rows)) {
    BOOST_TEST(forest::detail::is_resource_target(sample.target) == sample.resource);
    BOOST_TEST(forest::detail::is_server_target(sample.target) == sample.server);
    BOOST_TEST(forest::detail::path_of_target(sample.target) == sample.path);
}

BOOST_AUTO_TEST_CASE(controls_blanks_fragments_and_high_bytes_are_no_target_bytes) {
    for (int value = 0; value < 256; ++value) {
        const bool expected = value > 0x20 && value < 0x7f && value != '#';
        BOOST_TEST(forest::detail::is_target_byte(static_cast<char>(value)) == expected, value);
    }
}

BOOST_AUTO_TEST_SUITE_END()
