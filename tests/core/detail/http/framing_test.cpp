// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/fields.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::detail::body_framing;
using forest::detail::body_kind;
using forest::detail::framing_fault;
using forest::detail::scan_status;

struct section {
    std::string text;
    scan_status status;
    std::size_t consumed;

    friend std::ostream& operator<<(std::ostream& out, const section& row) {
        return out << row.text;
    }
};

const std::vector<section> sections{
    {"\r\n", scan_status::done, 2},
    {"A: b\r\n\r\nrest", scan_status::done, 8},
    {"A:\r\nB_1:  \t\r\n\r\n", scan_status::done, 15},
    {"A: \xff\x80 obs-text\r\n\r\n", scan_status::done, 18},
    {"", scan_status::more, 0},
    {"A: b\r\n", scan_status::more, 6},
    {"A: b\r\n\r", scan_status::more, 7},
    // A bare line feed, in each place.
    {"\n", scan_status::fault, 0},
    {"A: b\n\r\n", scan_status::fault, 4},
    {"A: b\r\n\n", scan_status::fault, 6},
    // A bare carriage return, in each place.
    {"A: b\rc\r\n\r\n", scan_status::fault, 5},
    {"A: b\r\n\rX", scan_status::fault, 7},
    {"A\r: b\r\n\r\n", scan_status::fault, 1},
    // A folded line, and blanks where none may be.
    {"A: b\r\n c\r\n\r\n", scan_status::fault, 6},
    {"A: b\r\n\tc\r\n\r\n", scan_status::fault, 6},
    {"A : b\r\n\r\n", scan_status::fault, 1},
    {" A: b\r\n\r\n", scan_status::fault, 0},
    // No name, no colon.
    {": b\r\n\r\n", scan_status::fault, 0},
    {"A\r\n\r\n", scan_status::fault, 1},
    {"A b: c\r\n\r\n", scan_status::fault, 1},
    // Controls.
    {std::string{"A: b\0c\r\n\r\n", 10}, scan_status::fault, 4},
    {std::string{"A\0: b\r\n\r\n", 9}, scan_status::fault, 1},
    {"A: \x01\r\n\r\n", scan_status::fault, 3},
    {"A: \x7f\r\n\r\n", scan_status::fault, 3},
    {"\xc3\xa9: b\r\n\r\n", scan_status::fault, 0},
};

struct body_row {
    std::string_view fields;
    int version_minor;
    framing_fault fault;
    body_kind kind;
    std::size_t size;

    friend std::ostream& operator<<(std::ostream& out, const body_row& row) {
        return out << "1." << row.version_minor << ' ' << row.fields;
    }
};

constexpr std::size_t body_bytes_max = 100;
constexpr auto none = framing_fault::none;
constexpr auto malformed = framing_fault::malformed;
constexpr auto too_large = framing_fault::body_too_large;
constexpr auto unsupported = framing_fault::coding_unsupported;

const std::vector<body_row> bodies{
    {"", 1, none, body_kind::unspecified, 0},
    {"Content-Length: 5\r\n", 1, none, body_kind::sized, 5},
    {"content-length:0\r\n", 0, none, body_kind::sized, 0},
    {"Content-Length: 00000000000000000000000000005\r\n", 1, none, body_kind::sized, 5},
    {"Content-Length: 5\r\nContent-Length: 5\r\n", 1, none, body_kind::sized, 5},
    {"Content-Length: 5, 5 ,5\r\n", 1, none, body_kind::sized, 5},
    {"Content-Length: 5\r\nContent-Length: 6\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 5, 6\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 5,\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: ,5\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length:\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: -1\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: +5\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 5 5\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 0x5\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 5.0\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 99999999999999999999999x\r\n", 1, malformed, body_kind::sized, 0},
    {"Content-Length: 5\r\nContent-Length: 99999999999999999999\r\n", 1, malformed,
     body_kind::sized, 0},
    {"Content-Length: 100\r\n", 1, none, body_kind::sized, 100},
    {"Content-Length: 101\r\n", 1, too_large, body_kind::sized, 0},
    {"Content-Length: 18446744073709551615\r\n", 1, too_large, body_kind::sized, 0},
    {"Content-Length: 18446744073709551616\r\n", 1, too_large, body_kind::sized, 0},
    {"Content-Length: 18446744073709551621\r\n", 1, too_large, body_kind::sized, 0},
    {"Content-Length: 99999999999999999999999999\r\n", 1, too_large, body_kind::sized, 0},
    {"Transfer-Encoding: chunked\r\n", 1, none, body_kind::chunked, 0},
    {"TRANSFER-ENCODING:\tCHUNKED \r\n", 1, none, body_kind::chunked, 0},
    {"Transfer-Encoding: , chunked\r\n", 1, none, body_kind::chunked, 0},
    {"Transfer-Encoding: chunked\r\n", 0, malformed, body_kind::chunked, 0},
    {"Transfer-Encoding: gzip\r\n", 0, malformed, body_kind::chunked, 0},
    {"Transfer-Encoding:\r\n", 1, malformed, body_kind::chunked, 0},
    {"Transfer-Encoding: chunked, chunked\r\n", 1, malformed, body_kind::chunked, 0},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 1, malformed,
     body_kind::chunked, 0},
    {"Transfer-Encoding: gzip, chunked\r\n", 1, unsupported, body_kind::chunked, 0},
    {"Transfer-Encoding: chunked, gzip\r\n", 1, unsupported, body_kind::chunked, 0},
    {"Transfer-Encoding: identity\r\n", 1, unsupported, body_kind::chunked, 0},
    {"Transfer-Encoding: xchunked\r\n", 1, unsupported, body_kind::chunked, 0},
    {"Transfer-Encoding: chunked;q=1\r\n", 1, unsupported, body_kind::chunked, 0},
    {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 1, unsupported,
     body_kind::chunked, 0},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 1, malformed, body_kind::chunked, 0},
    {"Transfer-Encoding: gzip\r\nContent-Length: x\r\n", 1, malformed, body_kind::chunked, 0},
};

forest::detail::framing_fields fields_of(std::string_view lines) {
    forest::detail::framing_fields collected;
    forest::field_view{lines}.for_each(
        [&](std::string_view name, std::string_view value) { collected.add(name, value); });
    return collected;
}

} // namespace

BOOST_AUTO_TEST_SUITE(framing_test)

BOOST_DATA_TEST_CASE(a_header_section_is_scanned_up_to_its_end_or_its_first_fault,
                     data::make(sections)) {
    forest::detail::field_scanner scanner;
    std::size_t position = 0;
    BOOST_TEST((scanner.scan(sample.text, position) == sample.status));
    BOOST_TEST(position == sample.consumed);
}

BOOST_DATA_TEST_CASE(a_header_section_is_scanned_alike_byte_by_byte, data::make(sections)) {
    forest::detail::field_scanner scanner;
    std::size_t position = 0;
    scan_status status = scan_status::more;
    for (std::size_t size = 0; size <= sample.text.size() && status == scan_status::more; ++size)
        status = scanner.scan(std::string_view{sample.text}.substr(0, size), position);
    BOOST_TEST((status == sample.status));
    BOOST_TEST(position == sample.consumed);
}

BOOST_DATA_TEST_CASE(the_header_section_decides_how_the_body_is_framed, data::make(bodies)) {
    const body_framing framing =
        fields_of(sample.fields).framing(sample.version_minor, body_bytes_max);
    BOOST_TEST((framing.fault == sample.fault));
    BOOST_TEST((framing.kind == sample.kind));
    BOOST_TEST(framing.size == sample.size);
}

BOOST_AUTO_TEST_CASE(without_a_limit_the_largest_length_still_counts_as_too_large) {
    const auto unlimited = static_cast<std::size_t>(-1);
    const auto overflowing = fields_of("Content-Length: 99999999999999999999\r\n");
    BOOST_TEST((overflowing.framing(1, unlimited).fault == too_large));
    const auto large = fields_of("Content-Length: 18446744073709551614\r\n");
    BOOST_TEST((large.framing(1, unlimited).fault == none));
}

BOOST_AUTO_TEST_SUITE_END()
