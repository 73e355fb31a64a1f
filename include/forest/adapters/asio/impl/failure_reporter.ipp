// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_FAILURE_REPORTER_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_FAILURE_REPORTER_IPP

#include <forest/adapters/asio/failure_reporter.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::optional<std::uint64_t> line_limit::admit(steady_time now) noexcept {
    if (last_ && now - *last_ < pause) {
        ++suppressed_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(suppressed_, 0);
}

FOREST_DECL void bounded_line::append(std::string_view text) noexcept {
    for (const char byte : text) {
        if (size_ == bytes_max - 1) // for the line feed
            return;
        const auto code = static_cast<unsigned char>(byte);
        bytes_[size_++] = code < 0x20 || code == 0x7f ? ' ' : byte;
    }
}

FOREST_DECL void bounded_line::append(std::uint64_t number) noexcept {
    char digits[20]; // as many as the largest number has
    char* begin = digits + sizeof digits;
    do
        *--begin = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    append(std::string_view{begin, static_cast<std::size_t>(digits + sizeof digits - begin)});
}

FOREST_DECL std::string_view bounded_line::end() noexcept {
    bytes_[size_] = '\n';
    return {bytes_.data(), size_ + 1};
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

struct failure_reporter::state {
    std::mutex mutex;
    detail::line_limit limit;
};

FOREST_DECL failure_reporter::failure_reporter() : state_{std::make_shared<state>()} {}

FOREST_DECL void failure_reporter::operator()(const event& happened) const noexcept {
    const std::lock_guard lock{state_->mutex};
    const auto left_out = state_->limit.admit(std::chrono::steady_clock::now());
    if (!left_out)
        return;
    detail::bounded_line line;
    line.append("forest: a callback or policy of ");
    line.append(happened.target.substr(0, target_bytes_max));
    line.append(" threw: ");
    line.append(happened.detail.substr(0, detail_bytes_max));
    if (*left_out > 0) {
        line.append(" (");
        line.append(*left_out);
        line.append(" more since the last line)");
    }
    line.append("; polling goes on; set on_event or on_unheard to handle this");
    const std::string_view text = line.end();
    // Standard error is the last resort: a failure to write there cannot be reported.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

} // namespace forest::inline FOREST_FORM

#endif
