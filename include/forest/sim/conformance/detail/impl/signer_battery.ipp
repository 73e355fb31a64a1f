// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_SIGNER_BATTERY_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_SIGNER_BATTERY_IPP

#include <forest/sim/conformance/detail/signer_battery.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::string hex(std::string_view bytes) {
    std::string text(2 * bytes.size(), '\0');
    forest::detail::write_hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                              text.data());
    return text;
}

FOREST_DECL std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned pending = 0;
    int bits = 0;
    for (const char byte : bytes) {
        pending = (pending << 8 | static_cast<unsigned char>(byte)) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            text += digits[(pending >> (bits - 6)) & 63];
    }
    return text;
}

FOREST_DECL bool shows(std::string_view text, std::string_view secret) {
    const auto contains = [](std::string_view whole, std::string_view part) {
        return std::search(whole.begin(), whole.end(), part.begin(), part.end(),
                           [](char left, char right) {
                               return forest::detail::lower(left) == forest::detail::lower(right);
                           }) != whole.end();
    };
    bool found = contains(text, secret) || contains(text, hex(secret));
    // Other bytes may come before the secret, for example the name of a user. So the groups of
    // three bytes may begin at any of the secret's first three bytes.
    for (std::size_t skipped = 0; skipped < 3; ++skipped)
        found = found || contains(text, base64(secret.substr(skipped)));
    return found;
}

FOREST_DECL captured_output::captured_output()
    : out_{std::cout.rdbuf(&written_)},
      error_{std::cerr.rdbuf(&written_)},
      log_{std::clog.rdbuf(&written_)} {}

FOREST_DECL captured_output::~captured_output() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(error_);
    std::clog.rdbuf(log_);
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
