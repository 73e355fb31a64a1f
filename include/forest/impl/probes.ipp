// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_IMPL_PROBES_IPP
#define FOREST_IMPL_PROBES_IPP

#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/detail/health/judge.hpp>
#include <forest/probes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace forest::inline FOREST_FORM::detail {

// Returns the last member with this name, if the body is one JSON object. Empty if it is none.
FOREST_DECL std::optional<json_value> last_member(std::string_view body, std::string_view name,
                                                  std::error_code& ec) noexcept {
    std::optional<json_value> found;
    ec = detail::read_json_object(body, [&](json_string key, const json_value& value) {
        if (key.equals(name))
            found = value;
    });
    return ec ? std::nullopt : found;
}

// Returns the text of a short JSON string in lower case; empty for anything else.
FOREST_DECL std::string_view short_word(const std::optional<json_value>& value,
                                        std::array<char, 16>& room) noexcept {
    if (!value || value->type != json_value::kind::string)
        return {};
    const std::size_t size = value->string().copy_prefix_to(room);
    if (size == room.size()) // It may have been cut off, and no known word is as long.
        return {};
    std::transform(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size), room.begin(),
                   detail::lower);
    return {room.data(), size};
}

FOREST_DECL bool is_success(int status) noexcept {
    return 200 <= status && status <= 299;
}

FOREST_DECL bool envoy_degrades(const reply& answer) noexcept {
    return answer.fields.find("x-envoy-degraded").has_value();
}

// The messages of gRPC are short, and have few fields of protobuf. Reading them needs no library.

FOREST_DECL std::optional<std::uint64_t> take_varint(std::string_view& bytes) noexcept {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return value;
    }
    return std::nullopt;
}

FOREST_DECL void append_varint(std::string& bytes, std::size_t value) {
    for (; value >= 0x80; value >>= 7U)
        bytes += static_cast<char>(value | 0x80U);
    bytes += static_cast<char>(value);
}

// Returns the status of a HealthCheckResponse behind its prefix of gRPC. Empty if it is malformed.
FOREST_DECL std::optional<std::uint64_t> grpc_serving_status(std::string_view body) noexcept {
    constexpr std::size_t prefix = 5; // not compressed, and the length
    if (body.size() < prefix || body.front() != 0)
        return std::nullopt;
    std::size_t size = 0;
    for (const char byte : body.substr(1, prefix - 1))
        size = size << 8U | static_cast<unsigned char>(byte);
    body.remove_prefix(prefix);
    if (size != body.size())
        return std::nullopt;
    std::uint64_t status = 0; // A field of value 0 is not sent.
    while (!body.empty()) {
        const auto tag = take_varint(body);
        if (!tag)
            return std::nullopt;
        std::optional<std::uint64_t> value;
        switch (*tag & 7U) {
        case 0: value = take_varint(body); break;
        case 1: value = 8; break;
        case 2: value = take_varint(body); break;
        case 5: value = 4; break;
        default: break;
        }
        if (!value)
            return std::nullopt;
        if (*tag == 8) // the field 1, a number
            status = *value;
        if ((*tag & 7U) == 0)
            continue;
        if (*value > body.size())
            return std::nullopt;
        body.remove_prefix(*value);
    }
    return status;
}

// Returns what a status of gRPC other than OK says about the server.
FOREST_DECL errc grpc_error(std::string_view status) noexcept {
    if (status == "5" || status == "12") // NOT_FOUND, UNIMPLEMENTED
        return errc::service_unknown;
    return status == "7" || status == "16" ? errc::unauthorized : errc::not_ok;
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM::probes {

FOREST_DECL verdict agent_root::judge(const reply& answer, wall_time now) const noexcept {
    return detail::judge_with(answer, now, [&](verdict&) -> std::error_code {
        if (!detail::is_success(answer.status))
            return errc::unexpected_status;
        std::error_code ec;
        const auto message = detail::last_member(answer.body, "message", ec);
        if (ec)
            return ec;
        const bool runs = message && message->type == detail::json_value::kind::string &&
                          message->string().equals("Agent is running");
        return runs ? std::error_code{} : errc::unexpected_body;
    });
}

FOREST_DECL void health_json::prepare(request& get) const {
    (void)get.fields.add("Accept", "application/health+json, application/json");
}

FOREST_DECL verdict health_json::judge(const reply& answer, wall_time now) const noexcept {
    return detail::judge_with(answer, now, [&](verdict& result) -> std::error_code {
        std::error_code malformed;
        const auto status = detail::last_member(answer.body, "status", malformed);
        (void)detail::parse_health_document(answer.body, result.document);
        std::array<char, 16> room;
        const std::string_view word = detail::short_word(status, room);
        if (answer.status == 503 && word == "stopping")
            return errc::stopping;
        const bool healthy = word == "pass" || word == "ok" || word == "up" || word == "warn";
        if (!detail::is_success(answer.status))
            return word.empty() || healthy ? errc::unexpected_status : errc::not_ok;
        result.degraded = word == "warn" || detail::envoy_degrades(answer);
        if (healthy || answer.body.empty())
            return {};
        return malformed ? malformed : make_error_code(errc::not_ok);
    });
}

FOREST_DECL void grpc_health::prepare(request& get) const {
    get.method = "POST";
    (void)get.fields.add("Content-Type", "application/grpc");
    (void)get.fields.add("TE", "trailers");
    std::string message;
    if (!service_.empty()) {
        message += '\x0a'; // the field 1, a string
        detail::append_varint(message, service_.size());
        message += service_;
    }
    get.body.assign(1, '\0'); // not compressed
    for (int shift = 24; shift >= 0; shift -= 8)
        get.body += static_cast<char>(message.size() >> static_cast<unsigned>(shift));
    get.body += message;
}

FOREST_DECL verdict grpc_health::judge(const reply& answer, wall_time now) const noexcept {
    return detail::judge_with(answer, now, [&](verdict&) -> std::error_code {
        if (answer.status != 200)
            return errc::unexpected_status;
        auto status = answer.trailers.find("grpc-status");
        if (!status) // An answer without a body has it in its header section.
            status = answer.fields.find("grpc-status");
        if (!status)
            return errc::malformed_body;
        if (*status != "0")
            return detail::grpc_error(*status);
        const auto serving = detail::grpc_serving_status(answer.body);
        if (!serving)
            return errc::malformed_body;
        constexpr std::uint64_t is_serving = 1;
        constexpr std::uint64_t is_unknown = 3;
        if (*serving == is_unknown)
            return errc::service_unknown;
        return *serving == is_serving ? std::error_code{} : errc::not_ok;
    });
}

FOREST_DECL expected_answer::expected_answer(std::vector<status_range> statuses)
    : statuses_{std::move(statuses)} {
    const auto valid = [](const status_range& each) {
        return 100 <= each.first && each.first <= each.last && each.last <= 599;
    };
    if (statuses_.empty() || !std::all_of(statuses_.begin(), statuses_.end(), valid))
        throw std::system_error(make_error_code(errc::expected_status_invalid));
}

FOREST_DECL void expected_answer::add_field(std::string_view name, std::string_view value) {
    for (const std::string_view reserved : {"Connection", "Content-Length", "Transfer-Encoding"})
        if (iequals(name, reserved))
            throw std::system_error(make_error_code(errc::header_invalid));
    header_fields all;
    for (const auto& [own_name, own_value] : fields_)
        (void)all.add(own_name, own_value);
    if (const std::error_code ec = all.add(name, value))
        throw std::system_error(ec);
    fields_.emplace_back(name, value);
}

FOREST_DECL void expected_answer::set_method(std::string_view name) {
    constexpr std::size_t bytes_max = 32;
    if (!is_token(name) || name.size() > bytes_max || name == "CONNECT")
        throw std::system_error(make_error_code(errc::method_invalid));
    method_ = name;
    check_body();
}

FOREST_DECL void expected_answer::set_body(std::function<bool(std::string_view)> holds) {
    body_ = std::move(holds);
    check_body();
}

FOREST_DECL void expected_answer::check_body() const {
    if (body_ && method_ == "HEAD")
        throw std::system_error(make_error_code(errc::method_invalid));
}

FOREST_DECL void expected_answer::prepare(request& get) const {
    get.method = method_;
    get.limits = limits_;
    for (const auto& [name, value] : fields_)
        (void)get.fields.add(name, value);
}

FOREST_DECL bool expected_answer::expects(int status) const noexcept {
    return std::any_of(statuses_.begin(), statuses_.end(), [status](const status_range& each) {
        return each.first <= status && status <= each.last;
    });
}

FOREST_DECL verdict expected_answer::judge(const reply& answer, wall_time now) const noexcept {
    const bool expected = expects(answer.status);
    return detail::judge_with(
        answer, now,
        [&](verdict& judged) -> std::error_code {
            if (!expected)
                return errc::unexpected_status;
            judged.degraded = detail::envoy_degrades(answer);
            try {
                if (body_ && !body_(answer.body))
                    return errc::unexpected_body;
            } catch (...) {
                return errc::probe_failed;
            }
            return {};
        },
        expected, body_ != nullptr);
}

} // namespace forest::inline FOREST_FORM::probes

#endif
