// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_URL_IPP
#define FOREST_CORE_IMPL_URL_IPP

#include <forest/core/detail/container/fnv_1a.hpp>
#include <forest/core/detail/http/url_reader.hpp>
#include <forest/core/url.hpp>

#include <cstring>
#include <new>
#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL url& url::operator=(const url& other) {
    if (this != &other)
        *this = url{other};
    return *this;
}

FOREST_DECL url& url::operator=(url&& other) noexcept {
    delete[] std::exchange(block_, std::exchange(other.block_, nullptr));
    return *this;
}

FOREST_DECL url::url(std::string_view text) {
    if (const std::error_code ec = parse(text, *this))
        throw std::system_error{ec, "forest::url"};
}

FOREST_DECL std::error_code url::parse(std::string_view text, url& result) {
    detail::url_parts parsed;
    const std::error_code ec = parsed.read(text);
    if (!ec) {
        url made;
        made.block_ = pack(parsed);
        result = std::move(made);
    }
    return ec;
}

FOREST_DECL bool url::same_origin(const url& other) const noexcept {
    const auto equal = [](std::string_view left, std::string_view right) {
        return left.size() == right.size() &&
               (left.empty() || std::memcmp(left.data(), right.data(), left.size()) == 0);
    };
    return scheme() == other.scheme() && port() == other.port() && equal(host(), other.host()) &&
           equal(zone(), other.zone()) && equal(socket_path(), other.socket_path());
}

FOREST_DECL std::string_view url::server_name() const noexcept {
    std::string_view name = host();
    if (name.ends_with('.'))
        name.remove_suffix(1);
    return name;
}

FOREST_DECL char* url::pack(const detail::url_parts& parts) {
    std::string bytes;
    const auto place = [&bytes](std::string_view text) {
        std::size_t offset = bytes.find(text);
        if (offset == std::string::npos) {
            offset = bytes.size();
            bytes += text;
        }
        return part{static_cast<std::uint16_t>(offset), static_cast<std::uint16_t>(text.size())};
    };
    header head;
    head.text = place(parts.text);
    head.host_header = place(parts.host_header);
    head.host = place(parts.host);
    head.zone = place(parts.zone);
    head.target = place(parts.target);
    head.socket_path = place(parts.socket_path);
    head.port = parts.port;
    head.byte_count = static_cast<std::uint16_t>(bytes.size());
    head.scheme = parts.scheme;
    head.ip_literal = parts.ip_literal;

    char* const block = new char[sizeof head + bytes.size()];
    ::new (block) header{head};
    bytes.copy(block + sizeof head, bytes.size());
    return block;
}

FOREST_DECL char* url::copy() const {
    if (block_ == nullptr)
        return nullptr;
    const std::size_t size = sizeof(header) + head().byte_count;
    char* const block = new char[size];
    std::memcpy(block, block_, size);
    return block;
}

FOREST_DECL auto url::head() const noexcept -> const header& {
    static constexpr header empty;
    return block_ == nullptr ? empty : *std::launder(reinterpret_cast<const header*>(block_));
}

FOREST_DECL std::string_view url::view(part place) const noexcept {
    return place.size == 0 ? std::string_view{}
                           : std::string_view{block_ + sizeof(header) + place.offset, place.size};
}

FOREST_DECL std::uint64_t origin_hash(const url& target) noexcept {
    std::uint64_t hash = detail::fnv_1a_begin;
    const auto add = [&hash](std::uint64_t part) { hash = detail::fnv_1a(hash, part); };
    const auto add_text = [&add](std::string_view text) {
        for (const char byte : text)
            add(static_cast<unsigned char>(byte));
    };
    add(static_cast<std::uint64_t>(target.scheme()));
    add(target.port());
    add_text(target.host());
    if (!target.zone().empty()) {
        add('%');
        add_text(target.zone());
    }
    add_text(target.socket_path());
    return hash;
}

} // namespace forest::inline FOREST_FORM

#endif
