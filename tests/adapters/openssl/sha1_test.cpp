// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/sha1.hpp>

#include <forest/core/detail/json/hex.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/sha.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace data = boost::unit_test::data;
using forest::sha1_hex;

struct vector_row {
    std::string message;
    std::string digest;

    friend std::ostream& operator<<(std::ostream& out, const vector_row& row) {
        return out << row.digest;
    }
};

// The examples that NIST published for FIPS 180, and the empty message.
const std::vector<vector_row> vectors{
    {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "a49b2446a02c645bf419f995b67091253a04a259"},
    {std::string(1000000, 'a'), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(sha1_test)

BOOST_DATA_TEST_CASE(published_digests_are_reproduced, data::make(vectors)) {
    BOOST_TEST(sha1_hex(sample.message) == sample.digest);
}

BOOST_AUTO_TEST_CASE(a_view_without_memory_is_the_empty_message) {
    BOOST_TEST(sha1_hex(std::string_view{}) == vectors[0].digest);
}

BOOST_AUTO_TEST_CASE(every_length_and_every_byte_agree_with_the_one_shot_function) {
    std::string message;
    for (int size = 0; size < 300; ++size) {
        std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
        SHA1(reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data());
        std::string expected(2 * digest.size(), '\0');
        forest::detail::write_hex(digest, expected.data());
        BOOST_TEST(sha1_hex(message) == expected);
        message += static_cast<char>(size);
    }
}

BOOST_AUTO_TEST_CASE(every_byte_has_its_two_digits) {
    for (unsigned value = 0; value < 256; ++value) {
        const std::array<unsigned char, 1> byte{static_cast<unsigned char>(value)};
        std::string text(2, '\0');
        forest::detail::write_hex(byte, text.data());
        BOOST_TEST(text.find_first_not_of("0123456789abcdef") == std::string::npos);
        BOOST_TEST(std::stoul(text, nullptr, 16) == value);
    }
}

BOOST_AUTO_TEST_CASE(several_threads_hash_at_once) {
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int count = 0; count < 4; ++count)
        threads.emplace_back([&] {
            for (int round = 0; round < 500; ++round)
                wrong += sha1_hex(vectors[1].message) == vectors[1].digest ? 0 : 1;
        });
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
