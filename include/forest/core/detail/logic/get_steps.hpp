// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_GET_STEPS_HPP
#define FOREST_CORE_DETAIL_LOGIC_GET_STEPS_HPP

#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <cstdint>

// The inputs and the actions of a get_machine.

namespace forest::inline FOREST_FORM::detail {

/// The most addresses that one GET tries: two answers of a name service.
inline constexpr unsigned get_addresses_max = 32;

/// The number of a kept connection, where that of an address is expected.
inline constexpr std::uint8_t kept_connection = get_addresses_max;

/// What a GET has to know before it begins.
struct get_plan {
    duration timeout{};
    /// How long a GET waits for a look-up that it can do without.
    duration patience{};
    /// The number of addresses that the URL itself gives. 0: it has a name, which is looked up.
    std::uint8_t addresses = 0;
    bool encrypted = false;
    /// There is a kept connection to this origin, and it may be used.
    bool kept = false;
    /// Nothing is sent: a connection that is made is the answer.
    bool connects_only = false;
};

enum class get_input_kind : std::uint8_t {
    // Replies to `resolve` and `resolve_again`. The first and the last also come while the machine
    // waits, after `resolving`.
    resolved,   ///< `count` addresses are known
    resolving,  ///< the look-up is under way; `count` last good addresses may be used instead
    unresolved, ///< there are no addresses, for the reason `error`

    // Replies to `connect` and `try_again`.
    connecting, ///< the attempt is under way
    connected,  ///< the connection is made; `complete`: the whole request is sent, too
    refused,    ///< the attempt has failed with `error`, and is closed

    // Replies to `handshake`, `send` and `receive`.
    done,    ///< it is complete; for `receive`: the answer is, and `keepable` may be set
    blocked, ///< it goes on when the connection is ready; for `receive`, `some` may be set
    broken,  ///< the connection is of no more use, with `error`; for `receive`, `some` may be set

    performed, ///< the reply to `leave_name`, `close` and `keep`

    // These come while the machine waits.
    ready, ///< the connection `index` may be able to go on
    woke,  ///< the time of the wait has come, or may have come

    canceled, ///< comes at any time: end the GET
};

/// What has happened. An input is the reply to the last action, except those that come during a
/// wait.
struct get_input {
    get_input_kind kind{};
    std::uint8_t index = 0;   ///< of `ready`
    std::uint8_t count = 0;   ///< of addresses
    bool from_memory = false; ///< the addresses are from an earlier answer
    bool complete = false;
    bool keepable = false;
    bool some = false;     ///< the first bytes of the answer have arrived
    bool kept_fits = true; ///< the kept connection leads to one of the addresses
    errc error{};
    duration took{}; ///< how long the connect took
};

enum class get_action_kind : std::uint8_t {
    resolve,       ///< ask for the addresses of the name
    resolve_again, ///< the same, but an answer from memory will not do
    leave_name,    ///< do not wait for the look-up any more
    connect,       ///< begin an attempt to connect to the address `index`
    try_again,     ///< find out whether the attempt `index` has succeeded
    handshake,     ///< make the connection `index` an encrypted one
    send,          ///< send what is left of the request over the connection `index`
    receive,       ///< receive what has arrived over the connection `index`
    wait,          ///< step with `ready`, or with `woke` at `until`, or when a look-up has ended
    keep,          ///< keep the connection `index` for a later GET
    close,         ///< close the connection or the attempt `index`
    done,          ///< the GET has ended: see `result()`
};

struct get_action {
    get_action_kind kind{};
    std::uint8_t index = 0;
    steady_time until{}; ///< of `wait`
};

/// How a GET has ended.
struct get_result {
    /// Whether the answer is complete; otherwise the reason.
    bool answered = false;
    errc error{};
    /// The server has closed the kept connection without an answer. That says nothing about the
    /// server: the request should be sent again, newly signed, over a connection that is not kept.
    bool send_again = false;
    std::uint8_t index = kept_connection; ///< the address that was used last
    unsigned connections_opened = 0;      ///< or tried
    phase_timings timings{};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
