// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/user_veth.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/helper_program.h"

namespace lxcspec::runtime {
namespace {

// Where distributions have it.
constexpr char kProgram[] = "/usr/libexec/lxc/lxc-user-nic";

}  // namespace

Status MakeUserVeth(const Networks& networks, const InterfaceRequest& request,
                    MadeInterface& made) {
  const std::string& link = request.plan.link;
  const auto printed = RunHelper({kProgram, "create", networks.lxcpath, networks.name,
                                  fmt::format("{}", networks.init), "veth",
                                  link.empty() ? "none" : link, request.name});
  if (!printed) return Forward(printed.error());
  // <name>:<index>:<name on the host>:<index on the host>
  const std::vector<std::string> words = Words(*printed, ":");
  const auto host_index = words.size() == 4 ? ParseUnsigned(words[3]) : std::nullopt;
  if (!host_index || words[0] != request.name) {
    return Failure(EBADMSG, fmt::format("{} says \"{}\"", kProgram, *printed));
  }
  made.is_users = true;
  made.host_name = words[2];
  made.host_index = static_cast<int>(*host_index);
  return {};
}

}  // namespace lxcspec::runtime
