// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_INTEROP_SCRIPTED_AGENT_HPP
#define FOREST_TESTS_INTEROP_SCRIPTED_AGENT_HPP

#include "dialects.hpp"

#include <adapters/support/bad_peer.hpp>

#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/timestamp.hpp>

#include <fcntl.h>

#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// An agent that speaks a dialect over blocking sockets. It checks each signature as that agent
// does. So a client that is served has signed in a form that the agent understands.

namespace forest::test {

/// A request as it came, and what became of it.
struct seen_request {
    std::string text; ///< request line and fields, with the empty line
    int connection = 0;
    int status = 0; ///< of the answer; 0 when the test had given one

    [[nodiscard]] field_view fields() const {
        return field_view{std::string_view{text}.substr(text.find('\n') + 1)};
    }

    [[nodiscard]] std::string field(std::string_view name) const {
        return std::string{fields().find(name).value_or("")};
    }

    [[nodiscard]] std::string path() const { return text.substr(4, text.find(' ', 4) - 4); }
};

/// Serves as many connections at a time as there are. All members may be called from any thread.
class scripted_agent {
public:
    scripted_agent(dialect spoken, std::string_view secret, std::string schema)
        : spoken_{std::move(spoken)}, key_{secret}, schema_{std::move(schema)} {
        peer_.emplace([this](peer_connection& accepted) { take_over(accepted); });
    }

    scripted_agent(const scripted_agent&) = delete;
    scripted_agent& operator=(const scripted_agent&) = delete;

    ~scripted_agent() {
        peer_.reset(); // There are no further conversations from here on.
        for (conversation& each : conversations_) {
            each.connection.interrupt();
            each.thread.join();
        }
    }

    [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(peer_->port()); }
    [[nodiscard]] std::string uri() const { return "http://" + host(); }

    /// Serves another schema, which has no `etag`.
    void change_schema(std::string to) {
        const std::lock_guard lock{mutex_};
        schema_ = std::move(to);
    }

    [[nodiscard]] std::string etag() const {
        const std::lock_guard lock{mutex_};
        return sha1_hex(schema_);
    }

    /// Answers requests for a path in this way, whether signed or not; empty bytes close the
    /// connection. Nothing: as the dialect does.
    void answer_health(std::optional<std::string> bytes) {
        const std::lock_guard lock{mutex_};
        given_health_ = std::move(bytes);
    }
    void answer_schema(std::optional<std::string> bytes) {
        const std::lock_guard lock{mutex_};
        given_schema_ = std::move(bytes);
    }

    /// All requests so far, or those for a path, in the order in which they came.
    [[nodiscard]] std::vector<seen_request> requests(std::string_view path = {}) const {
        const std::lock_guard lock{mutex_};
        std::vector<seen_request> found;
        for (const seen_request& each : requests_) {
            if (path.empty() || each.path() == path)
                found.push_back(each);
        }
        return found;
    }

private:
    struct conversation {
        explicit conversation(int descriptor) : connection{descriptor} {}

        peer_connection connection;
        std::thread thread{};
    };

    // The peer has one connection at a time, and closes it when this returns.
    void take_over(peer_connection& accepted) {
        const int own = ::fcntl(accepted.native_handle(), F_DUPFD_CLOEXEC, 0);
        if (own < 0)
            return;
        conversation& begun = conversations_.emplace_back(own);
        begun.thread = std::thread{
            [this, &begun, number = ++connections_] { talk(begun.connection, number); }};
    }

    void talk(peer_connection& client, int number) {
        for (;;) {
            seen_request asked{.text = client.read_request(), .connection = number};
            if (asked.text.empty())
                break;
            const bool closes = asked.fields().lists("Connection", "close");
            const std::string answer = answer_to(std::move(asked), closes);
            if (answer.empty() || !client.send(answer) || closes || spoken_.hangs_up)
                break;
        }
        client.close();
    }

    std::string answer_to(seen_request asked, bool closes) {
        const std::lock_guard lock{mutex_};
        const bool health = asked.path() == "/forest/health";
        const std::string etag = sha1_hex(schema_);
        const std::optional<std::string>& given = health ? given_health_ : given_schema_;
        const auto answer = [&](int status, const std::string& bytes, std::string_view body) {
            asked.status = status;
            requests_.push_back(asked);
            const std::string connection = closes ? "Connection: close\r\n" : spoken_.kept;
            return filled_in(bytes, connection, etag, body);
        };
        const std::string schema = with_etag_of_dialect(etag);
        if (given)
            return answer(0, *given, schema);
        switch (judge_signature(asked)) {
        case signature::wrong:
            return answer(status_of(spoken_.refused), spoken_.refused, spoken_.refusal);
        case signature::broken: return answer(500, spoken_.broken, spoken_.breakage);
        case signature::right: break;
        }
        if (health)
            return answer(200, spoken_.health, healthy_body);
        const std::string known = asked.field("If-None-Match");
        if (!spoken_.forgets_304 &&
            (known == etag || (spoken_.takes_quoted_etag && known == '"' + etag + '"')))
            return answer(304, spoken_.not_modified, {});
        return answer(200, spoken_.schema, schema);
    }

    enum class signature { right, wrong, broken };

    // As the agent does: names in lower case, signatures as texts.
    signature judge_signature(const seen_request& asked) {
        std::string timestamp = asked.field("x_timestamp");
        std::string claimed = asked.field("x_signature");
        if (spoken_.takes_dashes && timestamp.empty() && claimed.empty()) {
            timestamp = asked.field("x-timestamp");
            claimed = asked.field("x-signature");
        }
        const auto signed_at = parse_timestamp(timestamp);
        if (!signed_at || claimed.empty())
            return signature::wrong;
        const hmac_sha256::hex_digest expected = key_.sign(timestamp);
        if (!spoken_.broken.empty() && claimed.size() != expected.size())
            return signature::broken;
        // What Node allows for the past, which is the narrowest of all.
        constexpr std::chrono::seconds age_max{59};
        const auto age = std::chrono::system_clock::now() - *signed_at;
        const bool in_time = -age_max <= age && age <= age_max;
        return in_time && claimed == std::string_view{expected.data(), expected.size()}
                   ? signature::right
                   : signature::wrong;
    }

    [[nodiscard]] std::string with_etag_of_dialect(const std::string& etag) const {
        if (!spoken_.etag_in_body)
            return schema_;
        return schema_.substr(0, schema_.size() - 1) + R"(,"etag":")" + etag + R"("})";
    }

    static int status_of(const std::string& answer) { return std::stoi(answer.substr(9, 3)); }

    const dialect spoken_;
    mutable std::mutex mutex_; // guards what is below, up to the conversations
    hmac_sha256 key_;
    std::string schema_;
    std::optional<std::string> given_health_;
    std::optional<std::string> given_schema_;
    std::vector<seen_request> requests_;
    std::list<conversation> conversations_; // those begin on the peer's thread only
    int connections_ = 0;
    std::optional<bad_peer> peer_;
};

} // namespace forest::test

#endif
