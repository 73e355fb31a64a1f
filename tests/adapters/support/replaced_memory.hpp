// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_REPLACED_MEMORY_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_REPLACED_MEMORY_HPP

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// The memory functions of the whole binary, replaced below operator new, at malloc, because Asio
// and OpenSSL go there directly: allocations are counted for a thread that asks for it, and fail
// for a thread that asks for that, as in the tests of SQLite. Weak, because several files of one
// binary include this. Sanitizers replace malloc themselves.

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOREST_TEST_MALLOC_IS_TAKEN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define FOREST_TEST_MALLOC_IS_TAKEN
#endif

namespace forest::test {

// Volatile, because compilers assume that an allocation reads and writes nothing of the program's.
inline thread_local volatile bool counting = false;
inline thread_local volatile std::size_t allocations = 0;

/// Memory that runs out at chosen allocations. Only threads that are `subject` to that fail, so
/// that the test, its peers and its callbacks do not.
namespace scarcity {

inline thread_local volatile bool subject = false;
inline std::atomic<std::int64_t> number{0}; // allocations of subject threads so far
inline std::atomic<std::int64_t> first{0};  // the number of the first that fails; 0 for none
inline std::atomic<std::int64_t> last{0};   // and of the last
inline std::atomic<std::int64_t> failed{0};
inline thread_local volatile bool tracked = false;
inline std::atomic<std::int64_t> live{0}; // what tracked threads allocated, less what they freed

inline bool fails() noexcept {
    if (!subject || first.load(std::memory_order_relaxed) == 0)
        return false;
    const std::int64_t mine = ++number;
    if (mine < first || mine > last)
        return false;
    ++failed;
    return true;
}

/// Whether allocations of this thread may fail, from construction to destruction.
class scope {
public:
    explicit scope(bool may_fail) noexcept : before_{subject} { subject = may_fail; }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope() { subject = before_; }

private:
    bool before_;
};

} // namespace scarcity

} // namespace forest::test

#ifndef FOREST_TEST_MALLOC_IS_TAKEN

namespace forest::test::detail {

inline bool note_allocation() noexcept {
    if (counting)
        allocations = allocations + 1;
    if (!scarcity::fails())
        return true;
    errno = ENOMEM;
    return false;
}

inline void* note_result(void* block) noexcept {
    if (block != nullptr && scarcity::tracked)
        scarcity::live.fetch_add(1, std::memory_order_relaxed);
    return block;
}

} // namespace forest::test::detail

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

__attribute__((weak)) void* malloc(std::size_t bytes) noexcept {
    using namespace forest::test::detail;
    return note_allocation() ? note_result(__libc_malloc(bytes)) : nullptr;
}

__attribute__((weak)) void* calloc(std::size_t count, std::size_t bytes) noexcept {
    using namespace forest::test::detail;
    return note_allocation() ? note_result(__libc_calloc(count, bytes)) : nullptr;
}

__attribute__((weak)) void* realloc(void* old, std::size_t bytes) noexcept {
    using namespace forest::test::detail;
    if (!note_allocation())
        return nullptr;
    return old == nullptr ? note_result(__libc_malloc(bytes)) : __libc_realloc(old, bytes);
}

__attribute__((weak)) void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    using namespace forest::test::detail;
    return note_allocation() ? note_result(__libc_memalign(alignment, bytes)) : nullptr;
}

__attribute__((weak)) void free(void* block) noexcept {
    if (block == nullptr)
        return;
    if (forest::test::scarcity::tracked)
        forest::test::scarcity::live.fetch_sub(1, std::memory_order_relaxed);
    __libc_free(block);
}
}

#endif

#endif
