// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_OWNER_HPP
#define FOREST_CORE_DETAIL_CONTAINER_OWNER_HPP

#include <forest/form.hpp>

#include <type_traits>

// A pointer that frees its object. A std::unique_ptr does the same, but for each type it compiles
// to some 45 functions without optimisation, and this class to eight at most.

namespace forest::inline FOREST_FORM::detail {

/// Owns one object or none. `free` frees it; the default is `delete`.
template <typename T, auto free = nullptr>
class owner {
public:
    owner() noexcept = default;
    explicit owner(T* owned) noexcept : owned_{owned} {}
    owner(owner&& other) noexcept : owned_{other.release()} {}
    owner& operator=(owner&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~owner() { reset(); }

    [[nodiscard]] T* get() const noexcept { return owned_; }
    T* operator->() const noexcept { return owned_; }
    T& operator*() const noexcept { return *owned_; }
    explicit operator bool() const noexcept { return owned_ != nullptr; }

    [[nodiscard]] T* release() noexcept {
        T* const released = owned_;
        owned_ = nullptr;
        return released;
    }

    void reset(T* next = nullptr) noexcept {
        T* const last = owned_;
        owned_ = next;
        if (last == nullptr)
            return;
        if constexpr (std::is_null_pointer_v<decltype(free)>)
            delete last;
        else
            free(last);
    }

private:
    T* owned_ = nullptr;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
