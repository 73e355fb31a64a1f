// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_SANITIZED_HPP
#define FOREST_TESTS_SUPPORT_SANITIZED_HPP

// g++ defines a macro for each sanitizer, clang has a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOREST_TEST_IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOREST_TEST_IS_SANITIZED true
#endif
#endif
#ifndef FOREST_TEST_IS_SANITIZED
#define FOREST_TEST_IS_SANITIZED false
#endif

namespace forest::test {

/// Whether this is built for ASan or TSan: all is ten times slower, memory is not given back, and
/// a bound of memory cannot be set.
inline constexpr bool sanitized = FOREST_TEST_IS_SANITIZED;

} // namespace forest::test

#endif
