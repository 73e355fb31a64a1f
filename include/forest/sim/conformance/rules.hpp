// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_RULES_HPP
#define FOREST_SIM_CONFORMANCE_RULES_HPP

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

// What the policies promise and no type system can check, promise by promise. Each has the name of
// the fault of a model that breaks it, so that a failed test says what is wrong.

namespace forest::sim::conformance {

/// A promise, and how the battery calls the fault of whoever breaks it.
struct rule {
    std::string_view name;    ///< `policy.fault`
    std::string_view promise; ///< a sentence
};

/// Every promise that is checked; docs/reference/conformance.md lists them.
inline constexpr auto rules = std::to_array<rule>({
    {"clock.went_back", "steady_now() never answers less than it has answered before."},
    {"clock.called_inside", "No handler is called from inside async_wait()."},
    {"clock.called_inside_cancel", "No handler is called from inside cancel()."},
    {"clock.wrong_context", "Every handler runs on the execution context."},
    {"clock.overlapped", "No handler begins before another one has returned."},
    {"clock.ended_early",
     "No wait ends before its delay has passed on steady_now(), however long the delay is."},
    {"clock.never_ended",
     "Every wait ends, also with a delay of 0 or less, or asked in a handler."},
    {"clock.ended_twice", "No handler is called twice."},
    {"clock.wrong_order",
     "Waits that end at the same moment end in the order in which they were asked for."},
    {"clock.wrong_error", "A wait that was not cancelled ends without an error."},
    {"clock.cancel_left_pending", "cancel() ends all pending waits of the clock."},
    {"clock.cancel_wrong_error", "What cancel() ends, ends with errc::operation_canceled."},
    {"clock.cancel_reached_later", "What is asked for after cancel() is not cancelled."},
    {"clock.cancel_reached_others", "cancel() ends no wait of another clock or of a copy."},
    {"clock.lost_in_move", "A clock that is moved takes its pending waits with it."},
    {"clock.threw", "No member throws."},

    {"transport.called_inside", "The handler is not called from inside async_get()."},
    {"transport.called_inside_cancel", "The handler is not called from inside cancel()."},
    {"transport.called_twice", "The handler is not called a second time."},
    {"transport.never_called",
     "The handler is called when the answer has come or the peer is gone."},
    {"transport.beyond_timeout",
     "The handler is called at the latest at the timeout, be the peer silent or slow."},
    {"transport.timed_out_early", "No GET times out before its time."},
    {"transport.wrong_context", "The handler runs on the execution context of the clock."},
    {"transport.cancel_never_ended", "cancel() ends a pending GET."},
    {"transport.cancel_wrong_error", "What cancel() ends, ends with errc::operation_canceled."},
    {"transport.cancel_remembered", "cancel() without a pending GET does nothing, to the next one "
                                    "neither."},
    {"transport.unusable_after",
     "After a GET has ended, in whatever way, the next one works, from inside the handler too."},
    {"transport.foreign_error", "Every error is an errc."},
    {"transport.failure_hidden", "An answer that did not come whole is an error."},
    {"transport.wrong_error", "The error says what happened, as docs/reference/errors.md has it."},
    {"transport.answer_lost", "An answer that came whole is no error, whatever its status."},
    {"transport.target_changed", "The peer is asked for the path and the query of the URL."},
    {"transport.fields_changed",
     "The fields of the request arrive as they are, byte for byte; those of one name in their "
     "order."},
    {"transport.wrong_status", "The reply has the status of the answer."},
    {"transport.wrong_fields", "The reply has the header section of the answer."},
    {"transport.wrong_body", "The reply has the body of the answer, byte for byte."},
    {"transport.reply_dangles", "What the reply points to lives until the handler has returned."},
    {"transport.chunks_not_decoded", "The body is decoded from its transfer coding."},
    {"transport.limit_ignored",
     "An answer beyond the limits of the request is errc::response_too_large."},
    {"transport.limit_too_strict", "An answer that just keeps the limits is accepted."},
    {"transport.kept_connection_used", "A fresh connection is used when one is asked for."},
    {"transport.stale_answer", "The late answer to a request is never given to the next one."},
    {"transport.sent_unasked", "No request is sent that was not asked for."},
    {"transport.lost_in_move", "A transport that is moved takes its pending GET with it."},
    {"transport.threw", "No member throws."},
    {"transport.called_after_throwing", "An async_get() that throws does not call the handler."},

    {"signer.depends_on_history",
     "The fields depend on the request, the time and the secret alone, "
     "not on what was signed before or on when."},
    {"signer.objects_differ", "Two signers with one secret sign alike."},
    {"signer.copy_differs", "A signer that was copied or moved signs as the original did."},
    {"signer.fields_changed",
     "Lines are added behind those that are there, which stay as they are."},
    {"signer.reserved_field", "No field is added that belongs to the transport, and none twice."},
    {"signer.secret_sent", "The secret stands in no field, neither plain nor encoded."},
    {"signer.secret_printed",
     "Neither the secret nor a signature is written to a standard stream."},
    {"signer.secret_told", "No exception has the secret in its message."},
    {"signer.threw", "sign() does not throw when there is room for what it adds."},

    {"backoff.not_positive", "Every delay is greater than 0, for intervals up to "
                             "options::duration_max and up to a million failures."},
    {"backoff.depends_on_history", "A delay depends on the arguments alone."},
    {"backoff.copy_differs", "A copy answers as the original does."},
    {"backoff.threw", "It does not throw."},

    {"server.handler_not_called", "The handler is called for each GET and HEAD of its path."},
    {"server.handler_called_twice", "The handler is called once for each request."},
    {"server.handler_called_for_others",
     "The handler is called for no other path and no other method."},
    {"server.wrong_method", "The handler is told whether it is GET or HEAD."},
    {"server.wrong_path", "The handler is told the path, without the query."},
    {"server.fields_lost",
     "The handler is given the fields of the request, those of one name in their order."},
    {"server.request_dangles", "What the request points to lives until the handler has returned."},
    {"server.received_unset", "The handler is told when the request came, by the wall clock."},
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
    {"server.unknown_path_not_404", "A path that nobody asked for is answered 404 by the server."},
    {"server.other_method_not_405",
     "Other methods are answered 405, with both in the field Allow, by the server."},
    {"server.answers_mixed_up", "Each of several requests at once gets its own answer."},
    {"server.threw", "Neither get() nor a responder throws."},

    {"resolver.called_inside", "The handler is not called from inside async_resolve()."},
    {"resolver.called_twice", "The handler is not called a second time."},
    {"resolver.never_called", "The handler is called when the name service has answered."},
    {"resolver.foreign_error",
     "An error is resolve_failed, resolver_unavailable or local_resources_exhausted."},
    {"resolver.wrong_error",
     "No such name is errc::resolve_failed, and a name service that cannot answer "
     "errc::resolver_unavailable."},
    {"resolver.empty_answer", "There is an address unless there is an error."},
    {"resolver.wrong_addresses", "The addresses are those of the name, each once."},
    {"resolver.wrong_lifetime", "No lifetime is longer than the name service allows."},
    {"resolver.answers_mixed_up", "Each of several look-ups at once gets its own answer."},
    {"resolver.answered_from_memory",
     "A look-up asks the name service anew when its last answer may not be used any more."},
    {"resolver.held_up", "Look-ups that do not end delay no other."},
    {"resolver.end_waited", "The destructor does not wait for a look-up that does not end."},
    {"resolver.called_after_end", "No handler is called when the destructor has returned."},
    {"resolver.handler_kept", "The destructor destroys the handlers that were not called."},
    {"resolver.threw", "No member throws."},
});

/// The name of a rule; one that is not in the table does not compile.
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

/// A promise that a model has broken.
struct violation {
    std::string_view name;   ///< of the rule
    std::string explanation; ///< what was done, what came of it, and what should have
};

/// `clock.ended_early: a wait of 40 ms ended after 20 ms`, as a test may print it.
[[nodiscard]] inline std::string to_string(const violation& of) {
    return std::string{of.name}.append(": ").append(of.explanation);
}

} // namespace forest::sim::conformance

#endif
