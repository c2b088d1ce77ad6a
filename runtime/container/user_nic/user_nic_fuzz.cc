// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what lxc-user-nic(1) reads: its arguments, each ended by a NUL, and behind two of them the
// allowlist. What is taken of them has the form that everything behind relies on.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/container/user_nic/allowlist.h"
#include "runtime/container/user_nic/request.h"
#include "runtime/kernel/netlink/link.h"

namespace {

using lxcspec::runtime::Allowance;
using lxcspec::runtime::NicAction;

void CheckRequest(const std::vector<std::string>& words) {
  const auto request = lxcspec::runtime::ParseNicRequest(words);
  if (!request) return;
  if (request->action == NicAction::kCreate && request->process <= 0) abort();
  if (!lxcspec::runtime::CheckLinkName(request->bridge)) abort();
  if (!lxcspec::runtime::CheckLinkName(request->device)) abort();
}

void CheckAllowances(std::string_view text) {
  for (const Allowance& one : lxcspec::runtime::ParseAllowances(text)) {
    for (const std::string* word : {&one.whose, &one.type, &one.bridge}) {
      if (word->empty() || word->find_first_of(" \t\r\n#") != std::string::npos) abort();
    }
    // A line for one allows nothing to another.
    if (IsFor(one, {.id = 1, .name = one.whose + "x", .groups = {}})) abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words;
  while (!rest.empty() && rest.front() != '\0') {
    const size_t end = rest.find('\0');
    words.emplace_back(rest.substr(0, end));
    if (end == rest.npos) {
      rest = {};
      break;
    }
    rest.remove_prefix(end + 1);
  }
  CheckRequest(words);
  if (!rest.empty()) CheckAllowances(rest.substr(1));
  return 0;
}
