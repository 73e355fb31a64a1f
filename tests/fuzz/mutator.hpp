// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_MUTATOR_HPP
#define FOREST_TESTS_FUZZ_MUTATOR_HPP

#include <forest/core/detail/json/json_string.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <utility>
#include <vector>

// The fuzz targets without a fuzzer: mutations of good inputs, from a seed that FOREST_FUZZ_SEED
// may replace.

namespace forest_fuzz {

using samples = std::vector<std::string>;

inline std::uint32_t seed() {
    const char* const given = std::getenv("FOREST_FUZZ_SEED");
    return given == nullptr ? 20251209U
                            : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
}

class mutator {
public:
    mutator(samples corpus, samples pieces)
        : corpus_{std::move(corpus)}, pieces_{std::move(pieces)} {}

    std::string next() {
        std::string text = pick(corpus_);
        for (auto changes = random_() % 5; changes > 0; --changes)
            change(text);
        return text;
    }

private:
    const std::string& pick(const samples& from) { return from[random_() % from.size()]; }

    void change(std::string& text) {
        const std::size_t place = random_() % (text.size() + 1);
        switch (random_() % 7) {
        case 0: text.insert(place, 1, static_cast<char>(random_() % 256)); break;
        case 1: text.erase(place, 1 + random_() % 4); break;
        case 2: text.insert(place, pick(pieces_)); break;
        case 3: text.replace(place, 1 + random_() % 3, pick(pieces_)); break;
        case 4:
            text.insert(place, text.substr(random_() % (text.size() + 1), random_() % 32));
            break;
        case 5: text.resize(place); break;
        default:
            if (place < text.size())
                text[place] = static_cast<char>(text[place] ^ (1 << random_() % 8));
        }
    }

    std::mt19937 random_{seed()};
    samples corpus_;
    samples pieces_;
};

/// Calls `target(input)` with each input; an exception says what is wrong.
template <class Target>
void require_accepted(Target&& target, const std::string& input, const std::string& what) {
    std::string wrong;
    try {
        target(input);
    } catch (const std::exception& broken) {
        wrong = broken.what();
    }
    BOOST_REQUIRE_MESSAGE(wrong.empty(), "seed " << seed() << ", " << what << ": " << wrong << "\n"
                                                 << forest::detail::json_quote(input));
}

template <class Target>
void drive(Target&& target, mutator inputs, int rounds) {
    BOOST_TEST_MESSAGE("seed " << seed());
    for (int round = 0; round < rounds; ++round)
        require_accepted(target, inputs.next(), "round " + std::to_string(round));
    BOOST_TEST(rounds > 0);
}

inline const samples http_pieces{"\r\n",
                                 "\n",
                                 "\r",
                                 " ",
                                 "\t",
                                 ":",
                                 "0\r\n\r\n",
                                 "Content-Length: 5\r\n",
                                 "Content-Length: 6\r\n",
                                 "Transfer-Encoding: chunked\r\n",
                                 "Connection: close\r\n",
                                 "Host: a\r\n",
                                 "HTTP/1.0",
                                 "HTTP/1.1",
                                 "1\r\na\r\n",
                                 ";a=\"b\"",
                                 std::string(1, '\0')};

} // namespace forest_fuzz

#endif
