// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_UNIQUE_FUNCTION_HPP
#define FOREST_CORE_DETAIL_CONTAINER_UNIQUE_FUNCTION_HPP

#include <forest/form.hpp>

#include <cassert>
#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

// A replacement for std::function, which copies its callable and puts a captured shared_ptr on the
// heap. A handler is moved and called once, and must not allocate in each check (B18). So this
// class stores up to 48 bytes of any movable callable inline.

namespace forest::inline FOREST_FORM::detail {

template <typename Signature>
class unique_function;

// Returns whether `callable` is a null pointer, or an empty object of std::function or of a similar
// type.
template <typename Callable>
[[nodiscard]] bool calls_nothing(const Callable& callable) noexcept {
    if constexpr (std::is_pointer_v<Callable> || std::is_member_pointer_v<Callable>)
        return callable == nullptr;
    else if constexpr (std::is_constructible_v<Callable, std::nullptr_t> &&
                       requires { static_cast<bool>(callable); })
        return !static_cast<bool>(callable);
    else
        return false;
}

/// A move-only callable. Callables of up to `inline_bytes` that move without throwing are kept
/// inline, others on the heap. It is empty when it is made from nothing, from a null pointer or
/// from an empty std::function. A call of an empty one fails an assertion.
template <typename Result, typename... Args>
class unique_function<Result(Args...)> {
public:
    static constexpr std::size_t inline_bytes = 48;

    unique_function() noexcept = default;
    unique_function(std::nullptr_t) noexcept {}

    template <typename Callable>
        requires(!std::same_as<std::remove_cvref_t<Callable>, unique_function> &&
                 std::is_invocable_r_v<Result, std::decay_t<Callable>&, Args...>)
    unique_function(Callable&& callable) {
        using stored = std::decay_t<Callable>;
        if (detail::calls_nothing<stored>(callable))
            return;
        if constexpr (fits_inline<stored>) {
            ::new (static_cast<void*>(storage_)) stored(std::forward<Callable>(callable));
            operations_ = &inline_operations<stored>;
        } else {
            ::new (static_cast<void*>(storage_))
                stored*(new stored(std::forward<Callable>(callable)));
            operations_ = &heap_operations<stored>;
        }
    }

    unique_function(unique_function&& other) noexcept { take(other); }

    unique_function& operator=(unique_function&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }

    ~unique_function() { reset(); }

    Result operator()(Args... args) {
        assert(operations_ != nullptr);
        return operations_->call(storage_, std::forward<Args>(args)...);
    }

    explicit operator bool() const noexcept { return operations_ != nullptr; }

    /// Returns the stored function if it is a `Stored`; otherwise null.
    template <typename Stored>
    [[nodiscard]] const Stored* target() const noexcept {
        if constexpr (fits_inline<Stored>) {
            return operations_ == &inline_operations<Stored>
                       ? std::launder(reinterpret_cast<const Stored*>(storage_))
                       : nullptr;
        } else {
            return operations_ == &heap_operations<Stored>
                       ? *std::launder(reinterpret_cast<Stored* const*>(storage_))
                       : nullptr;
        }
    }

    void reset() noexcept {
        if (const operations* old = std::exchange(operations_, nullptr))
            old->destroy(storage_);
    }

private:
    struct operations {
        Result (*call)(void*, Args&&...);
        void (*relocate)(void* source,
                         void* destination) noexcept; // moves, then destroys the source
        void (*destroy)(void*) noexcept;
    };

    template <typename Stored>
    static constexpr bool fits_inline =
        sizeof(Stored) <= inline_bytes && alignof(Stored) <= alignof(std::max_align_t) &&
        std::is_nothrow_move_constructible_v<Stored>;

    template <typename Stored>
    static Stored& as(void* storage) noexcept {
        return *std::launder(static_cast<Stored*>(storage));
    }

    // These are named functions, not lambdas. Lambdas in the initialiser of a static member are
    // numbered in the order of instantiation, and this order differs between translation units.

    template <typename Stored>
    static Result call_inline(void* storage, Args&&... args) {
        return as<Stored>(storage)(std::forward<Args>(args)...);
    }

    template <typename Stored>
    static void relocate_inline(void* source, void* destination) noexcept {
        ::new (destination) Stored(std::move(as<Stored>(source)));
        as<Stored>(source).~Stored();
    }

    template <typename Stored>
    static void destroy_inline(void* storage) noexcept {
        as<Stored>(storage).~Stored();
    }

    template <typename Stored>
    static Result call_on_heap(void* storage, Args&&... args) {
        return (*as<Stored*>(storage))(std::forward<Args>(args)...);
    }

    template <typename Stored>
    static void relocate_on_heap(void* source, void* destination) noexcept {
        ::new (destination) Stored*(as<Stored*>(source));
    }

    template <typename Stored>
    static void destroy_on_heap(void* storage) noexcept {
        delete as<Stored*>(storage);
    }

    template <typename Stored>
    static constexpr operations inline_operations{&call_inline<Stored>, &relocate_inline<Stored>,
                                                  &destroy_inline<Stored>};

    template <typename Stored>
    static constexpr operations heap_operations{&call_on_heap<Stored>, &relocate_on_heap<Stored>,
                                                &destroy_on_heap<Stored>};

    void take(unique_function& other) noexcept {
        operations_ = std::exchange(other.operations_, nullptr);
        if (operations_ != nullptr)
            operations_->relocate(other.storage_, storage_);
    }

    alignas(std::max_align_t) std::byte storage_[inline_bytes];
    const operations* operations_ = nullptr;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
