// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CLIENT_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CLIENT_IPP

#include <forest/adapters/openssl/tls_client.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM {

// A hash table with rows of fixed number: at `tickets_max`, a row has 64 tickets on average. It is
// no std::unordered_map, which compiles to 100 functions without optimisation.
struct tls_client::ticket_table {
    struct known {
        known* next;
        std::string server;
        detail::tls_ticket ticket;
    };

    ticket_table() = default;
    ticket_table(const ticket_table&) = delete;
    ticket_table& operator=(const ticket_table&) = delete;
    ~ticket_table() {
        for (known*& row : rows)
            while (row != nullptr)
                forget(row);
    }

    // Returns the row of a server. The newest ticket is the first one.
    known*& row_of(const std::string& server) noexcept {
        return rows[std::hash<std::string_view>{}(server) % std::size(rows)];
    }

    // Returns the place of the newest ticket in `row`, or behind it, that is one of `server`.
    static known*& find(known*& row, const std::string& server) noexcept {
        known** place = &row;
        while (*place != nullptr && (*place)->server != server)
            place = &(*place)->next;
        return *place;
    }

    static void forget(known*& place) noexcept {
        const detail::owner<known> forgotten{place};
        place = forgotten->next;
    }

    known* rows[64] = {};
    std::size_t victim = 0; // the row that may lose a ticket when there are too many
};

FOREST_DECL FOREST_COLD tls_client::tls_client(const tls_options& options) : chosen_{options} {
    if (!options.ca_file.empty() || !options.certificate_file.empty() ||
        !options.private_key_file.empty())
        context_.reset(new tls_context{chosen_});
}

FOREST_DECL FOREST_COLD tls_client::tls_client(tls_client&&) noexcept = default;
FOREST_DECL FOREST_COLD tls_client& tls_client::operator=(tls_client&&) noexcept = default;
FOREST_DECL FOREST_COLD tls_client::~tls_client() = default;

FOREST_DECL FOREST_COLD tls_session tls_client::begin(const url& target, clock::time_point now) {
    if (!context_)
        context_.reset(new tls_context{chosen_});
    return tls_session{*context_, target, take(key(target), now)};
}

FOREST_DECL FOREST_COLD void tls_client::keep(const url& target, tls_session& session) {
    detail::tls_ticket given[detail::tickets_per_server_max];
    const std::size_t count = session.take_tickets(given);
    if (count == 0)
        return;
    if (!known_)
        known_.reset(new ticket_table);
    const std::string server = key(target);
    for (std::size_t index = 0; index < count; ++index) {
        detail::owner<ticket_table::known> added{new ticket_table::known{nullptr, server, {}}};
        ticket_table::known*& row = known_->row_of(server);
        std::size_t older = 0;
        for (ticket_table::known** place = &row; *place != nullptr; place = &(*place)->next)
            older += (*place)->server == server ? 1 : 0;
        // A ticket that can be used many times replaces the earlier one.
        const std::size_t kept =
            given[index].lasts() ? 0 : std::min(older, detail::tickets_per_server_max - 1);
        ticket_table::known** place = &row;
        for (std::size_t passed = 0; older > kept;) {
            ticket_table::known*& next = ticket_table::find(*place, server);
            if (passed++ < kept) {
                place = &next->next;
                continue;
            }
            ticket_table::forget(next);
            place = &next;
            --older;
            --count_;
        }
        if (count_ >= tickets_max) {
            std::size_t& victim = known_->victim;
            while (known_->rows[victim] == nullptr)
                victim = (victim + 1) % std::size(known_->rows);
            ticket_table::forget(known_->rows[victim]);
            --count_;
        }
        added->ticket = std::move(given[index]);
        added->next = row;
        row = added.release();
        ++count_;
    }
}

FOREST_DECL FOREST_COLD std::string tls_client::key(const url& target) {
    std::string server{target.host()};
    server.append(1, '%').append(target.zone()); // Each link may have another server there.
    return server.append(1, ' ').append(std::to_string(target.port()));
}

FOREST_DECL FOREST_COLD detail::tls_ticket tls_client::take(const std::string& server,
                                                            clock::time_point now) {
    detail::tls_ticket found;
    if (!known_)
        return found;
    for (;;) {
        ticket_table::known*& newest = ticket_table::find(known_->row_of(server), server);
        if (newest == nullptr)
            return {};
        if (newest->ticket.verified + verified_for >= now)
            found = std::move(newest->ticket);
        if (found && found.lasts()) {
            newest->ticket = found.copy();
            return found;
        }
        ticket_table::forget(newest);
        --count_;
        if (found)
            return found;
    }
}

} // namespace forest::inline FOREST_FORM

#endif
