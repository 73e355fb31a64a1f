// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_LINE_QUEUE_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_LINE_QUEUE_HPP

#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

// Lines that wait for a reader that may pause for hours: it keeps some, leaves out others, and
// informs the reader.

namespace forest::cli {

/// Events for which the reader gets no lines. A notice replaces their first line.
struct left_out {
    std::uint64_t events = 0;
    wall_time first{}; ///< when the first of them happened
    wall_time last{};
    std::string target; ///< of these outages and recoveries; empty: checks of any target
};

/// The most that may wait.
struct line_queue_bounds {
    /// Bytes of lines about single checks. Further lines are left out and counted, until half of
    /// this has been read.
    std::size_t checks_bytes_max = 1024 * 1024;

    /// Bytes of lines about outages and recoveries. Beyond that, only the latest line of each
    /// target is kept, and the earlier ones are counted. So each target needs memory for at most
    /// one more line.
    std::size_t changes_bytes_max = 16 * 1024 * 1024;
};

/// Lines in the order of their events. Not thread-safe.
class line_queue {
public:
    /// Returns the line about the lines that were left out.
    using words = std::function<std::string(const left_out&)>;

    explicit line_queue(words say, line_queue_bounds bounds = {})
        : say_{std::move(say)}, bounds_{bounds} {}

    // A copy would refer to places in the list of the original.
    line_queue(const line_queue&) = delete;
    line_queue& operator=(const line_queue&) = delete;

    /// Adds a line about a single check, unless too many lines wait.
    void add_check(std::string line, wall_time now) {
        leaving_out_ = leaving_out_ ? checks_bytes_ > bounds_.checks_bytes_max / 2
                                    : checks_bytes_ + line.size() > bounds_.checks_bytes_max;
        if (leaving_out_)
            return leave_out(now);
        gap_ = lines_.end();
        checks_bytes_ += line.size();
        push({kind::check, std::move(line), {}, {}, now});
    }

    /// Adds a line about an outage or a recovery. It is left out only if a later one of the same
    /// target waits.
    void add_change(target_id id, std::string_view target, std::string line, wall_time now) {
        if (changes_bytes_ + line.size() <= bounds_.changes_bytes_max) {
            changes_bytes_ += line.size();
            return push({kind::change, std::move(line), {}, {}, now});
        }
        const auto [known, is_new] = latest_.try_emplace(id, lines_.end());
        if (is_new) {
            push({kind::latest, std::move(line), {0, now, now, std::string{target}}, id, now});
            known->second = std::prev(lines_.end());
            return;
        }
        entry& latest = *known->second;
        bytes_ += line.size();
        bytes_ -= latest.line.size();
        if (latest.gap.events == 0)
            latest.gap.first = latest.at;
        latest.gap.last = latest.at;
        ++latest.gap.events;
        latest.line = std::move(line);
        latest.at = now;
        lines_.splice(lines_.end(), lines_, known->second);
    }

    /// Adds any other line. The number of these lines is bounded.
    void add(std::string line) { push({kind::other, std::move(line), {}, {}, {}}); }

    /// Counts an event that gets no line. One notice counts all such events until a check has room
    /// again.
    void leave_out(wall_time now) {
        if (gap_ == lines_.end()) {
            push({kind::gap, {}, {0, now, now, {}}, {}, now});
            gap_ = std::prev(lines_.end());
        }
        ++gap_->gap.events;
        gap_->gap.last = now;
    }

    /// Removes the first lines, as many as have room in `bytes_max`, but at least one. Empty if
    /// none wait.
    std::string take(std::size_t bytes_max) {
        std::string text;
        while (!lines_.empty() &&
               (text.empty() || text.size() + lines_.front().line.size() <= bytes_max)) {
            const entry& next = lines_.front();
            if (next.gap.events > 0)
                text += say_(next.gap);
            text += next.line;
            bytes_ -= next.line.size();
            if (next.of == kind::check)
                checks_bytes_ -= next.line.size();
            if (next.of == kind::change)
                changes_bytes_ -= next.line.size();
            if (next.of == kind::latest)
                latest_.erase(next.id);
            if (gap_ == lines_.begin())
                gap_ = lines_.end();
            lines_.pop_front();
        }
        return text;
    }

    [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    enum class kind : std::uint8_t { check, change, latest, other, gap };

    struct entry {
        kind of;
        std::string line;
        left_out gap;
        target_id id;
        wall_time at{}; // of its event
    };

    using place = std::list<entry>::iterator;

    void push(entry added) {
        bytes_ += added.line.size();
        lines_.push_back(std::move(added));
    }

    words say_;
    line_queue_bounds bounds_;
    std::list<entry> lines_;
    place gap_ = lines_.end(); // the notice that counts the lines that are left out now
    std::unordered_map<target_id, place> latest_;
    std::size_t bytes_ = 0;
    std::size_t checks_bytes_ = 0;
    std::size_t changes_bytes_ = 0;
    bool leaving_out_ = false;
};

} // namespace forest::cli

#endif
