// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_MAKE_HEALTH_LOOP_HPP
#define FOREST_DETAIL_HEALTH_MAKE_HEALTH_LOOP_HPP

#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <memory>
#include <string_view>

// Declares how a client makes its loop. So a file that uses a client does not compile the loop:
// `health_loop.hpp` has the definitions.

namespace forest::inline FOREST_FORM::detail {

class health_control;

/// Makes a loop from policies. Without `random`, the generator is seeded from the URL and the
/// clock. Throws std::system_error for options or a backoff that are not valid.
template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
[[nodiscard]] std::shared_ptr<health_control>
make_health_loop(Transport transport, Clock clock, Signer signer, Backoff backoff, Probe probe,
                 url target, const options& settings, const random_generator* random);

/// Makes the other policies, too: the transport from the clock, and the signer from `secret`.
template <typename Transport, typename Clock, typename Signer, typename Backoff, typename Probe>
[[nodiscard]] std::shared_ptr<health_control> make_health_loop(Clock clock, std::string_view secret,
                                                               url target, const options& settings);

} // namespace forest::inline FOREST_FORM::detail

#endif
