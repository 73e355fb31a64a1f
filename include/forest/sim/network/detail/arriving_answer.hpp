// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_ARRIVING_ANSWER_HPP
#define FOREST_SIM_NETWORK_DETAIL_ARRIVING_ANSWER_HPP

#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/link.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

// The bytes of an answer that travel through a simulated network. The network may split them into
// pieces. As in a real transport, a parser reads each piece when it arrives.

namespace forest::inline FOREST_FORM::sim::detail {

/// One answer at a time. Not thread-safe.
class arriving_answer {
public:
    void assign(std::string_view bytes) { bytes_.assign(bytes); }

    /// There is no answer yet. What the last one was stays valid until the next one departs.
    void await() noexcept { arrived_ = 0; }

    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

    /// Sends the answer over `link`, with the current faults of the link.
    void depart(link& link, const message_limits& limits);

    /// Returns the time from the first piece to the last one.
    [[nodiscard]] duration time() const noexcept { return time_; }

    /// Returns the time from the latest piece to the next one. The final piece arrives when all of
    /// `time()` has passed.
    [[nodiscard]] duration next_after() const noexcept;

    /// The next piece arrives. Returns how many pieces have arrived.
    std::size_t arrive() noexcept { return ++arrived_; }

    [[nodiscard]] bool complete() const noexcept { return arrived_ >= pieces_; }

    /// Returns whether a piece has arrived.
    [[nodiscard]] bool started() const noexcept { return arrived_ > 0; }

    /// Parses all bytes that have arrived. Returns whether there is a result.
    [[nodiscard]] bool parse();

    /// Returns whether the connection can be used again after this answer.
    [[nodiscard]] bool keep_alive() const noexcept {
        return !cut_ && !parser_.error() && parser_.keep_alive();
    }

    /// The result; its views are valid until the next answer departs.
    [[nodiscard]] reply result() const;

private:
    static constexpr std::size_t pieces_max = 16;

    std::string bytes_;
    std::string received_; // the bytes that the parser keeps
    forest::detail::response_parser parser_;
    duration time_{};
    std::size_t pieces_ = 1;
    std::size_t arrived_ = 0; // pieces
    std::size_t parsed_ = 0;  // bytes
    bool cut_ = false;        // the connection ends after the last piece
    bool reset_ = false;      // that end is a reset
    bool torn_ = false;       // the connection was reset before the answer was complete
};

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/detail/impl/arriving_answer.ipp>
#endif

#endif
