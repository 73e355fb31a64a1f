// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FORM_HPP
#define FOREST_FORM_HPP

// Asio asks once in each file of a program what the standard library has. A file where Asio comes
// first gets another answer, and other functions of the same names, than its neighbours.
#include <version>

// The two forms of the library. In the header-only form, each file of a program compiles what it
// uses. In the compiled form, one file compiles everything: all files are compiled with
// FOREST_SEPARATE_COMPILATION defined, and one of them includes <forest/src.hpp>.

/// The inline namespace of everything in the library. It differs between the forms. So a program
/// whose files were compiled in both forms does not link if they share a type of the library, and
/// the linker's message names the form.
#ifdef FOREST_SEPARATE_COMPILATION
#define FOREST_FORM separate_compilation
#else
#define FOREST_FORM header_only
#endif

/// Before each function that the compiled form compiles once.
#ifdef FOREST_SEPARATE_COMPILATION
#define FOREST_DECL
#else
#define FOREST_DECL inline
#endif

/// Behind FOREST_DECL, for a function that a steady check does not call. The compiler makes it
/// small instead of fast, and needs less time for it.
#if defined(__GNUC__)
#define FOREST_COLD __attribute__((cold))
#else
#define FOREST_COLD
#endif

#endif
