// SPDX-License-Identifier: BSL-1.0

// The file in the compiled form; see main.cpp.

#include <forest/core/error.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/url.hpp>

#include <string_view>
#include <system_error>

std::error_code read_in_the_other_form(std::string_view url);
std::string_view name_in_the_other_form(const std::error_code& code);

std::error_code read_in_the_other_form(std::string_view url) {
    forest::url target;
    return forest::url::parse(url, target);
}

std::string_view name_in_the_other_form(const std::error_code& code) {
    return forest::name(code);
}
