// SPDX-License-Identifier: BSL-1.0
#include "target_url.hpp"

#include "option_kinds.hpp"

#include <forest/core/error.hpp>

#include <fmt/format.h>

#include <idn2.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>

namespace forest::cli {

namespace {

constexpr std::string_view host_name_bytes = "abcdefghijklmnopqrstuvwxyz0123456789-._";

// The place of the host name in a URL that is valid in all else.
std::string_view host_of(std::string_view text) {
    const std::string_view rest = text.substr(text.find("://") + 3);
    return rest.substr(0, rest.find_first_of(":/?#"));
}

// Whether a host name has no escapes and no brackets, which no name needs.
bool is_plain(std::string_view host) {
    return host.find_first_of("[%") == std::string_view::npos;
}

// Converts the host name of a URL that is not ASCII.
std::string read_international(const std::string& text, url& target) {
    const std::string_view host = host_of(text);
    char* converted = nullptr;
    const int fault = ::idn2_to_ascii_8z(std::string{host}.c_str(), &converted,
                                         IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, decltype(&::idn2_free)> owner{converted, &::idn2_free};
    if (fault != IDN2_OK)
        return url_fault(text, fmt::format("the host name is no international name: {}",
                                           ::idn2_strerror(fault)));
    // Some characters are mapped to / or @, for example, so that the host would end elsewhere.
    // IDN2_USE_STD3_ASCII_RULES does not refuse them, but drops them.
    if (std::string_view{converted}.find_first_not_of(host_name_bytes) != std::string_view::npos)
        return url_fault(text,
                         "a character of the host name stands for one that no host name may have");
    std::string ascii = text;
    ascii.replace(static_cast<std::size_t>(host.data() - text.data()), host.size(), converted);
    const std::error_code ec = url::parse(ascii, target);
    return ec ? url_fault(text, ec.message()) : std::string{};
}

} // namespace

std::string read_target(const std::string& text, url& target) {
    const std::error_code ec = url::parse(text, target);
    if (ec == errc::url_host_not_ascii && is_plain(host_of(text)))
        return read_international(text, target);
    return ec ? url_fault(text, ec.message()) : std::string{};
}

} // namespace forest::cli
