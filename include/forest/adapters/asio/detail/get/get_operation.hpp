// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_GET_OPERATION_HPP

#include <forest/adapters/asio/detail/get/message_stream.hpp>
#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// One GET over one connection: connect, TLS, send, receive. Its I/O backend decides how it waits
// and from which threads it may be called.

namespace forest::inline FOREST_FORM::detail {

template <typename Io>
class get_operation final : public message_stream<Io> {
public:
    using base = message_stream<Io>;

    /// Takes the arguments of the I/O backend's constructor.
    template <typename... Arguments>
    explicit get_operation(Arguments&&... arguments)
        : base{std::forward<Arguments>(arguments)...} {}

    // A GET that cannot begin because of a lack of memory ends with `local_resources_exhausted`.
    // Throws std::bad_alloc only if the previous GET was cancelled and its handler was not called
    // yet.
    void get(const request& http_request, duration timeout,
             unique_function<void(const reply&)> handler) {
        auto held = acquire();
        assert(!handler_); // One GET at a time.
        if (!ending_)
            ending_.reset(new ending);
        http_request_ = &http_request;
        start(timeout);
        handler_ = std::move(handler);
        try {
            begin(held);
        } catch (const std::bad_alloc&) {
            end_unanswered(held, errc::local_resources_exhausted);
        } catch (...) {
            stop_waiting();
            close();
            handler_.reset();
            throw;
        }
    }

    // Ends a GET that cannot begin, with `why`.
    void refuse(errc why, unique_function<void(const reply&)> handler) {
        auto held = acquire();
        handler_ = std::move(handler);
        end_unanswered(held, why);
    }

    // Destructors call this.
    void cancel() noexcept {
        auto held = acquire();
        if (handler_)
            return end_unanswered(held, errc::operation_canceled);
        close();
        stop_waiting();
    }

private:
    // The end of a GET. It is allocated before the GET begins, so that ending needs no memory.
    struct ending final : serial_task {
        unique_function<void(const reply&)> handler;
        reply result;
        get_operation* home = nullptr; // gets this object back; null: it may be destroyed first
        std::uint64_t number = 0;

        void perform() override {
            detail::owner<ending> self{this};
            get_operation* const owner = std::exchange(home, nullptr);
            const std::uint64_t finished = number;
            auto function = std::move(handler);
            const reply answer = result;
            if (owner != nullptr)
                owner->take_back(std::move(self));
            else
                self.reset();
            function(answer);
            if (owner != nullptr)
                owner->release_large_buffers(finished);
        }

        void abandon() noexcept override { delete this; }
    };

    using base::acquire;
    using base::call;
    using base::call_again;
    using base::close;
    using base::connections_opened_;
    using base::deadline_;
    using base::fail_later;
    using base::is_idle;
    using base::keep;
    using base::post;
    using base::resets;
    using base::reuses;
    using base::run;
    using base::socket;
    using base::start;
    using base::started_;
    using base::stop_waiting;
    using base::take_kept;
    using base::timings_;
    using base::tls;
    using base::wait_until;
    using typename base::clock;
    using typename base::lock;

    // Nothing in this function may call the handler.
    void begin(lock& held) {
        write_head();
        reused_ = take_kept(http_request_->target, started_) && !http_request_->fresh_connection &&
                  is_idle();
        if (!reused_)
            close();
        parser_.reset(http_request_->limits);
        received_ = 0;
        if (request_size_ == 0)
            return fail_later(errc::header_too_large);
        if (!reused_)
            return call(held, http_request_->target, head());
        wait_until(deadline_);
        // A kept session may be unable to send now. A new connection is able to send.
        if (!call_again(held, head()))
            replace(held);
    }

    void write_head() {
        const auto write = [this] {
            return write_request(request_, "GET", http_request_->target, http_request_->fields,
                                 reuses());
        };
        if (request_.empty())
            request_.resize(request_bytes_min);
        request_size_ = write();
        if (request_size_ == 0 && request_.size() < request_bytes_max) {
            request_.resize(request_bytes_max);
            request_size_ = write();
        }
    }

    [[nodiscard]] std::string_view head() const noexcept {
        return {request_.data(), request_size_};
    }

    void failed(lock& held, errc why) override { finish(held, why, clock::now()); }

    void sent(clock::time_point moment) override { sent_ = moment; }

    step_result received(lock& held, std::error_code ec, std::size_t count) override {
        const auto now = clock::now();
        if (count > 0 && !timings_.first_byte)
            timings_.first_byte = now - sent_;
        if (ec && reused_ && !parser_.started()) {
            // The server has closed the kept connection. That is no failure: a new one is tried.
            replace(held);
            return step_result::wait;
        }
        if (ec && ec != asio::error::eof) {
            finish(held, stream_error(ec), now);
            return step_result::done;
        }
        if (ec)
            parser_.finish();
        else
            received_ = parser_.parse({buffer_.data(), received_ + count});
        if (!parser_.done())
            return step_result::go_on;
        finish(held, parser_.error(), now);
        return step_result::done;
    }

    void replace(lock& held) {
        reused_ = false;
        call(held, http_request_->target, head());
    }

    void finish(lock& held, std::error_code error, clock::time_point now) {
        stop_waiting();
        if (error) {
            close();
        } else if (!leave(now)) {
            if (resets())
                socket().socket.reset_when_closed();
            close();
        }
        timings_.total = now - started_;
        const std::span<const char> data{buffer_.data(), received_};
        ending& end = *ending_.release();
        end.handler = std::move(handler_);
        end.result = {.error = error,
                      .status = parser_.status(),
                      .fields = parser_.fields(data),
                      .body = error ? std::string_view{} : parser_.body(data),
                      .timings = timings_,
                      .connections_opened = connections_opened_};
        end.home = this;
        end.number = ++finished_;
        run(held, end);
    }

    // Like `finish`, but never calls the handler during this call.
    void end_unanswered(lock& held, errc why) noexcept {
        stop_waiting();
        close();
        ending& end = *ending_.release();
        end.handler = std::move(handler_);
        end.result = {};
        end.result.error = why;
        end.result.connections_opened = connections_opened_;
        post(held, end);
    }

    void short_of_memory(lock& held) override {
        finish(held, errc::local_resources_exhausted, clock::now());
    }

    void take_back(detail::owner<ending> used) noexcept {
        const auto held = acquire();
        if (!ending_)
            ending_ = std::move(used);
    }

    // Keeps the parts that later GETs may use. Returns whether the connection itself is kept.
    bool leave(clock::time_point now) noexcept try {
        if (socket().tls && !reused_)
            tls().keep(http_request_->target, *socket().tls);
        return reuses() && parser_.keep_alive() && keep(http_request_->target, now);
    } catch (const std::bad_alloc&) {
        return false;
    }

    // A schema of megabytes comes once a day, so its memory is freed after the GET. But if the
    // handler has begun another GET, that GET uses the memory. That GET may even have ended, with a
    // handler that was not called yet.
    void release_large_buffers(std::uint64_t finished) {
        std::vector<char> answer; // assigning an empty one would keep the memory
        std::vector<char> request;
        const auto held = acquire();
        if (handler_ || finished != finished_)
            return;
        if (buffer_.size() > base::buffer_bytes_kept)
            buffer_.swap(answer);
        if (request_.size() > base::buffer_bytes_kept)
            request_.swap(request);
    }

    std::span<char> free_space() override {
        if (received_ == buffer_.size())
            buffer_.resize(std::max<std::size_t>(buffer_bytes_min, 2 * buffer_.size()));
        return std::span{buffer_}.subspan(received_);
    }

    static constexpr std::size_t buffer_bytes_min = 4096;
    static constexpr std::size_t request_bytes_min = 1024; // for a URL of usual length

    unique_function<void(const reply&)> handler_;
    detail::owner<ending> ending_{new ending};
    const request* http_request_ = nullptr;
    bool reused_ = false;
    std::vector<char> request_;
    std::size_t request_size_ = 0;
    clock::time_point sent_;
    std::vector<char> buffer_;
    std::size_t received_ = 0;
    std::uint64_t finished_ = 0; // the number of GETs that have ended
    response_parser parser_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
