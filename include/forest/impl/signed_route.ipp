// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_IMPL_SIGNED_ROUTE_IPP
#define FOREST_IMPL_SIGNED_ROUTE_IPP

#include <forest/signed_route.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL signed_route::signed_route(route_verifier verify, std::string path)
    : verify_{std::move(verify)}, path_{std::move(path)} {
    if (!verify_)
        throw std::system_error(make_error_code(errc::verifier_missing));
}

FOREST_DECL signed_route::~signed_route() = default;

FOREST_DECL void
signed_route::on_answer(detail::unique_function<void(const route_answer&)> callback) {
    if (callback)
        listened_to_ = true;
    gate_.set(on_answer_, std::move(callback));
}

FOREST_DECL verification signed_route::allows(const server_request& incoming) const noexcept {
    try {
        return verify_(incoming);
    } catch (...) { // The verifier cannot decide.
        return refusal::undecided;
    }
}

FOREST_DECL void signed_route::serve(const server_request& incoming, answer_function answer,
                                     detail::response_sink respond) const {
    int status = 0;
    const auto give = [&](const response& sent) {
        respond(sent);
        status = sent.status;
    };
    const verification verified = allows(incoming);
    if (verified) {
        answer(incoming, verified, give);
    } else {
        response refusal;
        refusal.status = 401;
        refusal.body = R"({"error":"Unauthorized"})";
        (void)refusal.fields.add("Cache-Control", "no-store"); // The field fits.
        give(refusal);
    }
    if (status != 0)
        report({incoming.path, incoming.method, status, verified});
}

FOREST_DECL void signed_route::report(const route_answer& answer) const noexcept {
    if (!listened_to_)
        return;
    try {
        if (const auto callback = gate_.get(on_answer_))
            (*callback)(answer);
    } catch (...) { // The exception is ignored.
    }
}

} // namespace forest::inline FOREST_FORM

#endif
