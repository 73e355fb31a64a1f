// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_NAME_BOOK_HPP
#define FOREST_CORE_DETAIL_LOGIC_NAME_BOOK_HPP

#include <forest/core/detail/container/address_list.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/resolver_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// All decisions about host names (B19: names): which answer may be used, which look-up begins, and
// which waiters are woken. It has no clock, no thread and no socket. So a test can simulate hours
// of a broken name service.

namespace forest::inline FOREST_FORM::detail {

/// The state of a name when a waiter asks for it.
enum class name_state : std::uint8_t {
    known,      ///< the addresses may be used
    last_good,  ///< the name service does not answer; use the last good addresses
    failed,     ///< there are no addresses; `error` says why
    waiting,    ///< the waiter will be woken
    refreshing, ///< like `waiting`, but the waiter may leave and use the last good addresses
};

class name_book;

struct book_entry;

/// Waits for the addresses of a name, and receives them. It must live until its wait has ended.
class name_waiter {
public:
    name_waiter() = default;
    name_waiter(const name_waiter&) = delete;
    name_waiter& operator=(const name_waiter&) = delete;
    virtual ~name_waiter() = default;

    /// The look-up has ended. Called once after `waiting` or `refreshing`.
    virtual void answered() noexcept = 0;

    /// The reason why there are no addresses. `resolver_unavailable` is also possible together with
    /// last good addresses.
    std::error_code error{};

    /// The addresses. During a wait, and together with `resolver_unavailable`, these are the last
    /// good addresses, if they may be used.
    address_list addresses;

private:
    friend name_book;

    book_entry* entry_ = nullptr; // null when it does not wait
    name_waiter* before_ = nullptr;
    name_waiter* behind_ = nullptr;
};

// The data of one name.
struct book_entry {
    enum class progress : std::uint8_t { none, queued, running };

    std::string name;
    address_list addresses; // of the last good answer, the preferred one first
    ip_address preferred{}; // goes first in each answer, if `has_preferred`
    bool has_preferred = false;
    steady_time expires{};
    std::error_code failure{}; // returned until `failure_until`
    steady_time failure_until{};
    progress lookup = progress::none;
    bool local = false;
    steady_time asked_at{}; // when the queued or running look-up was requested
    steady_time used_at{};
    name_waiter* first = nullptr;
    book_entry* older = nullptr; // by the time of the last use
    book_entry* newer = nullptr;
    book_entry* next_queued = nullptr;
    std::uint64_t hash = 0; // of the name
    book_entry* next_in_row = nullptr;

    [[nodiscard]] bool idle() const noexcept {
        return lookup == progress::none && first == nullptr;
    }
};

/// The addresses of all requested names, and their look-ups. Not thread-safe. Times come from the
/// caller and never decrease.
class name_book {
public:
    using entry = book_entry;

    explicit name_book(const resolver_limits& limits = {}) noexcept;
    name_book(const name_book&) = delete;
    name_book& operator=(const name_book&) = delete;
    ~name_book();

    [[nodiscard]] const resolver_limits& limits() const noexcept { return limits_; }

    /// Returns the number of names that are kept.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Returns whether `next` would return a name.
    [[nodiscard]] bool has_next() const noexcept;

    [[nodiscard]] const name_statistics& statistics() const noexcept { return statistics_; }

    /// Asks for the addresses of `name`. If a connect to the known addresses has failed, set
    /// `after_failed_connect`: then only the answer of a look-up that ends later is used.
    /// `is_local(name)` is called before a look-up. If `ask` throws std::bad_alloc, no look-up was
    /// requested.
    template <typename IsLocal>
    [[nodiscard]] name_state ask(std::string_view name, bool after_failed_connect,
                                 name_waiter& waiter, steady_time now, const IsLocal& is_local) {
        entry& known = enter(name, now);
        waiter.error = {};
        waiter.addresses.clear();
        const bool has_good = !after_failed_connect && !known.addresses.empty();
        const bool is_known = has_good && now < known.expires;
        const bool has_last_good = has_good && now - known.expires < limits_.last_good_max;
        if (is_known || has_last_good)
            waiter.addresses.assign(known.addresses.all()); // first, because it may throw
        if (is_known)
            return name_state::known;
        if (known.failure && now < known.failure_until)
            return fail(waiter, known.failure, has_last_good);
        if (known.lookup == entry::progress::none)
            queue(known, is_local(name), now);
        // A check that does not need the answer must not wait for a name service that hangs.
        if ((after_failed_connect || has_last_good) && now - known.asked_at >= limits_.patience)
            return fail(waiter, errc::resolver_unavailable, has_last_good);
        link(known, waiter);
        return has_last_good ? name_state::refreshing : name_state::waiting;
    }

    /// Ends the wait. The waiter is not woken. It has the last good addresses already, and uses
    /// them.
    void lose_patience(name_waiter& waiter) noexcept;

    /// Ends the wait, and the waiter is not woken.
    void leave(name_waiter& waiter) noexcept;

    /// Returns the name whose look-up has to begin now. Null if there is none, or if too many
    /// look-ups are running. The pointer is valid until `answered`.
    [[nodiscard]] entry* next() noexcept;

    /// The look-up of `known` has ended. All its waiters get the answer and are woken.
    void answered(entry& known, std::error_code error, std::span<const ip_address> addresses,
                  std::optional<duration> lifetime, steady_time now) noexcept;

    /// A GET has used an address of the name. One that has answered goes first from now on, and
    /// loses its place to the next one when it does not answer any more. A new look-up changes
    /// nothing about that.
    void used(std::string_view name, const ip_address& address, bool answered) noexcept;

    /// Ends all waits, and no waiter is woken.
    void forget_waiters() noexcept;

private:
    struct queue_of_entries {
        entry* first = nullptr;
        entry* last = nullptr;

        void push(entry& queued) noexcept;

        entry& take() noexcept;
    };

    [[nodiscard]] bool has_next_local() const noexcept;

    name_state fail(name_waiter& waiter, std::error_code why, bool has_last_good) noexcept;

    void queue(entry& known, bool local, steady_time now) noexcept;

    static void link(entry& known, name_waiter& waiter) noexcept;

    std::error_code keep(entry& known, std::span<const ip_address> addresses,
                         std::optional<duration> lifetime, steady_time now) const noexcept;

    static void hand_over(name_waiter& waiter, std::error_code error,
                          std::span<const ip_address> addresses) noexcept;

    // -- Which names are kept --

    // A hash table: the entries of a row are linked. It is no std::unordered_map, which compiles to
    // 150 functions without optimisation.
    [[nodiscard]] entry*& row_of(std::uint64_t hash) const noexcept;

    // Makes the rows short again. Without memory for that they become longer.
    void add_rows() noexcept;

    void erase(entry& known) noexcept;

    // Returns null if the name is not kept.
    [[nodiscard]] entry* find(std::string_view name, std::uint64_t hash) const noexcept;

    entry& enter(std::string_view name, steady_time now);

    entry& add(std::string_view name, std::uint64_t hash, steady_time now);

    // Looks at the two oldest names for each name that is added. So unused names disappear over
    // time. A name in use becomes the newest one, so that the names behind it are looked at next.
    void forget_oldest(steady_time now) noexcept;

    void link_newest(entry& known) noexcept;

    void unlink_age(entry& known) noexcept;

    const resolver_limits limits_;
    entry* first_row_ = nullptr; // the only one at first
    entry** rows_ = &first_row_;
    std::size_t row_count_ = 1; // a power of two
    std::size_t size_ = 0;
    entry* oldest_ = nullptr;
    entry* newest_ = nullptr;
    queue_of_entries local_, others_;
    std::size_t running_ = 0;
    std::size_t running_local_ = 0;
    name_statistics statistics_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/name_book.ipp>
#endif

#endif
