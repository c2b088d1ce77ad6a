// SPDX-License-Identifier: Apache-2.0
//
// What this runtime says it has. A claim is honest: the extension is built, it is not switched
// off, and this kernel can give what it needs.

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CLAIMS_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CLAIMS_H_

#include <string_view>

namespace lxcspec::runtime {

// Names of extensions, separated by commas, that this process is to do without: neither claimed
// nor working. Read at each question, so that a test can set it.
inline constexpr char kDisableVariable[] = "LXCSPEC_DISABLE";

// Whether the extension is not switched off; it may still be one that this kernel has no use of.
bool IsSwitchedOn(std::string_view extension);

// Whether lxc_has_api_extension() answers true.
bool IsClaimed(std::string_view extension);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CLAIMS_H_
