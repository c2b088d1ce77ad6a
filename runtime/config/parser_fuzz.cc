// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the configuration parser: any bytes are refused, or taken and then saved and loaded back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/config/config.h"
#include "runtime/config/parser.h"

// Some lines; more of them take longer and show nothing else.
constexpr size_t kMostInput = 512;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lxcspec::runtime::Config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > kMostInput) return 0;
  // An include reads the machine's files, which are not under test.
  if (text.find("include") != text.npos) return 0;
  Config config;
  if (!lxcspec::runtime::LoadText(text, config)) return 0;
  Config again;
  if (!lxcspec::runtime::LoadText(config.Saved(), again) || !(again == config)) abort();
  return 0;
}
