// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/hmac_sha256.hpp>

#include <adapters/support/golden_signatures.hpp>
#include <support/other_test_data.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace {

enum class provider {
    of_this_machine,
    without_restart,
    without_second_message,
    without_short_keys
};

provider chosen_provider = provider::of_this_machine;

} // namespace

// It stands before OpenSSL's own, for the whole test binary.
extern "C" int EVP_MAC_init(EVP_MAC_CTX* context, const unsigned char* key, std::size_t size,
                            const OSSL_PARAM* parameters) {
    if (key == nullptr && chosen_provider == provider::without_restart)
        return 1;
    if (key == nullptr && chosen_provider == provider::without_second_message)
        return 0;
    if (key != nullptr && size < 14 && chosen_provider == provider::without_short_keys)
        return 0;
    static const auto next =
        reinterpret_cast<decltype(&EVP_MAC_init)>(::dlsym(RTLD_NEXT, "EVP_MAC_init"));
    return next(context, key, size, parameters);
}

namespace {

using namespace forest;
namespace data = boost::unit_test::data;

static_assert(std::is_nothrow_move_constructible_v<hmac_sha256>);
static_assert(!std::is_default_constructible_v<hmac_sha256>, "there is no key to sign with");

std::string text(const hmac_sha256::hex_digest& digits) {
    return {digits.data(), digits.size()};
}

std::string from_hex(const std::string& digits) {
    std::string bytes;
    for (std::size_t index = 0; index + 1 < digits.size(); index += 2)
        bytes += static_cast<char>(std::stoi(digits.substr(index, 2), nullptr, 16));
    return bytes;
}

std::string to_bytes(const hmac_sha256::digest& digest) {
    return {digest.begin(), digest.end()};
}

BOOST_AUTO_TEST_SUITE(hmac_sha256_test)

BOOST_DATA_TEST_CASE(golden_vectors_are_reproduced, data::make(tests::golden_signatures)) {
    hmac_sha256 key{sample.secret};
    BOOST_TEST(text(key.sign(sample.timestamp)) == sample.signature);
    BOOST_TEST(to_bytes(key.digest_of(sample.timestamp)) == from_hex(sample.signature));
}

BOOST_AUTO_TEST_CASE(a_key_signs_again_and_again) {
    for (const auto& golden : tests::golden_signatures) {
        hmac_sha256 key{golden.secret};
        for (int round = 0; round < 3; ++round) {
            BOOST_TEST(text(key.sign(golden.timestamp)) == golden.signature);
            BOOST_TEST(text(key.sign("something else")) != golden.signature);
        }
    }
}

BOOST_AUTO_TEST_CASE(all_lengths_of_key_and_message_agree_with_the_one_shot_function) {
    std::string bytes;
    for (int index = 0; index < 300; ++index)
        bytes += static_cast<char>(index * 7 + 3);
    for (std::size_t key_size = 1; key_size <= 130; ++key_size) {
        hmac_sha256 key{std::string_view{bytes}.substr(0, key_size)};
        for (std::size_t size = 0; size <= 130; ++size) {
            const std::string_view message = std::string_view{bytes}.substr(150, size);
            std::array<unsigned char, 32> expected{};
            unsigned int length = 0;
            HMAC(EVP_sha256(), bytes.data(), static_cast<int>(key_size),
                 reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                 expected.data(), &length);
            BOOST_REQUIRE(length == expected.size());
            BOOST_REQUIRE(key.digest_of(message) == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_copy_signs_the_same_and_lives_on_its_own) {
    const auto& golden = tests::golden_signatures.front();
    std::optional<hmac_sha256> original{golden.secret};
    hmac_sha256 copy{*original};
    hmac_sha256 assigned{"another secret"};
    BOOST_TEST(text(assigned.sign(golden.timestamp)) != golden.signature);
    assigned = *original;
    original.reset();
    BOOST_TEST(text(copy.sign(golden.timestamp)) == golden.signature);
    BOOST_TEST(text(assigned.sign(golden.timestamp)) == golden.signature);
}

BOOST_AUTO_TEST_CASE(a_move_takes_the_key_along) {
    const auto& golden = tests::golden_signatures.front();
    hmac_sha256 original{golden.secret};
    hmac_sha256 moved{std::move(original)};
    BOOST_TEST(text(moved.sign(golden.timestamp)) == golden.signature);
    hmac_sha256 assigned{"another secret"};
    assigned = std::move(moved);
    BOOST_TEST(text(assigned.sign(golden.timestamp)) == golden.signature);
    moved = assigned;
    BOOST_TEST(text(moved.sign(golden.timestamp)) == golden.signature);
}

struct provider_fixture {
    explicit provider_fixture(provider replacement) { chosen_provider = replacement; }
    provider_fixture(const provider_fixture&) = delete;
    ~provider_fixture() { chosen_provider = provider::of_this_machine; }
};

BOOST_AUTO_TEST_CASE(a_provider_that_does_not_restart_signs_each_message_right) {
    const auto& golden = tests::golden_signatures.front();
    for (const provider old : {provider::without_restart, provider::without_second_message}) {
        const provider_fixture replaced{old};
        hmac_sha256 key{golden.secret};
        hmac_sha256 copy{key};
        hmac_sha256 assigned{"another secret"};
        assigned = key;
        for (hmac_sha256* each : {&key, &copy, &assigned})
            for (int round = 0; round < 3; ++round)
                BOOST_TEST(text(each->sign(golden.timestamp)) == golden.signature);
    }
}

BOOST_AUTO_TEST_CASE(a_provider_that_refuses_a_short_secret_is_named) {
    const provider_fixture replaced{provider::without_short_keys};
    BOOST_CHECK_EXCEPTION(
        hmac_sha256{"short"}, std::runtime_error, [](const std::runtime_error& thrown) {
            return std::string_view{thrown.what()}.find("too short") != std::string_view::npos;
        });
    BOOST_CHECK_NO_THROW(hmac_sha256{"a secret that is long enough"});
}

BOOST_AUTO_TEST_CASE(a_key_may_hold_any_byte) {
    hmac_sha256 with_nul{std::string_view{"a\0b", 3}};
    hmac_sha256 without{"a"};
    BOOST_TEST(text(with_nul.sign("x")) != text(without.sign("x")));
}

BOOST_AUTO_TEST_CASE(an_empty_secret_is_refused) {
    BOOST_CHECK_EXCEPTION(hmac_sha256{""}, std::system_error, [](const std::system_error& thrown) {
        return thrown.code() == errc::secret_missing;
    });
}

BOOST_AUTO_TEST_CASE(the_wycheproof_vectors_are_judged_right) {
    const auto file = tests::other_test_data("wycheproof/hmac_sha256_test.json");
    if (!file)
        return;
    std::ifstream input{*file};
    const auto document = nlohmann::json::parse(input);
    int valid = 0;
    int invalid = 0;
    for (const auto& group : document.at("testGroups")) {
        const auto tag_bytes = group.at("tagSize").get<std::size_t>() / 8;
        for (const auto& vector : group.at("tests")) {
            hmac_sha256 key{from_hex(vector.at("key"))};
            const std::string signature =
                to_bytes(key.digest_of(from_hex(vector.at("msg")))).substr(0, tag_bytes);
            const bool expected = vector.at("result") == "valid";
            BOOST_TEST((signature == from_hex(vector.at("tag"))) == expected,
                       "wycheproof vector " << vector.at("tcId"));
            ++(expected ? valid : invalid);
        }
    }
    std::cout << "wycheproof: " << valid << " valid and " << invalid << " invalid vectors\n";
    BOOST_TEST(valid + invalid == document.at("numberOfTests").get<int>());
    BOOST_TEST(valid > 0);
    BOOST_TEST(invalid > 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
