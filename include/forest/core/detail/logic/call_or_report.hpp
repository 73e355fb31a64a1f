// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_CALL_OR_REPORT_HPP
#define FOREST_CORE_DETAIL_LOGIC_CALL_OR_REPORT_HPP

#include <forest/form.hpp>

#include <exception>
#include <string_view>

// Reports an exception of the application's code with its text.

namespace forest::inline FOREST_FORM::detail {

/// Calls `function` and returns true. If it throws, calls `report` with the text of the exception,
/// and returns false. The text is valid only during that call.
template <typename Function, typename Report>
bool call_or_report(const Function& function, const Report& report) {
    try {
        function();
        return true;
    } catch (const std::exception& thrown) {
        report(std::string_view{thrown.what()});
    } catch (...) {
        report(std::string_view{"an exception that is no std::exception"});
    }
    return false;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
