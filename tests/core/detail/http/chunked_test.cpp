// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/chunked.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::detail::framing_fault;
using forest::detail::scan_status;

constexpr std::size_t body_bytes_max = 32;
constexpr std::size_t extra_bytes_max = 40;

struct outcome {
    scan_status status = scan_status::more;
    framing_fault fault = framing_fault::none;
    std::string body;
    std::size_t rest = 0; // bytes of the input behind the body

    friend bool operator==(const outcome&, const outcome&) = default;
};

// Decodes the input, arriving `step` bytes at a time.
outcome decode(const std::string& input, std::size_t step) {
    forest::detail::chunk_decoder decoder{body_bytes_max, extra_bytes_max};
    outcome result;
    std::size_t fed = 0;
    while (fed < input.size() && result.status == scan_status::more) {
        const std::size_t size = std::min(step, input.size() - fed);
        std::string buffer = result.body + input.substr(fed, size);
        std::size_t read = result.body.size();
        std::size_t write = read;
        result.status = decoder.decode(buffer, read, write);
        fed += size;
        result.rest = buffer.size() - read + input.size() - fed;
        result.body = buffer.substr(0, write);
    }
    result.fault = decoder.fault();
    if (result.status == scan_status::fault)
        result.rest = 0;
    return result;
}

struct row {
    std::string input;
    framing_fault fault;
    std::string body;
    std::size_t rest = 0;

    friend std::ostream& operator<<(std::ostream& out, const row& value) {
        return out << value.input;
    }
};

constexpr auto none = framing_fault::none;
constexpr auto malformed = framing_fault::malformed;

const std::vector<row> complete{
    {"0\r\n\r\n", none, ""},
    {"5\r\nhello\r\n0\r\n\r\n", none, "hello"},
    {"5\r\nhello\r\n3\r\n, x\r\n0\r\n\r\nHTTP", none, "hello, x", 4},
    {"0000000000000005\r\nhello\r\n000\r\n\r\n", none, "hello"},
    {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", none, "01234567890123456789"},
    {"4\r\n\r\n\r\n\r\n0\r\n\r\n", none, "\r\n\r\n"},
    {"20\r\n0123456789abcdef0123456789abcdef\r\n0\r\n\r\n", none,
     "0123456789abcdef0123456789abcdef"},
    // Extensions, with the blanks that they may have.
    {"2;a\r\nhi\r\n0\r\n\r\n", none, "hi"},
    {"2;a=b\r\nhi\r\n0;c\r\n\r\n", none, "hi"},
    {"2 ; a = b ;c\t=\t\"d\" \r\nhi\r\n0\r\n\r\n", none, "hi"},
    {"2;a=\"q\\\"; \\\\\"\r\nhi\r\n0\r\n\r\n", none, "hi"},
    {"2  \r\nhi\r\n0 \r\n\r\n", none, "hi"},
    {"2;a ;b\r\nhi\r\n0\r\n\r\n", none, "hi"},
    // Trailers.
    {"2\r\nhi\r\n0\r\nA: b\r\nC:\r\n\r\nrest", none, "hi", 4},
};

const std::vector<row> refused{
    {"\r\n", malformed, ""},
    {"g\r\n", malformed, ""},
    {"-1\r\n", malformed, ""},
    {"0x2\r\nhi\r\n", malformed, ""},
    {" 2\r\nhi\r\n", malformed, ""},
    {";a\r\n", malformed, ""},
    {"2\nhi\r\n0\r\n\r\n", malformed, ""},
    {"2\rhi", malformed, ""},
    {"2\r\nhi0\r\n\r\n", malformed, "hi"},
    {"2\r\nhi\n0\r\n\r\n", malformed, "hi"},
    {"2\r\nhi\rx", malformed, "hi"},
    {"2\r\nhix\r\n", malformed, "hi"},
    {"2 2\r\nhi\r\n", malformed, ""},
    {"2;\r\nhi\r\n", malformed, ""},
    {"2;;a\r\nhi\r\n", malformed, ""},
    {"2;=b\r\nhi\r\n", malformed, ""},
    {"2;a=\r\nhi\r\n", malformed, ""},
    {"2;a=b=c\r\nhi\r\n", malformed, ""},
    {"2;a b\r\nhi\r\n", malformed, ""},
    {"2;a=b c\r\nhi\r\n", malformed, ""},
    {"2;a=\"b\"c\r\nhi\r\n", malformed, ""},
    {"2;a=\"b\x01\"\r\nhi\r\n", malformed, ""},
    {"2;a=\"b\\\x01\"\r\nhi\r\n", malformed, ""},
    {"2;a\nhi\r\n", malformed, ""},
    {"2;a=\"\\\"; \r\"x", malformed, ""},
    {"00000000000000005\r\nhello\r\n", malformed, ""},
    {"21\r\n", framing_fault::body_too_large, ""},
    {"10\r\n0123456789abcdef\r\n11\r\n", framing_fault::body_too_large, "0123456789abcdef"},
    {"ffffffffffffffff\r\n", framing_fault::body_too_large, ""},
    {"fffffffffffffffff\r\n", framing_fault::body_too_large, ""},
    {"0\r\nA: b\n\r\n", malformed, ""},
    {"0\r\n A: b\r\n\r\n", malformed, ""},
    {"0\r\nA b\r\n\r\n", malformed, ""},
    {"0\r\n\rx", malformed, ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(chunked_test)

BOOST_DATA_TEST_CASE(data_comes_out_without_its_framing_however_it_arrives, data::make(complete)) {
    const outcome whole = decode(sample.input, sample.input.size());
    BOOST_TEST((whole.fault == sample.fault));
    BOOST_TEST((whole.status == scan_status::done));
    BOOST_TEST(whole.body == sample.body);
    BOOST_TEST(whole.rest == sample.rest);
    for (std::size_t step = 1; step < sample.input.size(); ++step)
        BOOST_TEST((decode(sample.input, step) == whole), "in steps of " << step);
}

BOOST_DATA_TEST_CASE(bad_syntax_is_refused_however_it_arrives, data::make(refused)) {
    const outcome whole = decode(sample.input, sample.input.size());
    BOOST_TEST((whole.status == scan_status::fault));
    BOOST_TEST((whole.fault == sample.fault));
    BOOST_TEST(whole.body == sample.body);
    for (std::size_t step = 1; step < sample.input.size(); ++step)
        BOOST_TEST((decode(sample.input, step) == whole), "in steps of " << step);
}

BOOST_DATA_TEST_CASE(a_body_cut_short_is_never_complete, data::make(complete)) {
    for (std::size_t size = 1; size < sample.input.size() - sample.rest; ++size) {
        const std::string cut = sample.input.substr(0, size);
        BOOST_TEST((decode(cut, size).status == scan_status::more), "cut at " << size);
    }
}

BOOST_AUTO_TEST_CASE(extensions_and_trailers_share_one_limit) {
    const auto message = [](std::size_t extension, std::size_t trailer) {
        // A trailer section of n bytes is a line of n - 2 and the empty line.
        return "1;" + std::string(extension - 1, 'a') +
               "\r\nx\r\n0\r\nA:" + std::string(trailer - 6, 'b') + "\r\n\r\n";
    };
    BOOST_TEST((decode(message(20, 20), 1000).status == scan_status::done));
    BOOST_TEST((decode(message(21, 20), 1000).fault == framing_fault::head_too_large));
    BOOST_TEST((decode(message(20, 21), 1000).fault == framing_fault::head_too_large));
    BOOST_TEST((decode(message(20, 21), 1).fault == framing_fault::head_too_large));
    BOOST_TEST((decode(message(42, 6), 1).fault == framing_fault::head_too_large));
}

BOOST_AUTO_TEST_CASE(extensions_count_over_all_chunks) {
    std::string message;
    for (int chunk = 0; chunk < 21; ++chunk)
        message += "1;a\r\nx\r\n";
    BOOST_TEST((decode(message, 1).fault == framing_fault::head_too_large));
    BOOST_TEST(decode(message, 1).body.size() == 20U);
}

BOOST_AUTO_TEST_SUITE_END()
