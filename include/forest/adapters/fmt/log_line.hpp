// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_LOG_LINE_HPP
#define FOREST_ADAPTERS_FMT_LOG_LINE_HPP

#include <forest/core/detail/json/utf8.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

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
    void append_what(const event& happened);

    void append_loaded(const event& happened);

    void append_contents(const schema* known);

    void append_success(const event& happened);

    void append_reason(const event& happened);

    void append_missing_route(const event& happened);

    void append_detail(std::string_view detail);

    // The error names the missing resource, unless this process lacked time.
    void append_doubt(const event& happened);

    void append_down(const event& happened);

    // Adds the name of the error with spaces. The message is not used, because it is a sentence and
    // a std::string.
    void append_error(const std::error_code& error, int status);

    void append_skew(const std::optional<std::chrono::seconds>& skew);

    // Adds 12.3s, 2m 5s or 26h 3m 5s: longer durations have less precision.
    void append_duration(duration length);

    template <typename... Args>
    void append(fmt::format_string<Args...> format, Args&&... args) {
        char* const begin = bytes_.data() + size_;
        const std::size_t room = bytes_max - size_;
        const auto wanted = fmt::format_to_n(begin, room, format, std::forward<Args>(args)...).size;
        size_ += std::min(room, wanted);
    }

    // Adds foreign text. Control characters, and bytes that are no UTF-8, are written like \x1b.
    void append_foreign(std::string_view text);

    // C0, DEL and C1, which is U+0080 to U+009F.
    static bool is_control(std::string_view character) noexcept;

    std::array<char, bytes_max> bytes_; // initialised up to size_ only
    std::size_t size_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/fmt/impl/log_line.ipp>
#endif

#endif
