// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_TLS_RECORDS_TARGET_HPP
#define FOREST_TESTS_FUZZ_TLS_RECORDS_TARGET_HPP

#include <adapters/support/test_certificates.hpp>
#include <forest/adapters/openssl/detail/tls_ticket.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <fuzz/message_script.hpp>
#include <fuzz/require.hpp>

// A TLS client and a TLS server whose bytes are cut, reordered, repeated, lost and corrupted on
// their way. Whatever happens: each side receives only the beginning of what the other one has
// sent, an orderly end comes only behind all of it, and a failure is final. Where bytes are only
// cut, all arrives. The first bytes of the input choose the version, whether the session is known,
// and the sizes of what is sent. Each byte behind them changes or delivers something.

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forest_fuzz {

namespace detail {

// The certificates, contexts and known sessions of all inputs.
class tls_surroundings {
public:
    tls_surroundings() {
        const forest::test::certificate_files files = certificates_.server();
        const forest::tls_server_options identity{.certificate_file = files.certificate,
                                                  .private_key_file = files.key};
        for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
            servers_.emplace_back(identity);
            SSL_CTX_set_max_proto_version(servers_.back().native_handle(), version);
        }
        require(!forest::url::parse("https://localhost/", target_), "no URL");
    }

    [[nodiscard]] const forest::tls_context& server(std::size_t index) const {
        return servers_[index];
    }
    [[nodiscard]] const forest::tls_context& client() const { return client_; }
    [[nodiscard]] const forest::url& target() const { return target_; }

    forest::detail::tls_ticket known[2]; // for each version

private:
    forest::test::test_certificates certificates_;
    forest::tls_context client_{forest::tls_options{.ca_file = certificates_.ca_file()}};
    std::vector<forest::tls_context> servers_;
    forest::url target_;
};

/// The bytes from one side to the other, as the records that they were sent in.
struct tls_wire {
    std::vector<std::string> records; // on their way
    std::vector<std::string> sent;    // all so far
    bool changed = false;
    bool lost = false; // a whole record, or the rest

    void add(std::string_view bytes) {
        constexpr std::size_t header_bytes = 5;
        while (!bytes.empty()) {
            std::size_t size = bytes.size();
            if (size > header_bytes)
                size = std::min(size, header_bytes + static_cast<unsigned char>(bytes[3]) * 256U +
                                          static_cast<unsigned char>(bytes[4]));
            records.emplace_back(bytes.substr(0, size));
            sent.push_back(records.back());
            bytes.remove_prefix(size);
        }
    }

    std::string take(std::size_t bytes) {
        std::string taken;
        while (taken.size() < bytes && !records.empty()) {
            std::string& first = records.front();
            const std::size_t size = std::min(bytes - taken.size(), first.size());
            taken.append(first, 0, size);
            first.erase(0, size);
            if (first.empty())
                records.erase(records.begin());
        }
        return taken;
    }
};

/// One side, which shakes hands, sends its text in pieces, and says goodbye when it is told.
class tls_side {
public:
    tls_side(forest::tls_session session, std::string text, bool begins)
        : session_{std::move(session)}, text_{std::move(text)}, sends_{begins} {}

    /// Takes bytes from the peer, and continues.
    void take(std::string_view bytes, const tls_side& peer, tls_wire& out) {
        if (!bytes.empty())
            require(session_.input(bytes), "there is no memory for the input");
        if (!failed_ && !shaken_)
            shaken_ = note(session_.handshake()) == progress::done;
        if (shaken_ && !failed_ && sends_ && !std::exchange(text_sent_, true)) {
            for (std::size_t at = 0; at < text_.size() && !failed_; at += piece_bytes)
                (void)note(session_.send(std::string_view{text_}.substr(at, piece_bytes)));
        }
        receive(peer);
        if (received_.size() == peer.text_.size() && shaken_)
            sends_ = true; // a server answers when it has the whole request
        if (shaken_ && !failed_ && text_sent_ && !begins_with_request() && !goodbye_) {
            require(session_.goodbye(), "a working session cannot be ended");
            goodbye_ = true;
        }
        out.add(session_.output());
        session_.output_sent();
    }

    // The server, once its text can be sent.
    [[nodiscard]] bool wants_turn() const { return shaken_ && !failed_ && sends_ && !text_sent_; }

    [[nodiscard]] bool complete(const tls_side& peer) const {
        return shaken_ && !failed_ && received_ == peer.text_;
    }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool closed() const { return closed_; }
    [[nodiscard]] bool shaken() const { return shaken_; }
    [[nodiscard]] forest::tls_session& session() { return session_; }

    void set_client() { is_client_ = true; }

private:
    using progress = forest::tls_session::progress;

    static constexpr std::size_t piece_bytes = 20'000; // more than a record

    [[nodiscard]] bool begins_with_request() const { return is_client_; }

    progress note(progress made) {
        if (made == progress::failed) {
            failed_ = true;
            const forest::errc why = session_.failure();
            require(why == forest::errc::tls_failed || why == forest::errc::plain_http_expected ||
                        why == forest::errc::http2_only || why == forest::errc::other_protocol,
                    "a failure has another cause than the bytes of the peer");
        }
        return made;
    }

    void receive(const tls_side& peer) {
        if (!shaken_)
            return;
        std::array<char, 5000> room{};
        for (;;) {
            std::size_t count = 0;
            const progress made = session_.receive(room, count);
            require(count <= room.size() && (made == progress::done) == (count > 0),
                    "a number of bytes that does not fit the result");
            received_.append(room.data(), count);
            require(peer.text_sent_ || received_.empty(), "bytes come that nobody sent");
            require(std::string_view{peer.text_}.starts_with(received_),
                    "other bytes come than were sent");
            require(!failed_ || made == progress::failed, "a session continues after its failure");
            require(!closed_ || made != progress::done, "bytes come behind the end");
            if (made == progress::done)
                continue;
            if (made == progress::closed) {
                closed_ = true;
                require(peer.goodbye_ && received_ == peer.text_, "the end comes too early");
            }
            if (!failed_)
                (void)note(made);
            return;
        }
    }

    forest::tls_session session_;
    std::string text_;
    std::string received_;
    bool is_client_ = false;
    bool sends_;
    bool shaken_ = false;
    bool text_sent_ = false;
    bool goodbye_ = false;
    bool failed_ = false;
    bool closed_ = false;
};

/// Both sides and the wires between them.
class tls_exchange {
public:
    tls_exchange(tls_surroundings& world, std::size_t version, bool resumes,
                 std::size_t request_bytes, std::size_t answer_bytes)
        : sides_{{forest::tls_session{world.client(), world.target(),
                                      resumes ? world.known[version].copy()
                                              : forest::detail::tls_ticket{}},
                  filler(request_bytes), true},
                 {forest::tls_session{world.server(version)}, filler(answer_bytes), false}} {
        sides_[0].set_client();
        sides_[0].take({}, sides_[1], wires_[1]);
    }

    [[nodiscard]] tls_side& client() { return sides_[0]; }

    /// Changes or delivers something; the input has the details.
    void act(unsigned char choice, std::string_view& input) {
        const std::size_t to = choice / 16U % 2U;
        tls_wire& wire = wires_[to];
        const bool some = !wire.records.empty();
        switch (choice % 16) {
        case 0: deliver(to, 1 + take_choice(input)); break;
        case 1: deliver(to, (1U + take_choice(input)) * 100U); break;
        case 2: deliver(to, some ? wire.records.front().size() : 0); break;
        case 3: deliver(to, everything); break;
        case 4: { // one bit of the first bytes, where the header is
            const std::size_t place = take_choice(input);
            flip(wire, place / 8 % 16, place % 8);
            break;
        }
        case 5: {
            const std::size_t place = take_choice(input) * 256U;
            flip(wire, place + take_choice(input), choice / 32U);
            break;
        }
        case 6: // a record is lost
            if (some)
                wire.records.erase(wire.records.begin());
            wire.lost = wire.lost || some;
            break;
        case 7: // repeated
            if (some)
                wire.records.insert(wire.records.begin(), wire.records.front());
            wire.changed = wire.changed || some;
            break;
        case 8: // two change places
            if (wire.records.size() > 1 && wire.records[0] != wire.records[1]) {
                std::swap(wire.records[0], wire.records[1]);
                wire.changed = true;
            }
            break;
        case 9: { // an earlier record, of either direction, comes once more
            const auto& sent = wires_[choice / 32U % 2U].sent;
            const std::size_t which = take_choice(input);
            if (!sent.empty())
                insert(wire, sent[which % sent.size()]);
            break;
        }
        case 10: { // bytes of the input
            const std::string_view added = input.substr(0, take_choice(input) % 64U);
            input.remove_prefix(std::min(added.size(), input.size()));
            insert(wire, added);
            break;
        }
        case 11: // the rest is lost
            wire.lost = wire.lost || some;
            wire.records.clear();
            break;
        case 12: { // a record of its own: an alert, for example
            std::string record{"\x15\x03\x03\x00\x02", 5};
            record[0] = static_cast<char>(20 + take_choice(input) % 5U);
            record.push_back(static_cast<char>(1 + choice / 32U % 2U));
            record.push_back(static_cast<char>(take_choice(input)));
            insert(wire, record);
            break;
        }
        case 13: { // cut off within a record
            const std::size_t size = take_choice(input);
            if (some && size < wire.records.front().size()) {
                wire.records.front().resize(size);
                wire.changed = true;
            }
            break;
        }
        default: deliver(to, everything);
        }
    }

    /// Delivers what is on its way, and what follows.
    void finish() {
        constexpr int rounds_max = 1000;
        for (int round = 0; !wires_[0].records.empty() || !wires_[1].records.empty(); ++round) {
            require(round < rounds_max, "the two sides talk for ever");
            deliver(0, everything);
            deliver(1, everything);
        }
        if (wires_[0].changed || wires_[0].lost || wires_[1].changed || wires_[1].lost)
            return;
        require(sides_[0].complete(sides_[1]) && sides_[1].complete(sides_[0]),
                "not all arrives, although nothing was changed");
        require(sides_[0].closed(), "the end does not arrive, although nothing was changed");
        require(sides_[0].session().idle() && sides_[1].session().idle(), "bytes are left");
    }

private:
    static constexpr std::size_t everything = std::size_t{1} << 20U;

    void deliver(std::size_t to, std::size_t bytes) {
        const std::string taken = wires_[to].take(bytes);
        if (!taken.empty())
            sides_[to].take(taken, sides_[1 - to], wires_[1 - to]);
        if (sides_[to].wants_turn())
            sides_[to].take({}, sides_[1 - to], wires_[1 - to]);
    }

    static void insert(tls_wire& wire, std::string_view bytes) {
        if (bytes.empty())
            return;
        wire.records.emplace(wire.records.begin(), bytes);
        wire.changed = true;
    }

    static void flip(tls_wire& wire, std::size_t place, std::size_t bit) {
        if (wire.records.empty() || wire.records.front().empty())
            return;
        char& byte = wire.records.front()[place % wire.records.front().size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1U << bit));
        wire.changed = true;
    }

    tls_side sides_[2]; // the client and the server
    tls_wire wires_[2]; // to each of them
};

} // namespace detail

inline void tls_records_target(std::string_view input) {
    static detail::tls_surroundings world;
    const unsigned char choice = take_choice(input);
    const std::size_t version = choice % 2U;
    const bool resumes = choice / 2 % 2 == 1;
    const auto size = [](std::size_t chosen) {
        return chosen < 200 ? 1 + chosen : (chosen - 199) * 1000; // some take several records
    };
    const std::size_t request_bytes = size(take_choice(input));
    const std::size_t answer_bytes = size(take_choice(input));
    if (resumes && !world.known[version]) {
        detail::tls_exchange first{world, version, false, 1, 1};
        first.finish();
        forest::detail::tls_ticket room[forest::detail::tickets_per_server_max];
        require(first.client().session().take_tickets(room) > 0, "a session gives no ticket");
        world.known[version] = std::move(room[0]);
    }
    detail::tls_exchange exchange{world, version, resumes, request_bytes, answer_bytes};
    constexpr int actions_max = 100;
    for (int action = 0; action < actions_max && !input.empty(); ++action) {
        const unsigned char what = take_choice(input);
        exchange.act(what, input);
    }
    exchange.finish();
}

} // namespace forest_fuzz

#endif
