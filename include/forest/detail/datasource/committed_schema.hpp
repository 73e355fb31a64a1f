// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_COMMITTED_SCHEMA_HPP
#define FOREST_DETAIL_DATASOURCE_COMMITTED_SCHEMA_HPP

#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/detail/logic/schema_settling.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

// The schema that a datasource has accepted, and the conditional request for a newer one
// (PROTOCOL.md, 3).

namespace forest::inline FOREST_FORM::detail {

/// Begins with the empty schema. `get` and `source` may be called from any thread, all other
/// members from one thread at a time.
class committed_schema {
public:
    /// The condition of a request; `read` needs it to understand a 304.
    using condition = std::uint64_t;

    /// `bytes_max` bounds the size of a schema from a server. If a server sends a content that was
    /// the known one before, the content is not accepted before `settle` has passed (B36: a replica
    /// may be behind).
    committed_schema(std::size_t bytes_max, duration settle)
        : bytes_max_{bytes_max}, contents_{settle} {}

    /// Never null.
    [[nodiscard]] std::shared_ptr<const schema> get() const;

    [[nodiscard]] schema_source source() const;

    /// Sets the known schema. `next` has this content, and came from `source`.
    void commit(std::shared_ptr<const schema> next, std::string content, schema_source source,
                steady_time now) noexcept;

    /// Makes a request conditional: the server sends the schema only if its content is not the
    /// known one. The request has the etag that came last with the known content. The etag has no
    /// quotes, because some servers compare it in this form. An etag that a header field cannot
    /// carry is left out. Then the server sends the whole schema, and it is compared here.
    [[nodiscard]] condition prepare(request& get) const;

    /// Returns whether the known schema has this content.
    [[nodiscard]] bool has_content(const std::string& content) const noexcept {
        return contents_.known() == content;
    }

    /// Returns whether requests are conditional.
    [[nodiscard]] bool has_etag() const noexcept { return !etag_.empty(); }

    /// Reads the schema from a reply with the verdict `judged` to a request with the condition
    /// `sent`. If there is no memory for the schema, the reply says nothing about the server (B12:
    /// the check is inconclusive).
    [[nodiscard]] schema_answer read(const reply& answer, const verdict& judged,
                                     condition sent) const noexcept;

    /// Returns what to do with an answer that has no error. An etag that came with the known
    /// content is sent from now on.
    [[nodiscard]] settling_action settle(const schema_answer& answer, steady_time now) noexcept;

    /// Frees the contents that are not needed any more.
    void forget(steady_time now) noexcept { contents_.forget(now); }

private:
    // Leaves room for a signature.
    static constexpr std::size_t etag_bytes_max = 1024;

    static constexpr condition unconditional = 0;

    // A schema without an etag does not change the etag: the earlier one came with the same
    // content.
    void remember_etag(const schema& served) noexcept;

    const std::size_t bytes_max_;
    mutable std::mutex mutex_; // guards the next two members; only one thread writes them
    std::shared_ptr<const schema> known_ = std::make_shared<const schema>();
    schema_source source_ = schema_source::none;
    schema_settling contents_;
    std::string etag_;      // the etag to send; empty if there is none
    condition commits_ = 1; // one more than the number of commits so far
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/datasource/impl/committed_schema.ipp>
#endif

#endif
