// SPDX-License-Identifier: Apache-2.0
//
// Which kinds of network devices this kernel has, found by making them.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_ABILITIES_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_ABILITIES_H_

namespace lxcspec::runtime {

struct NetworkAbilities {
  bool veth = false;
  bool macvlan = false;
  // All modes.
  bool ipvlan = false;
  // Bridges that filter by VLAN.
  bool bridge_vlan = false;
  // The host can answer for addresses that are elsewhere.
  bool neighbour_proxy = false;
};

// Tried once in a process, by a child in a network namespace that goes with it. Nothing where not
// even that can be had.
const NetworkAbilities& ThisKernelsNetworkAbilities();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_ABILITIES_H_
