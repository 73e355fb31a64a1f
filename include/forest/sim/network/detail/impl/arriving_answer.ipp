// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_IMPL_ARRIVING_ANSWER_IPP
#define FOREST_SIM_NETWORK_DETAIL_IMPL_ARRIVING_ANSWER_IPP

#include <forest/sim/network/detail/arriving_answer.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL void arriving_answer::depart(link& link, const message_limits& limits) {
    if (link.garbling > 0)
        link.garble(bytes_);
    cut_ = link.resetting + link.truncating > 0;
    if (cut_)
        bytes_.resize(link.cut(bytes_.size()));
    reset_ = link.resetting > 0;
    time_ = link.dripping > 0 ? link.drip : duration::zero();
    pieces_ = link.dripping > 0 ? std::clamp<std::size_t>(bytes_.size(), 1, pieces_max) : 1;
    arrived_ = 0;
    received_.clear();
    parsed_ = 0;
    parser_.reset(limits);
}

FOREST_DECL duration arriving_answer::next_after() const noexcept {
    const duration each = time_ / static_cast<duration::rep>(pieces_);
    return arrived_ + 1 < pieces_ ? each : time_ - each * static_cast<duration::rep>(arrived_);
}

FOREST_DECL bool arriving_answer::parse() {
    const std::size_t end = bytes_.size() * std::min(arrived_, pieces_) / pieces_;
    received_.append(bytes_, parsed_, end - parsed_);
    parsed_ = end;
    received_.resize(parser_.parse(received_));
    if (!parser_.done() && arrived_ < pieces_)
        return false;
    torn_ = !parser_.done() && reset_;
    if (!parser_.done())
        parser_.finish();
    return true;
}

FOREST_DECL reply arriving_answer::result() const {
    reply result;
    if (torn_) {
        result.error = errc::connection_lost;
        return result;
    }
    result.error = parser_.error();
    result.status = parser_.status();
    result.fields = parser_.fields(received_);
    if (!result.error)
        result.body = parser_.body(received_);
    return result;
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
