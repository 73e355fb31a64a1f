// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEMA_SETTLING_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEMA_SETTLING_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Only decides when a served content is accepted (B36: contents that alternate). During a rolling
// deployment two replicas serve the old content and the new one in turn. The application must not
// reload at each answer.

namespace forest::inline FOREST_FORM::detail {

/// What to do with a served content.
enum class settling_action_kind : std::uint8_t {
    unchanged, ///< nothing: it is the known content
    hold,      ///< nothing yet: it was known a short time ago, and has to come again
    take_over, ///< let the application reload, then `commit` it
};

/// The action for a served content.
struct settling_action {
    settling_action_kind kind = settling_action_kind::unchanged;
    duration again = duration::zero(); ///< the time until the next fetch; 0: not necessary
};

/// The contents of one datasource: the known one, and those that were known shortly before. A
/// content is what `schema_content` returns. A value; not thread-safe.
class schema_settling {
public:
    /// How many contents are remembered, not counting the known one. If a server serves more
    /// contents in turn, the application reloads for each.
    static constexpr std::size_t formers_max = 4;

    /// If a content was the known one within `settle`, it is accepted only under two conditions: it
    /// is served again `settle` later, and the known one is not served in between. With 0 every
    /// content is accepted at once.
    explicit schema_settling(duration settle) noexcept : settle_{settle} {}

    /// Empty before the first commit.
    [[nodiscard]] const std::string& known() const noexcept { return known_; }

    /// The server has served `content`.
    [[nodiscard]] settling_action served(std::string_view content, steady_time now) noexcept;

    /// The server has confirmed the known content. If another content was held, it is dropped.
    /// Because the server serves both contents, another fetch finds out which one stays.
    [[nodiscard]] settling_action served_known() noexcept;

    /// The application has accepted `content`. It is the known one from now on.
    void commit(std::string content, steady_time now) noexcept;

    /// Frees old contents: if they are served again, they count as new.
    void forget(steady_time now) noexcept;

private:
    struct former {
        std::string content{};
        steady_time until{};
    };

    static constexpr std::size_t none = formers_max;

    [[nodiscard]] former* find(std::string_view content) noexcept;

    [[nodiscard]] std::size_t oldest() const noexcept;

    void erase(std::size_t place) noexcept;

    duration settle_;
    std::string known_;
    std::array<former, formers_max> formers_{};
    std::size_t count_ = 0;
    std::size_t held_ = none; // index of the content that may be accepted when served again
    steady_time held_since_{};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/schema_settling.ipp>
#endif

#endif
