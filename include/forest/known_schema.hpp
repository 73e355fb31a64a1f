// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_KNOWN_SCHEMA_HPP
#define FOREST_KNOWN_SCHEMA_HPP

#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/schema_answer.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

// The schema that a datasource has committed to, and the conditional request for a newer one
// (PROTOCOL.md, 3).

namespace forest {

/// Begins with the empty schema. `get` and `source` may be called from any thread, all else on one.
class known_schema {
public:
    /// `bytes_max` bounds what is taken from a server.
    explicit known_schema(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// Never null.
    [[nodiscard]] std::shared_ptr<const schema> get() const {
        const std::lock_guard lock{mutex_};
        return known_;
    }

    [[nodiscard]] schema_source source() const {
        const std::lock_guard lock{mutex_};
        return source_;
    }

    void commit(std::shared_ptr<const schema> to, schema_source from) {
        const std::lock_guard lock{mutex_};
        known_.swap(to);
        source_ = from;
    }

    /// Makes `what` ask for the schema unless it is still the known one. The etag goes out raw,
    /// since some servers compare it so. One that no field can carry is left out, and then the
    /// whole schema comes, which is compared here.
    void prepare(request& what) const {
        what.limits.body_bytes_max = bytes_max_;
        if (conditional())
            (void)what.fields.add("If-None-Match", known_->etag());
    }

    /// An answer for which there is no memory counts as one that is too large.
    [[nodiscard]] schema_answer judge(const reply& answer, wall_time local) const noexcept {
        schema_answer judged{.result = conclude(answer, local)};
        try {
            judged =
                judge_schema(judged.result, answer.fields, answer.body, *known_, conditional());
        } catch (const std::bad_alloc&) {
            judged.result.error = errc::response_too_large;
        }
        return judged;
    }

private:
    // Leaves room for a signature.
    static constexpr std::size_t etag_bytes_max = 1024;

    [[nodiscard]] bool conditional() const noexcept {
        const std::string& etag = known_->etag();
        return !etag.empty() && etag.size() <= etag_bytes_max && is_field_value(etag);
    }

    const std::size_t bytes_max_;
    mutable std::mutex mutex_; // guards what is written below; it is written on one thread only
    std::shared_ptr<const schema> known_ = std::make_shared<const schema>();
    schema_source source_ = schema_source::none;
};

/// What a datasource polls: the health route or, where there is none, the schema (B33). A probe of
/// health_loop.
struct datasource_probe {
    std::shared_ptr<known_schema> schema{};  ///< null: the health route
    std::shared_ptr<schema_answer> latest{}; ///< the last answer, for whoever is told of the check

    void prepare(request& what) const {
        if (schema != nullptr)
            schema->prepare(what);
    }

    /// Keeps the answer, too.
    [[nodiscard]] verdict judge(const reply& answer, wall_time local) noexcept {
        if (schema == nullptr)
            return conclude(answer, local);
        *latest = schema->judge(answer, local);
        return latest->result;
    }
};

} // namespace forest

#endif
