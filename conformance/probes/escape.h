// SPDX-License-Identifier: Apache-2.0
//
// Bytes in a command line that cannot carry all of them.

#ifndef LXCSPEC_CONFORMANCE_PROBES_ESCAPE_H_
#define LXCSPEC_CONFORMANCE_PROBES_ESCAPE_H_

#include <optional>
#include <string>
#include <string_view>

namespace lxcspec {

// Replaces \n, \r, \t, \\ and \xHH (two hexadecimal digits) by the bytes they stand for. Nothing
// for any other backslash.
std::optional<std::string> Unescape(std::string_view text);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_PROBES_ESCAPE_H_
