// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CLIENT_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CLIENT_IPP

#include <forest/adapters/openssl/tls_client.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL tls_client::tls_client(const tls_options& options) : chosen_{options} {
    if (!options.ca_file.empty() || !options.certificate_file.empty() ||
        !options.private_key_file.empty())
        context_.emplace(chosen_);
}

FOREST_DECL tls_session tls_client::begin(const url& target, clock::time_point now) {
    if (!context_)
        context_.emplace(chosen_);
    return tls_session{*context_, target, take(key(target), now)};
}

FOREST_DECL void tls_client::keep(const url& target, tls_session& session) {
    session.take_tickets([this, server = key(target)](detail::tls_ticket ticket) {
        if (count_ >= tickets_max)
            forget_any();
        std::vector<detail::tls_ticket>& known = known_[server];
        // A ticket that can be used many times replaces the earlier one.
        while (!known.empty() && (ticket.lasts() || known.size() >= detail::tickets_per_server_max))
            forget_first(known);
        known.push_back(std::move(ticket));
        ++count_;
    });
}

FOREST_DECL std::string tls_client::key(const url& target) {
    return std::string{target.host()}.append(1, ' ').append(std::to_string(target.port()));
}

FOREST_DECL detail::tls_ticket tls_client::take(const std::string& server, clock::time_point now) {
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

FOREST_DECL void tls_client::forget_first(std::vector<detail::tls_ticket>& known) noexcept {
    known.erase(known.begin());
    --count_;
}

FOREST_DECL void tls_client::forget_any() noexcept {
    forget_first(known_.begin()->second);
    if (known_.begin()->second.empty())
        known_.erase(known_.begin());
}

} // namespace forest::inline FOREST_FORM

#endif
