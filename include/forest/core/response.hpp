// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_RESPONSE_HPP
#define FOREST_CORE_RESPONSE_HPP

#include <forest/core/fields.hpp>
#include <forest/form.hpp>

#include <memory>
#include <string_view>

// The answer of a route, before a server writes it.

namespace forest::inline FOREST_FORM {

/// An answer. The responder copies the necessary data before it returns.
struct response {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string_view body{};
    header_fields fields{}; ///< further header fields

    /// The owner that keeps `body` alive and unchanged. A server may hold this instead of a copy.
    /// So a large body exists only once for any number of clients. If it is null, the body is
    /// copied. The deleter of the owner may run on any thread, and may call the server.
    std::shared_ptr<const void> body_owner{};

    /// Whether anybody gets this answer, without a signature. A server that prefers clients to
    /// strangers (B23: who gives way) then learns nothing about the sender of the request.
    bool for_anybody = false;
};

} // namespace forest::inline FOREST_FORM

#endif
