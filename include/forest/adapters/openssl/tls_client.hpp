// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP

#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/adapters/openssl/tls_ticket.hpp>
#include <forest/core/url.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

// What the sessions of one client share: the context, and how to resume the last one with each
// server.

namespace forest {

/// Begins sessions, and resumes them where the server lets it. Not thread-safe.
class tls_client {
public:
    using clock = std::chrono::steady_clock;

    /// How many servers it can resume a session with. Any other one makes room for a further one.
    static constexpr std::size_t tickets_max = 4096;

    /// How long a server need not show its certificate again: a health check that never looked
    /// would not notice that it has expired.
    static constexpr std::chrono::minutes verified_for{10};

    /// Files that the user named are read now, so that a mistake is found at the start and not at
    /// the first check; the system's authorities when they are first needed, because most checks
    /// need none. Throws as tls_context does.
    explicit tls_client(const tls_options& chosen) : chosen_{chosen} {
        if (!chosen.ca_file.empty() || !chosen.certificate_file.empty() ||
            !chosen.private_key_file.empty())
            context_.emplace(chosen_);
    }

    /// How many servers it can resume a session with now.
    [[nodiscard]] std::size_t tickets() const noexcept { return tickets_.size(); }

    /// A session with the server of `target`. The ticket is used up by that: in TLS 1.3 the server
    /// gives a new one, and who watches the network cannot tell that both are of one client.
    [[nodiscard]] tls_session begin(const url& target, clock::time_point now = clock::now()) {
        if (!context_)
            context_.emplace(chosen_);
        tls_ticket known;
        if (const auto found = tickets_.extract(key(target)); !found.empty())
            known = std::move(found.mapped());
        if (known.verified + verified_for < now)
            known = {};
        return tls_session{*context_, target, known};
    }

    /// Keeps what resumes a session with the server of `target` that went well.
    void keep(const url& target, const tls_session& session) {
        tls_ticket fresh = session.ticket();
        if (!fresh)
            return;
        if (tickets_.size() >= tickets_max)
            tickets_.erase(tickets_.begin());
        tickets_.insert_or_assign(key(target), std::move(fresh));
    }

private:
    // All are https.
    static std::string key(const url& target) {
        return std::string{target.host()}.append(1, ' ').append(std::to_string(target.port()));
    }

    tls_options chosen_;
    std::optional<tls_context> context_;
    std::unordered_map<std::string, tls_ticket> tickets_;
};

} // namespace forest

#endif
