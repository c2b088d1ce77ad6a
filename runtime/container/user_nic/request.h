// SPDX-License-Identifier: Apache-2.0
//
// What lxc-user-nic(1) is asked for, by arguments that anybody may have made:
//
//     create LXCPATH NAME PID veth BRIDGE [DEVICE]       DEVICE: its name in the container
//     delete LXCPATH NAME NETWORK veth BRIDGE DEVICE     DEVICE: its name on the host
//
// A BRIDGE of `none` is for interfaces that are on none. LXCPATH, NAME and NETWORK are for other
// implementations.

#ifndef LXCSPEC_RUNTIME_CONTAINER_USER_NIC_REQUEST_H_
#define LXCSPEC_RUNTIME_CONTAINER_USER_NIC_REQUEST_H_

#include <sys/types.h>

#include <span>
#include <string>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

enum class NicAction { kCreate, kDelete };

struct NicRequest {
  NicAction action = NicAction::kCreate;
  // Of kCreate: who is in the network that gets the interface.
  pid_t process = -1;
  std::string bridge;
  std::string device;
};

constexpr char kNoBridge[] = "none";
constexpr char kNicType[] = "veth";

// EINVAL for what is no request, ENOTSUP for another type.
Result<NicRequest> ParseNicRequest(std::span<const std::string> words);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_USER_NIC_REQUEST_H_
