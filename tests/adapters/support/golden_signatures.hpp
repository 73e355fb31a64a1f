// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_GOLDEN_SIGNATURES_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_GOLDEN_SIGNATURES_HPP

#include <ostream>
#include <string>
#include <vector>

// The golden vectors of PROTOCOL.md, 4: what peers in production compute.

namespace forest::tests {

struct golden_signature {
    std::string secret;
    std::string timestamp;
    std::string signature;

    // A secret that is only a test's may be shown.
    friend std::ostream& operator<<(std::ostream& out, const golden_signature& shown) {
        return out << shown.secret << ' ' << shown.timestamp;
    }
};

inline const std::vector<golden_signature> golden_signatures{
    {"my-secret", "2025-01-01T12:00:00.000Z",
     "647ef9b0503cc0771133c774d026d886499a2c65f0bb6ca360ebdff8daeacad6"},
    {"my-secret", "2025-01-01T12:00:00Z",
     "2da47a1bc76a2326f8ae38876bc5aec68b3b3a0cad6247623b0c8713b106f425"},
    {"test-secret-key", "2025-12-09T12:00:00.000Z",
     "b1fa47dd01adb84e4dcb6b8a5aad1b7b9ce8228ecdbd912aa6e888b7582cf6e2"},
    {"s3cret", "1970-01-01T00:00:00.000Z",
     "d425c2c901a0e7969834b44feb2670ad1629774a9ec5434358301dc5667568d3"},
    {"s3cret", "2026-02-28T23:59:59.999Z",
     "29a2174a4f6aacd579e0c6249479d1e3dcfccb6ca44ec98f663275ff4100e275"},
    {"s3cret", "2026-11-23T16:55:35.825+02:00",
     "2632aa08bf60913c812fe4f0690dc78f28fe48e20ef0337a6609e5862e76336c"},
    {"d56e0fdadc801e6a17cd347f1f8425c7cc3f8f74", "2024-02-29T00:00:00.001Z",
     "53cfb0b724e7330b273b7497fae4fa6ed234a1fe238bca278e094cbb2f85b1c7"},
    {std::string(64, 'k'), "2026-01-01T00:00:00.000Z",
     "4bf37177ac247d5491004a1b32e567bf4f63a0e32537cea3cc702c6fc09d49b2"},
    {std::string(65, 'k'), "2026-01-01T00:00:00.000Z",
     "32364a0317ac7f6cede8f3ef68be39ff1ff1d33010f019d2a9ea1229f0a64bdc"},
    {"clé-secrète-日本", "2026-01-01T00:00:00.000Z",
     "7aabbe4056570e11afc9f6bfbf55a7e9130772b9ec138eb4228cf925bcfc7b41"},
};

} // namespace forest::tests

#endif
