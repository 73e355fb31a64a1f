// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_ADDRESSES_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_ADDRESSES_HPP

#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

// The addresses of one GET: from its URL, or from a look-up.

namespace forest::inline FOREST_FORM::detail {

/// Asks for the addresses of one name at a time, and has no address twice. `answered()` of the
/// derived class is called on any thread, with a lock of the directory held. Everything else is
/// called by one thread at a time.
class get_addresses : public name_waiter {
public:
    using endpoint = stream_socket::endpoint;

    get_addresses() = default;
    get_addresses(const get_addresses&) = delete;
    get_addresses& operator=(const get_addresses&) = delete;

    /// Begins with the addresses that the URL itself gives. Throws std::bad_alloc.
    void begin(const url& target);

    [[nodiscard]] std::size_t size() const noexcept { return addresses_.size(); }
    [[nodiscard]] const endpoint& operator[](std::size_t index) const noexcept {
        return addresses_[index];
    }

    /// Returns a number that is the same for the same address.
    [[nodiscard]] std::uint64_t hash(std::size_t index) const noexcept {
        return hash_of(addresses_[index]);
    }

    /// Returns whether an address has this number.
    [[nodiscard]] bool include(std::uint64_t hash) const noexcept;

    /// Asks for the name of the URL. Returns the reply to `resolve` or `resolve_again`.
    [[nodiscard]] get_input ask(name_directory& names, const url& target,
                                bool after_failed_connect) noexcept;

    /// Whether a look-up is under way for this GET.
    [[nodiscard]] bool asking() const noexcept { return asking_; }

    /// The look-up has ended. Returns its addresses behind those that are known already.
    [[nodiscard]] get_input answer(std::uint16_t port) noexcept;

    /// Leaves the look-up, if one is under way. Then `answered()` is not called for it any more.
    void leave(name_directory& names) noexcept;

    /// Returns the reply to `leave_name`, after `leave`. The last good addresses will do, if there
    /// are any; and the answer may have come at this moment.
    [[nodiscard]] get_input left(std::uint16_t port) noexcept;

    /// The GET has ended. The next GET to the name begins with an address that answers.
    void note(name_directory& names, const url& target, const get_result& ended) const noexcept;

protected:
    ~get_addresses() override = default;

    /// Returns the number of the latest question; earlier ones are void. Not changed while
    /// `asking()`.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

private:
    static std::uint64_t hash_of(const endpoint& address) noexcept;

    // A look-up needs descriptors, too, and not every resolver reports that there are none.
    [[nodiscard]] errc failure() const noexcept;

    // Returns whether there were new ones.
    bool add(std::uint16_t port) noexcept;

    std::vector<endpoint> addresses_;
    std::uint64_t number_ = 0;
    bool asking_ = false;
    bool has_last_good_ = false; // addresses that can be used without an answer
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/get/impl/get_addresses.ipp>
#endif

#endif
