// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_CURL_GET_HPP
#define FOREST_ADAPTERS_CURL_DETAIL_CURL_GET_HPP

#include <forest/adapters/asio/pending_get.hpp>
#include <forest/adapters/curl/detail/curl_context.hpp>
#include <forest/adapters/curl/detail/curl_failure.hpp>
#include <forest/adapters/curl/detail/curl_proxy.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// One GET by libcurl: looks names up, lets libcurl carry the request, and reads the answer.

namespace forest::inline FOREST_FORM::detail {

/// Performs one GET at a time.
class curl_get final : public pending_get, public curl_transfer {
public:
    /// Throws std::bad_alloc, and what the hook of the options throws.
    explicit curl_get(std::shared_ptr<curl_context> context);
    curl_get(const curl_get&) = delete;
    curl_get& operator=(const curl_get&) = delete;
    ~curl_get() override;

    [[nodiscard]] const std::shared_ptr<curl_context>& context() const noexcept { return context_; }

    /// Returns whether a GET has begun whose handler was not called yet.
    [[nodiscard]] bool busy() noexcept;

    [[nodiscard]] bool waits_on_kept_connection() noexcept;

    /// Throws std::bad_alloc.
    void begin(const request& http_request, duration timeout,
               unique_function<void(const reply&)>&& handler);

    void cancel() noexcept;

private:
    // Asks for a name, and is woken on any thread.
    class question final : public name_waiter {
    public:
        explicit question(curl_get& owner) noexcept : owner_{owner} {}
        void answered() noexcept override;

        std::atomic<std::uint64_t> number = 0; // of the latest question; earlier ones are void

    private:
        curl_get& owner_;
    };

    struct list_end {
        void operator()(curl_slist* first) const noexcept { curl_slist_free_all(first); }
    };
    using text_list = std::unique_ptr<curl_slist, list_end>;

    struct handle_end {
        void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
    };

    // What libcurl calls. `self` is the GET.
    static std::size_t on_head(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) noexcept;
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept;
    static int on_request(void* self, char*, char*, int, int) noexcept;

    // Returns whether nothing has arrived on a kept connection, as far as that can be known. Bytes
    // that came before the request, such as a 408, must not be taken for its answer.
    [[nodiscard]] bool is_idle(const std::string& ends) const noexcept;

    // Returns the socket of this transfer that has this port on this side.
    [[nodiscard]] curl_socket_t socket_with(int port) const noexcept;

    static void add_line(text_list& list, const char* line);

    // -- Names --

    [[nodiscard]] curl_host target_host() const;
    void next_name();
    void ask(bool after_failed_connect);
    void resolved(std::uint64_t number) noexcept;
    void use_addresses();
    void unresolved(errc why) noexcept;
    void leave_name() noexcept;
    [[nodiscard]] bool is_lost() const noexcept;
    [[nodiscard]] bool asks_again(const curl_outcome& outcome) noexcept;
    void note_address(bool answered) noexcept;

    // -- The transfer --

    void transfer();
    [[nodiscard]] text_list head_lines() const;
    void set_method();
    [[nodiscard]] bool receive(std::string_view bytes);
    void transferred(CURLcode code) noexcept override;
    [[nodiscard]] curl_outcome outcome_of(CURLcode code) const noexcept;
    [[nodiscard]] std::chrono::microseconds passed_until(CURLINFO moment) const noexcept;
    void take_times() noexcept;
    [[nodiscard]] static bool finds_memory() noexcept;

    // -- Time and the end --

    void woke(clock::time_point now) noexcept override;
    void run_out(clock::time_point now) noexcept;
    void finish(errc why) noexcept;
    void stop_transfer() noexcept;
    std::vector<char> take_answer(reply& answer) noexcept override;
    void give_back(std::vector<char>& memory) noexcept override;

    static constexpr std::size_t buffer_bytes_kept = std::size_t{128} * 1024;

    const std::shared_ptr<curl_context> context_;
    const std::unique_ptr<CURL, handle_end> handle_;
    bool transferring_ = false;
    std::uint64_t lacking_before_ = 0;

    question question_{*this};
    std::vector<curl_host> hosts_; // whose addresses libcurl needs
    std::size_t host_ = 0;         // the one that is being looked up
    clock::time_point asked_at_;
    clock::time_point patient_until_; // of a question that can be done without
    bool asking_ = false;
    bool has_last_good_ = false;
    bool from_memory_ = false; // all addresses are older than this GET
    bool asked_again_ = false;
    errc refusal_{};                    // why no connection was made with the first addresses
    std::vector<std::string> resolved_; // the lines that give libcurl the addresses
    std::vector<std::string> outdated_; // the lines that remove those of the GET before

    text_list lines_;
    text_list addresses_;
    response_parser parser_;
    std::vector<char> buffer_;
    std::size_t received_ = 0;
    std::string trailers_; // of HTTP/2
    unsigned sockets_opened_ = 0;
    std::vector<curl_socket_t> opened_; // in this transfer
    int socket_error_ = 0;
    bool sent_ = false;        // the request, once
    bool over_kept_ = false;   // it went over a kept connection
    bool sends_again_ = false; // libcurl was about to send it a second time
    errc broken_{};            // why this side has ended the transfer
    char error_text_[CURL_ERROR_SIZE] = {};
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/detail/impl/curl_get.ipp>
#endif

#endif
