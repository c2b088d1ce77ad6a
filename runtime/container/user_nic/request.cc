// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/user_nic/request.h"

#include <cerrno>
#include <climits>

#include "runtime/base/text.h"
#include "runtime/kernel/netlink/link.h"

namespace lxcspec::runtime {
namespace {

enum Place : size_t { kAction, kLxcpath, kName, kWhere, kType, kBridge, kDevice };
constexpr char kFirstDevice[] = "eth0";

}  // namespace

Result<NicRequest> ParseNicRequest(std::span<const std::string> words) {
  constexpr char kUsage[] =
      "usage: lxc-user-nic create LXCPATH NAME PID veth BRIDGE [DEVICE]\n"
      "       lxc-user-nic delete LXCPATH NAME NETWORK veth BRIDGE DEVICE";
  if (words.size() <= kBridge || words.size() > kDevice + 1) return Failure(EINVAL, kUsage);
  NicRequest request{.bridge = words[kBridge]};
  const bool has_device = words.size() > kDevice;
  if (words[kAction] == "delete" && has_device) {
    request.action = NicAction::kDelete;
  } else if (words[kAction] != "create") {
    return Failure(EINVAL, kUsage);
  }
  if (words[kType] != kNicType) return Failure(ENOTSUP, "only veth may be asked for");
  TRY(CheckLinkName(request.bridge));
  request.device = has_device ? words[kDevice] : kFirstDevice;
  TRY(CheckLinkName(request.device));
  if (request.action == NicAction::kDelete) return request;
  const auto process = ParseUnsigned(words[kWhere]);
  if (!process || *process == 0 || *process > INT_MAX) {
    return Failure(EINVAL, "the process is no number of one");
  }
  request.process = static_cast<pid_t>(*process);
  return request;
}

}  // namespace lxcspec::runtime
