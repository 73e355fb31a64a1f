// SPDX-License-Identifier: BSL-1.0
#include "chosen_probe.hpp"

#include "by_curl.hpp"
#include "option_kinds.hpp"
#include "usage_error.hpp"

#include <tool/output/text.hpp>

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forest::cli {

namespace {

[[noreturn]] void refuse_status(std::string_view text) {
    throw usage_error(fmt::format("--expect-status: '{}' is no status; statuses are from 100 to "
                                  "599, as in 200, 200-299 or 200,301-302",
                                  ascii_escape(text)));
}

int read_status(std::string_view all, std::string_view text) {
    int status = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (ec != std::errc{} || end != text.data() + text.size() || text.size() != 3)
        refuse_status(all);
    return status;
}

std::vector<probes::status_range> read_statuses(std::string_view text) {
    std::vector<probes::status_range> ranges;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view part = text.substr(begin, end - begin);
        const std::size_t dash = part.find('-');
        const std::string_view last = dash == std::string_view::npos ? part : part.substr(dash + 1);
        ranges.push_back({read_status(text, part.substr(0, dash)), read_status(text, last)});
        begin = end + 1;
    }
    return ranges;
}

void add_field(probes::basic_status<false>& probe, const std::string& line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = std::string_view{line}.substr(0, colon);
    const auto refuse = [&line](std::string_view why) {
        throw usage_error(fmt::format("--header: '{}' {}; write it as in --header 'Host: "
                                      "shop.example'",
                                      ascii_escape(line), why));
    };
    if (colon == std::string::npos)
        refuse("has no colon");
    try {
        probe.header(name, trim_blanks(std::string_view{line}.substr(colon + 1)));
    } catch (const std::system_error& fault) {
        refuse(fault.code() == errc::header_too_large
                   ? "is too long, together with the other fields"
                   : "is no field that a request may have");
    }
}

bool is_port(const url& target) noexcept {
    return target.scheme() == url_scheme::tcp;
}

void require_valid_transport(const request_arguments& request) {
    if (request.by_curl && !has_curl)
        throw usage_error(
            "--transport curl: this program was built without libcurl; build it again "
            "with libcurl4-openssl-dev");
    if (!request.proxy.empty() && !request.by_curl)
        throw usage_error("--proxy needs --transport curl");
    if (!request.proxy.empty() && !is_proxy(request.proxy))
        throw usage_error(
            fmt::format("--proxy: '{}' is no proxy that libcurl knows; write it as in "
                        "--proxy http://proxy.example:3128",
                        ascii_escape(request.proxy)));
    if (request.accept_common_names && request.by_curl)
        throw usage_error("--accept-common-names has no meaning with --transport curl: libcurl "
                          "decides by rules of its own");
}

} // namespace

void probe_choice::prepare(request& get) const {
    status_.prepare(get);
    if (kind_ == probe_kind::health_json)
        probes::health_json{}.prepare(get);
    if (kind_ == probe_kind::grpc)
        grpc_.prepare(get);
}

verdict probe_choice::judge(const reply& answer, wall_time now) const noexcept {
    switch (kind_) {
    case probe_kind::health: break;
    case probe_kind::health_json: return probes::health_json{}.judge(answer, now);
    case probe_kind::agent_root: return probes::agent_root{}.judge(answer, now);
    case probe_kind::grpc: return grpc_.judge(answer, now);
    case probe_kind::status: return status_.judge(answer, now);
    }
    return probes::health{}.judge(answer, now);
}

void add_probe(CLI::App& app, probe_arguments& probe, request_arguments& request) {
    app.add_option_function<std::string>(
           "--probe",
           [&](const std::string& text) {
               if (text == "health")
                   probe.kind = probe_kind::health;
               else if (text == "health-json")
                   probe.kind = probe_kind::health_json;
               else if (text == "agent-root")
                   probe.kind = probe_kind::agent_root;
               else if (text == "grpc" || text.starts_with("grpc:"))
                   probe.kind = probe_kind::grpc;
               else
                   throw usage_error(fmt::format("--probe: '{}' is neither health, health-json, "
                                                 "agent-root, grpc nor grpc:SERVICE",
                                                 ascii_escape(text)));
               probe.service = text.starts_with("grpc:") ? text.substr(5) : std::string{};
               probe.kind_given = true;
           },
           "What counts: a health route of this library or of an agent; any health document in "
           "JSON, whose warnings make a server degraded; an agent's GET /forest; or the health "
           "service of gRPC, with --transport curl")
        ->type_name("health|health-json|agent-root|grpc|grpc:SERVICE");
    const auto add_text = [&](const std::string& name, std::optional<std::string>& value,
                              const std::string& type, const std::string& help) {
        app.add_option_function<std::string>(
               name, [&value](const std::string& text) { value = text; }, help)
            ->type_name(type);
    };
    add_text("--expect-status", probe.expected_status, "STATUS",
             "Only the HTTP status counts: 200, 200-299 or 200,301-302; without it 200-299, if "
             "--expect-body or --method is given");
    add_text("--expect-body", probe.expected_body, "TEXT", "The body must have this text in it");
    add_text("--method", probe.method, "METHOD", "Send this instead of GET, such as HEAD");
    app.add_option("--header", probe.fields,
                   "Send this field, too; may be repeated. Host, User-Agent and Accept replace the "
                   "usual ones")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    add_choice(
        app, "--transport", request.by_curl, "asio", "curl",
        "Check by the library's own transport, or by libcurl, which knows proxies and HTTP/2");
    app.add_option("--proxy", request.proxy,
                   "Check through this proxy, with --transport curl; the environment is not read")
        ->type_name("URL");
}

probe_choice make_probe(const probe_arguments& probe, const request_arguments& request) {
    require_valid_transport(request);
    const bool by_status = probe.expected_status || probe.expected_body || probe.method;
    if (by_status && probe.kind_given)
        throw usage_error("--probe and --expect-status, --expect-body or --method contradict each "
                          "other; give one of them");
    if (probe.kind == probe_kind::grpc && !request.by_curl)
        throw usage_error("--probe grpc needs --transport curl, because gRPC needs HTTP/2");
    const std::string statuses = probe.expected_status.value_or("200-299");
    try {
        probes::basic_status<false> answer{read_statuses(statuses)};
        for (const std::string& line : probe.fields)
            add_field(answer, line);
        auto any_method = answer.method(probe.method.value_or("GET"));
        if (probe.expected_body) {
            if (probe.expected_body->empty())
                throw usage_error("--expect-body is empty; every body has that");
            any_method.body_has(*probe.expected_body);
        }
        return {by_status ? probe_kind::status : probe.kind, std::move(any_method),
                probes::grpc_health{probe.service}};
    } catch (const std::system_error& fault) {
        if (fault.code() == errc::expected_status_invalid)
            refuse_status(statuses);
        if (fault.code() != errc::method_invalid)
            throw;
        if (probe.method == "HEAD")
            throw usage_error("--expect-body has no meaning with --method HEAD, whose answers "
                              "have no body");
        throw usage_error(fmt::format("--method: '{}' is no method; write it as in --method HEAD",
                                      ascii_escape(probe.method.value_or(""))));
    }
}

bool are_ports(std::span<const url> targets) noexcept {
    return std::all_of(targets.begin(), targets.end(), is_port);
}

void require_fitting(const probe_arguments& probe, const request_arguments& request, bool keeps,
                     std::span<const url> targets) {
    const auto is_encrypted = [](const url& target) {
        return target.scheme() == url_scheme::https;
    };
    if (probe.kind == probe_kind::grpc && keeps && !keeps_http2() &&
        !std::all_of(targets.begin(), targets.end(), is_encrypted))
        throw usage_error("--reuse needs libcurl 8.0.0 with --probe grpc and without TLS: an older "
                          "one cannot use such a connection of HTTP/2 again");
    const auto port = std::find_if(targets.begin(), targets.end(), is_port);
    if (port == targets.end())
        return;
    if (request.by_curl)
        throw usage_error(fmt::format("URL '{}': --transport curl has no tcp://; leave the option "
                                      "out, or check that URL by another command",
                                      port->text()));
    const bool chosen = probe.kind_given || probe.expected_status || probe.expected_body ||
                        probe.method || !probe.fields.empty();
    if (chosen && are_ports(targets))
        throw usage_error("--probe, --expect-status, --expect-body, --method and --header have no "
                          "meaning with tcp://: nothing is sent, and a connection that opens is "
                          "healthy");
}

url target_for(const probe_arguments& probe, url target) {
    if (probe.kind != probe_kind::grpc || target.target() != "/")
        return target;
    const std::string_view text = target.text();
    std::string whole{text.substr(0, text.find_first_of("/?#", text.find("://") + 3))};
    return url{whole.append(probes::grpc_health::path)};
}

} // namespace forest::cli
