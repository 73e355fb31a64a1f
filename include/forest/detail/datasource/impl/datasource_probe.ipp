// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_IMPL_DATASOURCE_PROBE_IPP
#define FOREST_DETAIL_DATASOURCE_IMPL_DATASOURCE_PROBE_IPP

#include <forest/detail/datasource/datasource_probe.hpp>
#include <forest/detail/health/judge.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL polled_server::polled_server(datasource_mode mode, url health, url schema,
                                         std::size_t bytes_max, duration settle)
    : route{mode},
      health_url{std::move(health)},
      schema_url{std::move(schema)},
      known{bytes_max, settle} {}

FOREST_DECL void datasource_probe::prepare(request& check) {
    const bool schema = server_->route.polls_schema();
    if (schema != server_->asked_schema)
        check = {.target = schema ? server_->schema_url : server_->health_url,
                 .fresh_connection = check.fresh_connection};
    server_->asked_schema = schema;
    if (schema)
        condition_ = server_->known.prepare(check);
}

FOREST_DECL verdict datasource_probe::judge(const reply& answer, wall_time now) noexcept {
    const verdict result = detail::judge(answer, now);
    if (!server_->asked_schema)
        return result;
    server_->latest = server_->known.read(answer, result, condition_);
    return server_->latest.result;
}

FOREST_DECL bool datasource_probe::holds(const verdict& result) noexcept {
    if (server_->asked_schema || !server_->route.awaits_schema(result))
        return false;
    server_->held = result;
    return true;
}

FOREST_DECL bool datasource_probe::brought_news() const noexcept {
    return server_->asked_schema && server_->latest.served != nullptr &&
           !server_->known.has_content(server_->latest.content);
}

FOREST_DECL health_input datasource_probe::input(const verdict& result) noexcept {
    return !server_->asked_schema && server_->route.checked(result) ? health_input::rerouted(result)
                                                                    : health_input::reply(result);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
