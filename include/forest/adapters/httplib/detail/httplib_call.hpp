// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_DETAIL_HTTPLIB_CALL_HPP
#define FOREST_ADAPTERS_HTTPLIB_DETAIL_HTTPLIB_CALL_HPP

#include <forest/adapters/httplib/httplib_options.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// One blocking call of cpp-httplib.

namespace forest::inline FOREST_FORM::detail {

/// It has copies of everything that it needs, because it may end after its GET.
class httplib_call {
public:
    httplib_call(const request& http_request, const httplib_options& options,
                 std::chrono::steady_clock::time_point deadline);

    /// Returns whether cpp-httplib can reach a target of that scheme.
    [[nodiscard]] static bool supports(url_scheme scheme) noexcept;

    /// The addresses of the name, in the order in which they are tried. None for an address.
    std::vector<std::string> addresses{};

    /// Performs the call on the current thread, once.
    void perform() noexcept;

    /// Makes `perform` return soon. May be called from any thread.
    void abandon() noexcept;

    [[nodiscard]] bool has_begun() const noexcept { return begun_; }

    // The rest may be read when `perform` has returned.

    [[nodiscard]] errc error() const noexcept { return error_; }
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] unsigned connections_opened() const noexcept { return sockets_; }

    /// The address that was used last.
    [[nodiscard]] std::size_t address() const noexcept { return address_; }

    /// The header lines, and behind them the body.
    [[nodiscard]] std::vector<char>& answer() noexcept { return answer_; }
    [[nodiscard]] std::size_t head_bytes() const noexcept { return head_bytes_; }

private:
    // Returns whether the next address is to be tried.
    bool try_address();
    [[nodiscard]] std::chrono::microseconds left(std::size_t parts) const;
    bool take_head(int status, const std::vector<std::pair<std::string, std::string>>& fields,
                   std::size_t status_line_bytes);
    bool take_body(const char* bytes, std::size_t size);

    // Takes the client for `abandon`. Returns false if the call was abandoned.
    bool use(httplib::Client* client) noexcept;

    const std::chrono::steady_clock::time_point deadline_;
    const httplib_options options_;
    const message_limits limits_;
    std::string place_; // as `https://host:port`
    std::string host_;
    std::string path_;
    std::vector<std::pair<std::string, std::string>> fields_;

    std::mutex mutex_;
    httplib::Client* client_ = nullptr;
    bool abandoned_ = false;
    std::atomic<bool> begun_ = false;

    errc error_{};
    errc refusal_{}; // why this side has ended the call
    int status_ = 0;
    unsigned sockets_ = 0;
    std::size_t address_ = 0;
    std::vector<char> answer_;
    std::size_t head_bytes_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/httplib/detail/impl/httplib_call.ipp>
#endif

#endif
