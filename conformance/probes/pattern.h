// SPDX-License-Identifier: Apache-2.0
//
// Output that says of each piece of it where it belongs. The probe writes it, tests compare with
// it.

#ifndef LXCSPEC_CONFORMANCE_PROBES_PATTERN_H_
#define LXCSPEC_CONFORMANCE_PROBES_PATTERN_H_

#include <cstddef>
#include <optional>
#include <string>

namespace lxcspec {

// The first `size` bytes of the decimal numbers from 0 upwards, seven digits and a newline each.
std::string Pattern(size_t size);

// Where in the pattern the piece belongs. Nothing for what is no piece of it or has fewer than 16
// bytes, which may not name one place.
std::optional<size_t> PatternPosition(const std::string& piece);

// `size` bytes that count 0, 1, ... 255, 0, ...
std::string Octets(size_t size);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_PROBES_PATTERN_H_
