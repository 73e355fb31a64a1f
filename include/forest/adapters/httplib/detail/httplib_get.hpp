// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_DETAIL_HTTPLIB_GET_HPP
#define FOREST_ADAPTERS_HTTPLIB_DETAIL_HTTPLIB_GET_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/pending_get.hpp>
#include <forest/adapters/httplib/detail/httplib_call.hpp>
#include <forest/adapters/httplib/httplib_options.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

// One GET by cpp-httplib: looks the name up, and waits for a call on a thread of the pool.

namespace forest::inline FOREST_FORM::detail {

// The lock of a `pending_get`, made before it.
struct httplib_lock {
    std::mutex mutex;
};

class httplib_get final : private httplib_lock, public pending_get {
public:
    struct arguments {
        asio_serializer serializer;
        asio::any_io_executor threads;
        httplib_options options;
        std::shared_ptr<name_directory> names;
    };

    /// Throws std::system_error(errc::tls_configuration_invalid), or std::bad_alloc.
    explicit httplib_get(arguments made_from);
    ~httplib_get() override;

    [[nodiscard]] std::shared_ptr<httplib_get> another() const;

    [[nodiscard]] bool busy() noexcept;

    void begin(const request& http_request, duration timeout,
               unique_function<void(const reply&)>&& handler);

    void cancel() noexcept;

private:
    // Asks for a name, and is woken on any thread.
    class question final : public name_waiter {
    public:
        explicit question(httplib_get& owner) noexcept : owner_{owner} {}
        void answered() noexcept override;

        std::atomic<std::uint64_t> number = 0; // of the latest question; earlier ones are void

    private:
        httplib_get& owner_;
    };

    void ask();
    void resolved(std::uint64_t number) noexcept;
    void use_addresses();
    void call();
    void called(const std::shared_ptr<httplib_call>& done) noexcept;
    void leave() noexcept;

    void woke(clock::time_point now) noexcept override;
    std::vector<char> take_answer(reply& answer) noexcept override;

    const arguments made_from_;
    question question_{*this};
    bool asking_ = false;
    clock::time_point asked_at_;
    std::shared_ptr<httplib_call> call_; // of the pending GET
    bool has_answer_ = false;            // `call_` has ended
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/httplib/detail/impl/httplib_get.ipp>
#endif

#endif
