// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_SHORTENED_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_SHORTENED_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

// Shows many long names in a narrow column. The parts in which they differ must be visible.

namespace forest::cli {

// Returns for each name the length of the longest beginning that it has in common with any other
// name.
[[nodiscard]] inline std::vector<std::size_t>
shared_beginnings(const std::vector<std::string>& names) {
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t left, std::size_t right) { return names[left] < names[right]; });
    std::vector<std::size_t> shared(names.size());
    std::size_t before = 0; // of the last two that differ
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && names[order[end]] == names[order[begin]])
            ++end;
        std::size_t with_next = 0;
        if (end < order.size()) {
            const std::string& left = names[order[begin]];
            const std::string& right = names[order[end]];
            with_next = static_cast<std::size_t>(
                std::mismatch(left.begin(), left.end(), right.begin(), right.end()).first -
                left.begin());
        }
        for (std::size_t index = begin; index < end; ++index)
            shared[order[index]] = std::max(before, with_next);
        before = with_next;
        begin = end;
    }
    return shared;
}

/// Returns each of `names` in at most `room` characters (at least 5), with `..` for the parts that
/// are left out. The middle is left out if the beginning or the end of a name distinguishes it.
/// Otherwise both sides of the distinguishing part are left out. A scheme that all names have is
/// left out first. Different names stay different, if necessary by their number in the list, `#17`.
[[nodiscard]] inline std::vector<std::string> shortened(const std::vector<std::string_view>& names,
                                                        std::size_t room) {
    constexpr std::string_view dots = "..";
    constexpr std::string_view separators = "/.:-_@?=&%";
    std::vector<std::string> whole{names.begin(), names.end()};
    const auto fits = [room](const auto& name) { return name.size() <= room; };
    if (std::all_of(whole.begin(), whole.end(), fits))
        return whole;

    const std::size_t scheme_end = whole.front().find("://");
    if (scheme_end != std::string::npos) {
        const std::string scheme = whole.front().substr(0, scheme_end + 3);
        const auto has_it = [&](const std::string& name) { return name.rfind(scheme, 0) == 0; };
        if (std::all_of(whole.begin(), whole.end(), has_it))
            for (std::string& name : whole)
                name.erase(0, scheme.size());
    }
    std::vector<std::string> backwards;
    for (const std::string& name : whole)
        backwards.emplace_back(name.rbegin(), name.rend());
    const std::vector<std::size_t> same_begin = shared_beginnings(whole);
    const std::vector<std::size_t> same_end = shared_beginnings(backwards);

    room = std::max<std::size_t>(room, 5);
    std::vector<std::string> result;
    for (std::size_t index = 0; index < whole.size(); ++index) {
        const std::string& name = whole[index];
        const std::size_t kept = room - dots.size();
        const std::size_t tail = same_end[index] + 1; // so much of the end distinguishes it
        const std::size_t head = same_begin[index] + 1;
        if (name.size() <= room) {
            result.push_back(name);
        } else if (std::min(head, tail) <= kept) {
            // If there is room, a part of the other end is kept, too.
            const std::size_t third = kept / 3;
            const std::size_t front =
                tail <= kept ? std::min(kept - tail, third) : std::max(head, kept - third);
            result.push_back(name.substr(0, front) + std::string{dots} +
                             name.substr(name.size() - (kept - front)));
        } else {
            const std::size_t window = room > 2 * dots.size() + 2 ? room - 2 * dots.size() : kept;
            const std::size_t differs = std::min(same_begin[index], name.size() - 1);
            const std::size_t separator = name.find_last_of(separators, differs);
            std::size_t begin = separator == std::string::npos ? 0 : separator + 1;
            if (begin > differs || differs - begin >= window)
                begin = differs - std::min(differs, window / 3);
            begin = std::min(begin, name.size() - window);
            std::string shown = std::string{dots} + name.substr(begin, window);
            if (shown.size() + dots.size() <= room && begin + window < name.size())
                shown += dots;
            result.push_back(std::move(shown));
        }
    }

    std::map<std::string, std::size_t> first_with;
    std::vector<bool> taken(result.size());
    for (std::size_t index = 0; index < result.size(); ++index) {
        const auto [known, is_new] = first_with.try_emplace(result[index], index);
        if (!is_new && whole[known->second] != whole[index])
            taken[index] = taken[known->second] = true;
    }
    for (std::size_t index = 0; index < result.size(); ++index)
        if (taken[index]) {
            const std::string number = "#" + std::to_string(index + 1) + std::string{dots};
            const std::size_t rest = room > number.size() ? room - number.size() : 0;
            result[index] =
                number.substr(0, room) +
                whole[index].substr(whole[index].size() - std::min(rest, whole[index].size()));
        }
    return result;
}

} // namespace forest::cli

#endif
