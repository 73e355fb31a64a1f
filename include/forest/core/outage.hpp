// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_OUTAGE_HPP
#define FOREST_CORE_OUTAGE_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

// The record of one outage. It is made when the target goes down. It is reported a second time when
// the target is up again. Only its end is new then (B8: both calls carry the same outage).

namespace forest::inline FOREST_FORM {

/// One outage of one target. `on_server_down` and `on_server_up` of the same outage carry the same
/// values; only `ended_after` is set at the recovery. Trivially copyable. You may keep a copy. Its
/// member `target` is a view into the client that reports the outage: the view is valid until that
/// client is destroyed, or until the target is removed from its fleet.
struct outage {
    std::string_view target{};     ///< the URL, like `event::target`; in a datasource the uri
    std::uint64_t id = 0;          ///< counted from 1 for each client; never used twice
    wall_time first_failure{};     ///< the end of the first failed check of the outage
    steady_time first_failed_at{}; ///< the same moment on the steady clock
    int failures = 0;              ///< consecutive failures that made the target down
    std::error_code last_error{};  ///< the error of the failure that reached the threshold
    int last_status = 0;           ///< the HTTP status of that failure; 0 when no answer came
    bool unauthorized =
        false; ///< a 401 or 403 was among the failures, even if it was not the last (B11)
    bool signature_sent = false; ///< the failed check that reached the threshold was signed
    std::optional<std::chrono::seconds>
        clock_skew{}; ///< server minus local clock, if an answer showed one
    std::optional<duration>
        ended_after{}; ///< from the first failure to the recovery; empty while down
};

} // namespace forest::inline FOREST_FORM

#endif
