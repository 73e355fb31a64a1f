// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_RULES_HPP
#define FOREST_SIM_CONFORMANCE_RULES_HPP

#include <forest/form.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

// The promises of the policies that a type system cannot check. The name of each promise is the
// fault of a model that breaks it. So a failed test says what is wrong.

namespace forest::inline FOREST_FORM::sim::conformance {

/// A promise, and the name of the fault of a model that breaks it.
struct rule {
    std::string_view name;    ///< `policy.fault`
    std::string_view promise; ///< a sentence
};

/// All promises that are checked. docs/reference/conformance.md has the same list.
inline constexpr auto rules = std::to_array<rule>({
    {"clock.went_back", "steady_now() never returns less than it has returned before."},
    {"clock.called_inside", "No handler is called from inside async_wait()."},
    {"clock.called_inside_cancel", "No handler is called from inside cancel()."},
    {"clock.wrong_context", "Every handler runs on the execution context."},
    {"clock.overlapped", "No handler begins before another one has returned."},
    {"clock.ended_early",
     "No wait ends before its delay has passed on steady_now(), however long the delay is."},
    {"clock.never_ended",
     "Every wait ends, also if its delay is 0 or less, or if a handler begins it."},
    {"clock.ended_twice", "No handler is called twice."},
    {"clock.wrong_order",
     "Waits that end at the same moment end in the order in which they were asked for."},
    {"clock.wrong_error", "A wait that was not cancelled ends without an error."},
    {"clock.cancel_left_pending", "cancel() ends all pending waits of the clock."},
    {"clock.cancel_wrong_error", "A cancelled wait ends with errc::operation_canceled."},
    {"clock.cancel_reached_later", "A wait that begins after cancel() is not cancelled."},
    {"clock.cancel_reached_others", "cancel() ends no wait of another clock or of a copy."},
    {"clock.lost_in_move", "A clock that is moved takes its pending waits with it."},
    {"clock.threw", "No member throws."},

    {"transport.called_inside", "The handler is not called from inside async_get()."},
    {"transport.called_inside_cancel", "The handler is not called from inside cancel()."},
    {"transport.called_twice", "The handler is not called a second time."},
    {"transport.never_called",
     "The handler is called when the answer has come or the peer is gone."},
    {"transport.beyond_timeout",
     "The handler is called at the timeout at the latest, even when the peer is silent or slow."},
    {"transport.timed_out_early", "No GET times out before its time."},
    {"transport.wrong_context", "The handler runs on the execution context of the clock."},
    {"transport.cancel_never_ended", "cancel() ends a pending GET."},
    {"transport.cancel_wrong_error", "A cancelled GET ends with errc::operation_canceled."},
    {"transport.cancel_remembered", "cancel() without a pending GET does nothing, not even to the "
                                    "next GET."},
    {"transport.unusable_after",
     "After a GET has ended in any way, the next one works, also from inside the handler."},
    {"transport.foreign_error", "Every error is an errc."},
    {"transport.failure_hidden", "An answer that arrived incomplete is an error."},
    {"transport.wrong_error",
     "The error is the one that docs/reference/errors.md has for this failure."},
    {"transport.answer_lost", "A complete answer is no error, whatever its status."},
    {"transport.target_changed", "The peer is asked for the path and the query of the URL."},
    {"transport.fields_changed",
     "The fields of the request arrive unchanged, byte for byte; fields of one name keep their "
     "order."},
    {"transport.wrong_status", "The reply has the status of the answer."},
    {"transport.wrong_fields", "The reply has the header section of the answer."},
    {"transport.wrong_body", "The reply has the body of the answer, byte for byte."},
    {"transport.reply_dangles", "The memory of the reply lives until the handler has returned."},
    {"transport.chunks_not_decoded", "The body is decoded from its transfer coding."},
    {"transport.limit_ignored",
     "An answer beyond the limits of the request is errc::response_too_large."},
    {"transport.limit_too_strict", "An answer that just keeps the limits is accepted."},
    {"transport.kept_connection_used", "A fresh connection is used when the request asks for it."},
    {"transport.kept_connection_misreported",
     "waits_on_kept_connection() is true while a GET over a kept connection is silent, and false "
     "otherwise."},
    {"transport.another_differs",
     "another() returns a transport that works beside the first one, and does not touch its GET."},
    {"transport.stale_answer", "The late answer to a request is never given to the next one."},
    {"transport.sent_unasked", "Each async_get() sends at most one request."},
    {"transport.lost_in_move", "A transport that is moved takes its pending GET with it."},
    {"transport.threw", "No member throws."},
    {"transport.called_after_throwing", "An async_get() that throws does not call the handler."},

    {"signer.depends_on_history", "The fields depend only on the request, the time and the secret, "
                                  "not on earlier signatures or on the present time."},
    {"signer.objects_differ", "Two signers with the same secret add the same fields."},
    {"signer.copy_differs",
     "A signer that was copied or moved adds the same fields as the original."},
    {"signer.fields_changed", "Lines are added behind the existing lines, which stay unchanged."},
    {"signer.reserved_field", "No field of the transport is added, and no field is added twice."},
    {"signer.secret_sent", "No field contains the secret, plain or encoded."},
    {"signer.secret_printed",
     "Neither the secret nor a signature is written to a standard stream."},
    {"signer.secret_told", "No message of an exception contains the secret."},
    {"signer.threw", "sign() does not throw when there is room for its fields."},

    {"backoff.not_positive", "Every delay is greater than 0, for intervals up to "
                             "options::duration_max and up to a million failures."},
    {"backoff.depends_on_history", "A delay depends only on the arguments."},
    {"backoff.copy_differs", "A copy returns the same delays as the original."},
    {"backoff.threw", "A call does not throw."},

    {"server.handler_not_called", "The handler is called for each GET and HEAD of its path."},
    {"server.handler_called_twice", "The handler is called once for each request."},
    {"server.handler_called_for_others",
     "The handler is called for no other path and no other method."},
    {"server.wrong_method", "The handler gets the method, GET or HEAD."},
    {"server.wrong_path", "The handler gets the path, without the query."},
    {"server.fields_lost",
     "The handler gets all fields of the request; fields of one name keep their order."},
    {"server.request_dangles", "The memory of the request lives until the handler has returned."},
    {"server.received_unset", "The handler gets the time of the request, by the wall clock."},
    {"server.never_answered", "Every request is answered."},
    {"server.malformed_answer", "The answer is valid HTTP."},
    {"server.wrong_status", "The answer has the status that the responder was given."},
    {"server.wrong_body", "The answer has the body that the responder was given, byte for byte."},
    {"server.wrong_content_type", "The answer has the content type that the responder was given."},
    {"server.wrong_fields", "The answer has the further fields that the responder was given."},
    {"server.answer_not_copied", "The responder copies what it needs before it returns."},
    {"server.late_answer_lost", "The responder may be kept, copied, and called later, from any "
                                "thread."},
    {"server.second_answer_sent", "Calls of the responder after the first one do nothing."},
    {"server.dropped_not_500", "A responder that is dropped without a call answers 500."},
    {"server.head_has_body", "An answer to HEAD has no body."},
    {"server.head_fields_differ", "An answer to HEAD has the fields of the answer to GET."},
    {"server.unknown_path_not_404", "The server answers 404 for a path that is not registered."},
    {"server.other_method_not_405",
     "The server answers 405 for other methods, with GET and HEAD in the field Allow."},
    {"server.answers_mixed_up", "Each of several requests at once gets its own answer."},
    {"server.hold_refused", "An answer can be held while the client waits for it."},
    {"server.held_answer_lost", "An answer that is held is the one that is given at last."},
    {"server.hold_ended", "The end of a hold is not called while the client waits, nor after the "
                          "answer."},
    {"server.threw", "Neither get() nor a responder throws."},

    {"resolver.called_inside", "The handler is not called from inside async_resolve()."},
    {"resolver.called_twice", "The handler is not called a second time."},
    {"resolver.never_called", "The handler is called when the name service has answered."},
    {"resolver.foreign_error",
     "An error is resolve_failed, resolver_unavailable or local_resources_exhausted."},
    {"resolver.wrong_error", "The error is errc::resolve_failed if there is no such name, and "
                             "errc::resolver_unavailable if the name service cannot answer."},
    {"resolver.empty_answer", "An answer without an error has an address."},
    {"resolver.wrong_addresses", "The addresses are those of the name, each once."},
    {"resolver.wrong_lifetime", "No lifetime is longer than the name service allows."},
    {"resolver.answers_mixed_up", "Each of several look-ups at once gets its own answer."},
    {"resolver.answered_from_memory",
     "A look-up asks the name service again when the lifetime of its last answer has passed."},
    {"resolver.held_up", "Look-ups that do not end do not delay others."},
    {"resolver.end_waited", "The destructor does not wait for a look-up that does not end."},
    {"resolver.called_after_end", "No handler is called when the destructor has returned."},
    {"resolver.handler_kept", "The destructor destroys the handlers that were not called."},
    {"resolver.threw", "No member throws."},
});

/// The name of a rule. A name that is not in the table does not compile.
class rule_name {
public:
    consteval rule_name(const char* name) : text_{name} {
        if (std::none_of(std::begin(rules), std::end(rules),
                         [name](const rule& each) { return each.name == name; }))
            throw "there is no such rule";
    }

    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

    friend constexpr bool operator==(rule_name, rule_name) noexcept = default;

private:
    std::string_view text_;
};

/// The most bytes of an explanation. A longer one is cut, and ends with `...`.
inline constexpr std::size_t explanation_bytes_max = 1200;

/// The most bytes of one value that an explanation quotes, not counting escapes.
inline constexpr std::size_t quoted_bytes_max = 60;

/// A promise that a model has broken.
struct violation {
    std::string_view name;   ///< of the rule
    std::string explanation; ///< what was tried, what was expected, and what happened
};

/// `clock.ended_early: a wait of 40 ms ended after 20 ms`, as a test may print it.
[[nodiscard]] FOREST_DECL std::string to_string(const violation& broken);

} // namespace forest::inline FOREST_FORM::sim::conformance

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/impl/rules.ipp>
#endif

#endif
