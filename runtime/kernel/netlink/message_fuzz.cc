// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of netlink's answers: any bytes are cut up without leaving them, and what is
// found lies within them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/message.h"

namespace {

using lxcspec::runtime::NetlinkMessage;

void CheckWithin(std::string_view part, std::string_view whole) {
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()) {
    abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view datagram(reinterpret_cast<const char*>(data), size);
  const auto read = lxcspec::runtime::ForEachMessage(datagram, [&](const NetlinkMessage& message) {
    CheckWithin(message.body, datagram);
    for (const auto& [type, value] : lxcspec::runtime::ParseAttributes(message.body, 16)) {
      CheckWithin(value, message.body);
    }
    if (lxcspec::runtime::ParseOutcome(message).code < 0) abort();
    const auto link = lxcspec::runtime::ParseLink(message.body);
    if (link && link->name.find('\0') != std::string::npos) abort();
  });
  static_cast<void>(read);
  return 0;
}
