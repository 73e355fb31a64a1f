// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_HELD_ANSWERS_HPP
#define FOREST_DETAIL_ROUTES_HELD_ANSWERS_HPP

#include <forest/core/http_method.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verification.hpp>
#include <forest/form.hpp>
#include <forest/signed_route.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <system_error>

// The decisions about the answers that a route holds (B48: held answers), without I/O and without a
// clock: who gets a place, for how long, and whose answer is to be sent.

namespace forest::inline FOREST_FORM::detail {

/// For how long, and for how many requests at a time, a route holds its answers. The routes
/// document the members.
struct hold_limits {
    duration hold_max{};
    std::size_t held_max = 512;
    std::size_t held_per_address_max = 64;

    /// Returns an error that names the member out of its range.
    [[nodiscard]] std::error_code validate() const noexcept;
};

/// What a route answers, as far as a held answer depends on it. Two requests of one kind get the
/// same answer while the version for their kind is the same.
struct answer_versions {
    std::uint64_t plain = 0;
    std::uint64_t document = 0; ///< for those that asked for `application/health+json`

    friend bool operator==(const answer_versions&, const answer_versions&) = default;
};

/// A request whose answer is held.
struct held_request {
    http_method method{};
    bool as_document = false;
    std::uint64_t version = 0;   ///< of the answer that is held
    std::chrono::seconds wait{}; ///< for how long it may be held
    verification verified{true};
    std::optional<ip_address> peer{};
    kept_responder respond{};

    [[nodiscard]] bool has_news(const answer_versions& now) const noexcept {
        return version != (as_document ? now.document : now.plain);
    }
};

/// The place of a held answer. The one whose time is over first is the smallest.
struct held_key {
    steady_time until;
    std::uint64_t number;

    friend auto operator<=>(const held_key&, const held_key&) = default;
};

/// The held answers of one route. Not thread-safe. Functions that take answers out need no memory.
class held_answers {
public:
    using map = std::map<held_key, held_request>;

    /// A hold is shorter by up to this part, so that holds which began together do not end
    /// together.
    static constexpr int jitter_part = 16;

    explicit held_answers(const hold_limits& limits) noexcept : limits_{limits} {}

    [[nodiscard]] const hold_limits& limits() const noexcept { return limits_; }

    /// Returns the shorter of `preferred` and the longest hold, in whole seconds.
    [[nodiscard]] std::chrono::seconds granted(std::chrono::seconds preferred) const noexcept;

    /// Returns whether there is a place for one more answer to that address.
    [[nodiscard]] bool has_room(const std::optional<ip_address>& peer) const noexcept;

    /// Gives the request a place for its `wait`, less a random part. Null if there is no room; then
    /// the request is unchanged. If it throws std::bad_alloc, no place is taken.
    [[nodiscard]] std::optional<held_key> add(held_request&& request, steady_time now);

    /// The request in a place that is taken.
    [[nodiscard]] held_request& at(const held_key& place) { return answers_.find(place)->second; }

    /// Removes and returns the answer in that place; none if it was taken out before.
    [[nodiscard]] map take(const held_key& place) noexcept;

    /// Removes and returns the answers whose time is over.
    [[nodiscard]] map take_due(steady_time now) noexcept;

    /// Removes and returns the answers that are not the present ones.
    [[nodiscard]] map take_changed(const answer_versions& now) noexcept;

    [[nodiscard]] map take_all() noexcept;

    /// When the first answer is due; null if none is held.
    [[nodiscard]] std::optional<steady_time> next_due() const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return answers_.size(); }
    [[nodiscard]] bool empty() const noexcept { return answers_.empty(); }

private:
    void move(map::iterator from, map& to) noexcept;

    const hold_limits limits_;
    map answers_;
    std::map<ip_address, std::size_t> of_address_; // no entry is 0
    std::uint64_t last_number_ = 0;
    std::optional<answer_versions> seen_; // with which all held answers agree, if that is known
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/held_answers.ipp>
#endif

#endif
