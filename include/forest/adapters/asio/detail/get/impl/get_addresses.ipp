// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_GET_ADDRESSES_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_GET_ADDRESSES_IPP

#include <forest/adapters/asio/detail/get/get_addresses.hpp>
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/literal_endpoint.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/detail/container/fnv_1a.hpp>

#include <asio/local/stream_protocol.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void get_addresses::begin(const url& target) {
    addresses_.clear();
    if (target.scheme() == url_scheme::http_unix)
        addresses_.emplace_back(asio::local::stream_protocol::endpoint{target.socket_path()});
    else if (target.is_ip_literal())
        addresses_.push_back(literal_endpoint(target));
}

FOREST_DECL bool get_addresses::include(std::uint64_t hash) const noexcept {
    return std::any_of(addresses_.begin(), addresses_.end(),
                       [hash](const endpoint& each) { return hash_of(each) == hash; });
}

FOREST_DECL get_input get_addresses::ask(name_directory& names, const url& target,
                                         bool after_failed_connect) noexcept {
    name_state state = name_state::failed;
    ++number_;
    try {
        state = names.ask(target.host(), after_failed_connect, *this);
    } catch (const std::bad_alloc&) {
        error = errc::local_resources_exhausted;
    }
    has_last_good_ = state == name_state::refreshing;
    asking_ = state == name_state::waiting || has_last_good_;
    if (asking_)
        return {.kind = get_input_kind::resolving,
                .count = static_cast<std::uint8_t>(has_last_good_ ? 1 : 0)};
    get_input found = answer(target.port());
    found.from_memory = true;
    return found;
}

FOREST_DECL get_input get_addresses::answer(std::uint16_t port) noexcept {
    asking_ = false;
    if (addresses.empty())
        return {.kind = get_input_kind::unresolved, .error = failure()};
    if (!add(port) && addresses_.empty())
        return {.kind = get_input_kind::unresolved, .error = errc::local_resources_exhausted};
    return {.kind = get_input_kind::resolved,
            .count = static_cast<std::uint8_t>(addresses_.size()),
            .from_memory = bool{error}};
}

FOREST_DECL void get_addresses::leave(name_directory& names) noexcept {
    if (!std::exchange(asking_, false))
        return;
    if (has_last_good_)
        names.lose_patience(*this);
    else
        names.leave(*this);
}

FOREST_DECL get_input get_addresses::left(std::uint16_t port) noexcept {
    if (addresses.empty() && !error)
        return {.kind = get_input_kind::performed};
    get_input found = answer(port);
    found.from_memory = true;
    return found;
}

FOREST_DECL void get_addresses::note(name_directory& names, const url& target,
                                     const get_result& ended) const noexcept {
    if (addresses_.size() < 2 || ended.index >= addresses_.size() ||
        ended.answered == (ended.index == 0) || ended.error == errc::operation_canceled)
        return;
    if (const auto used = address_of(*addresses_[ended.index].data()))
        names.used(target.host(), *used, ended.answered);
}

FOREST_DECL std::uint64_t get_addresses::hash_of(const endpoint& address) noexcept {
    unsigned char bytes[sizeof(sockaddr_storage)];
    std::memcpy(bytes, address.data(), address.size());
    std::uint64_t hash = fnv_1a_begin;
    for (std::size_t index = 0; index < address.size(); ++index)
        hash = fnv_1a(hash, bytes[index]);
    return hash;
}

FOREST_DECL errc get_addresses::failure() const noexcept {
    const errc why{error.value()};
    return why != errc::local_resources_exhausted && lacks_descriptor()
               ? errc::local_resources_exhausted
               : why;
}

FOREST_DECL bool get_addresses::add(std::uint16_t port) noexcept {
    const std::size_t before = addresses_.size();
    try {
        for (const ip_address& each : addresses.all()) {
            const endpoint found = endpoint_of(each, port);
            if (addresses_.size() < get_addresses_max &&
                std::find(addresses_.begin(), addresses_.end(), found) == addresses_.end())
                addresses_.push_back(found);
        }
    } catch (const std::bad_alloc&) { // The addresses that were added are tried.
    }
    return addresses_.size() > before;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
