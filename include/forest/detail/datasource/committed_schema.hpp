// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_COMMITTED_SCHEMA_HPP
#define FOREST_DETAIL_DATASOURCE_COMMITTED_SCHEMA_HPP

#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/detail/logic/schema_settling.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

// The schema that a datasource has committed to, and the conditional request for a newer one
// (PROTOCOL.md, 3).

namespace forest::detail {

/// Begins with the empty schema. `get` and `source` may be called from any thread, all else on one.
class committed_schema {
public:
    /// What a request was made conditional on; `judge` needs it to understand a 304.
    using condition = std::uint64_t;

    /// `bytes_max` bounds what is taken from a server; `settle` is for how long a content that was
    /// the known one is doubted when it is served again (B36).
    committed_schema(std::size_t bytes_max, duration settle)
        : bytes_max_{bytes_max}, contents_{settle} {}

    /// Never null.
    [[nodiscard]] std::shared_ptr<const schema> get() const {
        const std::lock_guard lock{mutex_};
        return known_;
    }

    [[nodiscard]] schema_source source() const {
        const std::lock_guard lock{mutex_};
        return source_;
    }

    /// `content` is that of `next`, which is the known one from now on.
    void commit(std::shared_ptr<const schema> next, std::string content, schema_source from,
                steady_time now) noexcept {
        contents_.commit(std::move(content), now);
        etag_.clear();
        remember_etag(*next);
        ++commits_;
        const std::lock_guard lock{mutex_};
        known_.swap(next);
        source_ = from;
    }

    /// Makes `what` ask for the schema unless its content is still the known one: sends the etag
    /// that came last with that content, raw, since some servers compare it so. One that no field
    /// can carry is left out, and then the whole schema comes, which is compared here.
    [[nodiscard]] condition prepare(request& what) const {
        what.limits.body_bytes_max = bytes_max_;
        if (etag_.empty() || what.fields.add("If-None-Match", etag_))
            return unconditional;
        return commits_;
    }

    /// An answer for which there is no memory says nothing about the server (B12).
    [[nodiscard]] schema_answer judge(const reply& answer, wall_time local,
                                      condition sent) const noexcept {
        schema_answer judged{.result = conclude(answer, local)};
        try {
            judged = judge_schema(judged.result, answer.fields, answer.body, sent != unconditional);
            if (judged.served != nullptr)
                judged.content = judged.served->text() == known_->text()
                                     ? contents_.known()
                                     : schema_content(judged.served->text());
            else
                judged.outdated = sent != commits_;
        } catch (const std::bad_alloc&) {
            judged.served.reset();
            judged.result.error = errc::local_resources_exhausted;
        }
        return judged;
    }

    /// What to do with an answer that has no error. An etag that came with the known content is
    /// sent from now on.
    [[nodiscard]] settling_action settle(const schema_answer& answer, steady_time now) noexcept {
        if (answer.served == nullptr)
            return answer.outdated ? settling_action{} : contents_.served_known();
        const settling_action next = contents_.served(answer.content, now);
        if (next.what == settling_action::kind::unchanged)
            remember_etag(*answer.served);
        return next;
    }

    /// Frees what is not needed any more.
    void forget(steady_time now) noexcept { contents_.forget(now); }

private:
    // Leaves room for a signature.
    static constexpr std::size_t etag_bytes_max = 1024;

    static constexpr condition unconditional = 0;

    // A schema without an etag leaves the one before, which came with the same content.
    void remember_etag(const schema& from) noexcept {
        const std::string& etag = from.etag();
        if (etag.empty() || etag.size() > etag_bytes_max || !is_field_value(etag))
            return;
        try {
            etag_ = etag;
        } catch (const std::bad_alloc&) { // Then the whole schema comes.
            etag_.clear();
        }
    }

    const std::size_t bytes_max_;
    mutable std::mutex mutex_; // guards what is written below; it is written on one thread only
    std::shared_ptr<const schema> known_ = std::make_shared<const schema>();
    schema_source source_ = schema_source::none;
    schema_settling contents_;
    std::string etag_;      // to be sent; empty when there is none that can be
    condition commits_ = 1; // counts them
};

} // namespace forest::detail

#endif
