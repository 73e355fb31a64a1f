// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP

#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <string>

// The state that the sessions of one client share: the context, and the tickets that resume the
// last sessions with each server.

namespace forest::inline FOREST_FORM {

/// Begins sessions, and resumes them if the server allows it. Not thread-safe.
class tls_client {
public:
    using clock = std::chrono::steady_clock;

    /// The largest number of tickets, of all servers together. When it is reached, a new ticket
    /// replaces an arbitrary other one.
    static constexpr std::size_t tickets_max = 4096;

    /// How long sessions are resumed after the server has shown its certificate. Without this
    /// limit, no check would notice that the certificate has expired.
    static constexpr std::chrono::minutes verified_for{10};

    /// Reads the files of the user now, so that a mistake is found at the start and not at the
    /// first check. The authorities of the system are read when they are first needed, because most
    /// checks need none. Throws like tls_context.
    explicit tls_client(const tls_options& options);

    tls_client(tls_client&&) noexcept;
    tls_client& operator=(tls_client&&) noexcept;
    ~tls_client();

    [[nodiscard]] const tls_options& options() const noexcept { return chosen_; }

    /// Returns the present number of tickets.
    [[nodiscard]] std::size_t tickets() const noexcept { return count_; }

    /// Returns a session with the server of `target`. It resumes an earlier session if possible. A
    /// ticket that can be used only once is then used up.
    [[nodiscard]] tls_session begin(const url& target, clock::time_point now = clock::now());

    /// Takes the tickets of `session`, which is with the server of `target` and has succeeded.
    void keep(const url& target, tls_session& session);

private:
    struct ticket_table;

    // All targets have the scheme https.
    static std::string key(const url& target);

    // Returns the newest ticket that is still valid.
    detail::tls_ticket take(const std::string& server, clock::time_point now);

    tls_options chosen_;
    detail::owner<tls_context> context_;
    detail::owner<ticket_table> known_; // none before the first ticket
    std::size_t count_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/tls_client.ipp>
#endif

#endif
