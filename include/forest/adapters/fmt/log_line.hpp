// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_LOG_LINE_HPP
#define FOREST_ADAPTERS_FMT_LOG_LINE_HPP

#include <forest/core/event.hpp>
#include <forest/form.hpp>

#include <array>
#include <cstddef>
#include <string_view>

// The wording of events for human readers (BEHAVIOUR.md, "Events and log lines"). Text from a
// server or a callback is escaped so that it cannot begin a new line or control a terminal.

namespace forest::inline FOREST_FORM {

/// One event as one line, in a buffer of its own:
///
///     [Health Check] http://localhost:3000/forest/health: check failed (1/3): timed out
///
/// Built without allocation; a line that would exceed `bytes_max` is cut after a whole character.
class log_line {
public:
    /// Room for the longest URL and the text about it. Only the text of an exception and an etag
    /// can be too long.
    static constexpr std::size_t bytes_max = 4096;

    explicit log_line(const event& happened);

    /// Returns the line without a line break. It is valid as long as this object.
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

private:
    class writer;

    std::array<char, bytes_max> bytes_; // initialised up to size_ only
    std::size_t size_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/fmt/impl/log_line.ipp>
#endif

#endif
