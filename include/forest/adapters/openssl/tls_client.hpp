// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_CLIENT_HPP

#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

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
    explicit tls_client(const tls_options& options) : chosen_{options} {
        if (!options.ca_file.empty() || !options.certificate_file.empty() ||
            !options.private_key_file.empty())
            context_.emplace(chosen_);
    }

    /// Returns the present number of tickets.
    [[nodiscard]] std::size_t tickets() const noexcept { return count_; }

    /// Returns a session with the server of `target`. It resumes an earlier session if possible. A
    /// ticket that can be used only once is then used up.
    [[nodiscard]] tls_session begin(const url& target, clock::time_point now = clock::now()) {
        if (!context_)
            context_.emplace(chosen_);
        return tls_session{*context_, target, take(key(target), now)};
    }

    /// Takes the tickets of `session`, which is with the server of `target` and has succeeded.
    void keep(const url& target, tls_session& session) {
        session.take_tickets([this, server = key(target)](detail::tls_ticket ticket) {
            if (count_ >= tickets_max)
                forget_any();
            std::vector<detail::tls_ticket>& known = known_[server];
            // A ticket that can be used many times replaces the earlier one.
            while (!known.empty() &&
                   (ticket.lasts() || known.size() >= detail::tickets_per_server_max))
                forget_first(known);
            known.push_back(std::move(ticket));
            ++count_;
        });
    }

private:
    // All targets have the scheme https.
    static std::string key(const url& target) {
        return std::string{target.host()}.append(1, ' ').append(std::to_string(target.port()));
    }

    // Returns the newest ticket that is still valid.
    detail::tls_ticket take(const std::string& server, clock::time_point now) {
        detail::tls_ticket found;
        const auto place = known_.find(server);
        if (place == known_.end())
            return found;
        std::vector<detail::tls_ticket>& known = place->second;
        while (!found && !known.empty()) {
            if (known.back().verified + verified_for >= now)
                found = std::move(known.back());
            known.pop_back();
            --count_;
        }
        if (found.lasts()) {
            known.push_back(found.copy());
            ++count_;
        }
        if (known.empty())
            known_.erase(place);
        return found;
    }

    void forget_first(std::vector<detail::tls_ticket>& known) noexcept {
        known.erase(known.begin());
        --count_;
    }

    void forget_any() noexcept {
        forget_first(known_.begin()->second);
        if (known_.begin()->second.empty())
            known_.erase(known_.begin());
    }

    tls_options chosen_;
    std::optional<tls_context> context_;
    std::unordered_map<std::string, std::vector<detail::tls_ticket>> known_;
    std::size_t count_ = 0;
};

} // namespace forest::inline FOREST_FORM

#endif
