// SPDX-License-Identifier: Apache-2.0
//
// What lxc-user-nic(1) does for a user, with root's rights and in the host's network.
//
// What a user has is not in a file: each interface on the host says in its alias, which only root
// can write, whose it is and which line of the allowlist it counts for. So nothing is counted that
// is gone, and nothing can be forged.

#ifndef LXCSPEC_RUNTIME_CONTAINER_USER_NIC_USER_NIC_H_
#define LXCSPEC_RUNTIME_CONTAINER_USER_NIC_USER_NIC_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/user_nic/allowlist.h"
#include "runtime/container/user_nic/request.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

struct UserNic {
  std::string name;
  int index = 0;
  std::string host_name;
  int host_index = 0;

  // <name>:<index>:<name on the host>:<index on the host>
  std::string ToString() const;
};

// Makes a pair, of which one end is in the process's network and the other one on the bridge, and
// up. EPERM where no line allows it or the network is not the user's, EDQUOT where he has as many
// as his lines allow. On failure nothing stays.
Result<UserNic> CreateUserNic(NetlinkSocket& host, const NicUser& user,
                              const std::vector<Allowance>& allowances, const NicRequest& request);

// EPERM for what CreateUserNic() did not make for this user on this bridge.
Status DeleteUserNic(NetlinkSocket& host, const NicUser& user, const NicRequest& request);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_USER_NIC_USER_NIC_H_
