// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_URL_HPP
#define FOREST_CORE_URL_HPP

#include <forest/core/error.hpp>
#include <forest/core/url_scheme.hpp>
#include <forest/form.hpp>

// The target of a check as a value. It was verified once, so its users need not check anything
// again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM {

namespace detail {
struct url_parts;
}

/// Holds a URL and its parts.
///
/// From examples/tool/arguments/target_url.cpp:
///     std::string read_target(const std::string& text, url& target) {
///         const std::error_code ec = url::parse(text, target);
///         if (ec == errc::url_host_not_ascii && is_plain(host_of(text)))
///             return read_international(text, target);
///         return ec ? url_fault(text, ec.message()) : std::string{};
///     }
///
/// **Thread safety:** safe to read from several threads.
///
/// **Lifetime:** owns its text. The parts are views into the URL. They stay valid when the URL is
/// moved, but not when it is destroyed or assigned to. A URL that was moved from is empty, like one
/// that was made without a text. It can be assigned to.
///
/// **Errors:** the constructors from a text throw std::system_error with the code that `parse`
/// returns, an `errc::url_…`. These, `parse` and copying may throw std::bad_alloc; the other
/// members throw nothing.
class url {
public:
    /// The limits of the text, of a socket path (`sun_path` of Linux without its final zero), and
    /// of a zone (the name of an interface).
    static constexpr std::size_t text_bytes_max = 2048;
    static constexpr std::size_t socket_path_bytes_max = 107;
    static constexpr std::size_t zone_bytes_max = 15;

    /// Makes an empty URL, like one that was moved from. It can be assigned to. All its parts are
    /// empty.
    url() noexcept = default;

    url(const url& other) : block_{other.copy()} {}
    url(url&& other) noexcept : block_{other.block_} { other.block_ = nullptr; }
    url& operator=(const url& other);
    url& operator=(url&& other) noexcept;
    ~url() { delete[] block_; }

    /// Parses `text`. Throws std::system_error with the code that `parse` returns.
    url(std::string_view text);
    url(const std::string& text) : url{std::string_view{text}} {}
    url(const char* text) : url{std::string_view{text}} {}

    /// Parses `text` into `result`. Does not change `result` if it returns an error:
    /// `url_malformed`, `url_scheme_unsupported`, `url_userinfo_refused`, `url_host_missing`,
    /// `url_host_not_ascii`, `url_zone_invalid`, `url_port_invalid` or `url_too_long`. Userinfo is
    /// refused because it would appear in logs.
    [[nodiscard]] static std::error_code parse(std::string_view text, url& result);

    /// Returns the text as given, with the fragment. This and all other parts are views into the
    /// URL, and stay valid when the URL is moved.
    [[nodiscard]] std::string_view text() const noexcept { return view(head().text); }

    [[nodiscard]] url_scheme scheme() const noexcept { return head().scheme; }

    /// Returns the host in lower case, as a resolver needs it: with the dot at its end if the text
    /// has one, an IPv6 address without brackets and zone; `localhost` for a unix socket.
    [[nodiscard]] std::string_view host() const noexcept { return view(head().host); }

    /// Returns the host as peers know it: `host()` without the dot at its end. Certificates, SNI
    /// and the Host field have this name (RFC 6066, 3). For a resolver the dot has a meaning: the
    /// name is complete, and no domain is appended to it.
    [[nodiscard]] std::string_view server_name() const noexcept;

    /// Returns the zone of a link-local IPv6 address, `eth0` in `http://[fe80::1%25eth0]/`: the
    /// name or number of an interface of this machine (RFC 6874). Otherwise empty. No other part
    /// has it except `text()`, because it has no meaning on other machines.
    [[nodiscard]] std::string_view zone() const noexcept { return view(head().zone); }

    /// Returns the port, 1 to 65535. It is the default of the scheme if the text has none, and 0
    /// for a unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept { return head().port; }

    /// Path and query as the request line has them: `/` when empty, without the fragment.
    [[nodiscard]] std::string_view target() const noexcept { return view(head().target); }

    /// The value of the Host field: `server_name()`, IPv6 in brackets, and the port when it is not
    /// the scheme's default.
    [[nodiscard]] std::string_view host_header() const noexcept { return view(head().host_header); }

    /// The decoded path of a unix socket; empty for the other schemes.
    [[nodiscard]] std::string_view socket_path() const noexcept { return view(head().socket_path); }

    /// Returns whether the host is an address and no name. An address is neither resolved nor sent
    /// as SNI.
    [[nodiscard]] bool is_ip_literal() const noexcept { return head().ip_literal; }

    /// Returns whether both URLs lead to the same server; their paths and queries may differ.
    [[nodiscard]] bool same_origin(const url& other) const noexcept;

    /// Two URLs are equal if they lead to the same resource at the same place, even if they are
    /// written differently.
    [[nodiscard]] friend bool operator==(const url& left, const url& right) noexcept {
        return left.same_origin(right) && left.target() == right.target();
    }

private:
    // The place of a part in the bytes.
    struct part {
        std::uint16_t offset = 0;
        std::uint16_t size = 0;
    };

    // The part of the block before the bytes. A URL has one block and one pointer to it, because a
    // program that watches a hundred thousand servers has as many URLs.
    struct header {
        part text, host, zone, target, host_header, socket_path;
        std::uint16_t port = 0;
        std::uint16_t byte_count = 0;
        url_scheme scheme = url_scheme::http;
        bool ip_literal = false;
    };

    // The parts share bytes where possible, which is the usual case.
    static char* pack(const detail::url_parts& parts);

    [[nodiscard]] char* copy() const;

    [[nodiscard]] const header& head() const noexcept;

    [[nodiscard]] std::string_view view(part place) const noexcept;

    char* block_ = nullptr; // owned; a unique_ptr here costs every file that includes this header
};

/// A hash of the server that a URL leads to: equal for URLs of the same origin, and the same on
/// every machine (FNV-1a).
[[nodiscard]] FOREST_DECL std::uint64_t origin_hash(const url& target) noexcept;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/url.ipp>
#endif

#endif
