// SPDX-License-Identifier: BSL-1.0

// The file in the header-only form of a program that has both forms.

#include <forest/core/error.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/url.hpp>

#include <string_view>
#include <system_error>

std::error_code read_in_the_other_form(std::string_view url);
std::string_view name_in_the_other_form(const std::error_code& code);

int main() {
    // Each form reads a URL by its own functions.
    forest::url target;
    const std::error_code ours = forest::url::parse("ftp://localhost/", target);
    const std::error_code theirs = read_in_the_other_form("ftp://localhost/");
    const bool equal = ours == theirs && theirs == forest::errc::url_scheme_unsupported &&
                       theirs == forest::condition::invalid_argument;
    const bool named = forest::name(theirs) == "url_scheme_unsupported" &&
                       name_in_the_other_form(ours) == forest::name(ours);
    return equal && named && !read_in_the_other_form("http://localhost/") ? 0 : 1;
}
