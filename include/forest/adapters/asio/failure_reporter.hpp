// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_FAILURE_REPORTER_HPP
#define FOREST_ADAPTERS_ASIO_FAILURE_REPORTER_HPP

#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

// Reports an exception from a callback if no `on_event` can receive it. Otherwise the exception
// would be lost, and it is the only sign of the defect.

namespace forest::inline FOREST_FORM {

namespace detail {

/// Admits one line a minute, and counts the failures between two lines.
class line_limit {
public:
    static constexpr std::chrono::minutes pause{1};

    /// Returns the number of failures since the last line; empty if no line may be written now.
    [[nodiscard]] std::optional<std::uint64_t> admit(steady_time now) noexcept;

private:
    std::optional<steady_time> last_;
    std::uint64_t suppressed_ = 0;
};

/// One line of bounded length, without control characters.
class bounded_line {
public:
    static constexpr std::size_t bytes_max = 1024;

    void append(std::string_view text) noexcept;

    void append(std::uint64_t number) noexcept;

    /// Returns the line with its line feed.
    [[nodiscard]] std::string_view end() noexcept;

private:
    std::array<char, bytes_max> bytes_;
    std::size_t size_ = 0;
};

} // namespace detail

/// Writes the exception of a callback to standard error: at most one line a minute. The line says
/// how many failures were left out. This is the default of `on_unheard` for every client on Asio;
/// copies share the limit.
///
/// May be called from any thread. The constructor may throw std::bad_alloc; a call neither throws
/// nor allocates.
class failure_reporter {
public:
    failure_reporter();

    void operator()(const event& happened) const noexcept;

private:
    static constexpr std::size_t target_bytes_max = 256;
    static constexpr std::size_t detail_bytes_max = 512;

    struct state;

    std::shared_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/failure_reporter.ipp>
#endif

#endif
