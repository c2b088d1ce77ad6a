// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the grammar of addresses and prefixes: what is taken is printed so that it is taken again.

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/kernel/netlink/address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lxcspec::runtime::ParseIpPrefix;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int family : {AF_INET, AF_INET6}) {
    const auto prefix = ParseIpPrefix(family, text, 0);
    if (!prefix) continue;
    if (prefix->length > 8 * prefix->address.size()) abort();
    if (ParseIpPrefix(family, prefix->ToString()) != prefix) abort();
  }
  return 0;
}
