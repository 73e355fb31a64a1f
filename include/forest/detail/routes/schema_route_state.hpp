// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_SCHEMA_ROUTE_STATE_HPP
#define FOREST_DETAIL_ROUTES_SCHEMA_ROUTE_STATE_HPP

#include <forest/core/fields.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

// What a schema route and its handler share. It does not depend on the server, so it is compiled
// once.

namespace forest::inline FOREST_FORM::detail {

/// basic_schema_route documents the members.
class schema_route_state final : public signed_route {
public:
    using hash_function = std::function<std::string(std::string_view)>;

    /// Throws std::system_error with `errc::hash_missing`, or with an error of `replace`.
    static std::shared_ptr<schema_route_state> make(route_verifier&& verify, std::string&& path,
                                                    hash_function&& hash,
                                                    std::string_view schema_text);

    schema_route_state(route_verifier&& verify, std::string&& path, hash_function&& hash);

    std::error_code replace(std::string_view text);

    [[nodiscard]] std::string etag() const;

    void answer(const server_request& request, response_sink give) const;

    std::atomic<bool> draining = false;

private:
    // The content of all responses until the next replacement.
    struct document;

    [[nodiscard]] std::shared_ptr<const document> current() const;

    const hash_function hash_;
    mutable std::mutex mutex_;
    std::shared_ptr<const document> served_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/schema_route_state.ipp>
#endif

#endif
