// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_QUICK_SIGNER_HPP
#define FOREST_SIM_NETWORK_QUICK_SIGNER_HPP

#include <forest/core/detail/container/fnv_1a.hpp>
#include <forest/core/detail/json/bytes.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/policy/signer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Signatures for simulations. They have the form of the real ones and react in the same way to a
// wrong secret or clock, but need no cryptography and no package. They protect nothing.

namespace forest::inline FOREST_FORM::sim {

namespace detail {

// FNV-1a that starts from the secret and takes eight bytes at a time. So a shift is needed: without
// it a byte would not change the bytes below that byte.
constexpr std::uint64_t quick_hash(std::string_view text, std::uint64_t hash) noexcept {
    const auto add = [&hash](std::uint64_t part) {
        hash = forest::detail::fnv_1a(hash, part);
        hash ^= hash >> 32U;
    };
    add(text.size());
    for (; text.size() >= 8; text.remove_prefix(8))
        add(forest::detail::word_at(text.data()));
    for (const char byte : text)
        add(static_cast<unsigned char>(byte));
    return hash;
}

} // namespace detail

/// A hash of `text` as 16 hexadecimal digits, for a schema route in a simulation.
[[nodiscard]] FOREST_DECL std::string quick_hex(std::string_view text);

/// Signs the timestamp. Models `signer`; copyable.
class quick_signer {
public:
    static constexpr bool signs_time_alone = true;

    explicit quick_signer(std::string_view secret) noexcept
        : key_{detail::quick_hash(secret, forest::detail::fnv_1a_begin)} {}

    void sign(const request&, wall_time moment, header_fields& fields) const noexcept;

private:
    std::uint64_t key_;
};

static_assert(signer<quick_signer>);

/// Accepts a timestamp that a quick_signer with the same secret has signed and that is at most 300
/// s from now.
class quick_verifier {
public:
    explicit quick_verifier(std::string_view secret) noexcept
        : key_{detail::quick_hash(secret, forest::detail::fnv_1a_begin)} {}

    [[nodiscard]] bool operator()(const server_request& request) const noexcept;

private:
    std::uint64_t key_;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/quick_signer.ipp>
#endif

#endif
