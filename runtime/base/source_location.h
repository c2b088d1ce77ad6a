// SPDX-License-Identifier: Apache-2.0
//
// Where in the source a call was written.

#ifndef LXCSPEC_RUNTIME_BASE_SOURCE_LOCATION_H_
#define LXCSPEC_RUNTIME_BASE_SOURCE_LOCATION_H_

#include <experimental/source_location>

namespace lxcspec::runtime {

// As a default argument, `SourceLocation::current()` is the caller's place: Library Fundamentals
// TS 2, reflection.src_loc. Not that of std, which Clang before 15 lacks with this library, and
// with it whatever is built on Clang: clang-tidy, mutants, fuzz targets.
using SourceLocation = std::experimental::source_location;

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_BASE_SOURCE_LOCATION_H_
