// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_OPENSSL_AT_EXIT_HPP
#define FOREST_ADAPTERS_OPENSSL_OPENSSL_AT_EXIT_HPP

#include <forest/form.hpp>

// When a program ends, OpenSSL frees its state by a function that it has registered with `atexit`.
// A thread that uses OpenSSL at that moment crashes. This happens in a program that calls
// `std::exit`, or returns from `main`, while a `background` still performs checks.

namespace forest::inline FOREST_FORM {

/// Makes OpenSSL usable until the process has ended: at the end of the program it does not free its
/// state. Call it at the beginning of `main` if threads may use the library while the program ends.
/// The library itself never calls it, because it changes OpenSSL for the whole process.
///
/// From examples/tool/program.hpp:
///     let_signals_end_first_process();
///     keep_openssl_at_exit();
///
/// It has an effect only if nothing has used OpenSSL before in this process, because OpenSSL
/// registers its function at the first use. May be called from any thread, and several times.
FOREST_DECL void keep_openssl_at_exit() noexcept;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/openssl/impl/openssl_at_exit.ipp>
#endif

#endif
