// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/claims.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/cgroup_layout.h"
#include "runtime/kernel/core_cookie.h"
#include "runtime/kernel/device_program.h"
#include "runtime/kernel/idmapped_tree.h"
#include "runtime/kernel/netlink/abilities.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/notify.h"

namespace lxcspec::runtime {
namespace {

struct Built {
  std::string_view extension;
  // Whether this kernel has what the extension needs.
  bool (*can_be_had)();
};

bool NeedsNothing() { return true; }

bool HasTimeNamespaces() { return access("/proc/self/ns/time", F_OK) == 0; }
bool HasVeth() { return ThisKernelsNetworkAbilities().veth; }
bool HasMacvlan() { return ThisKernelsNetworkAbilities().macvlan; }
bool HasIpvlan() { return ThisKernelsNetworkAbilities().ipvlan; }
bool HasBridgeVlans() { return HasVeth() && ThisKernelsNetworkAbilities().bridge_vlan; }
bool HasProxies() { return ThisKernelsNetworkAbilities().neighbour_proxy; }
bool HasVethAndProxies() { return HasVeth() && HasProxies(); }
bool HasDeviceRules() { return HasUnifiedHierarchy() && HasDevicePrograms(); }

constexpr std::array kBuilt = {
    Built{"lxc_log", NeedsNothing},
    Built{"lxc_config_item_is_supported", NeedsNothing},
    Built{"reboot2", NeedsNothing},
    Built{"mount_injection", NeedsNothing},
    Built{"mount_injection_file", NeedsNothing},
    Built{"init_pidfd", HasPidfds},
    Built{"pidfd", HasPidfds},
    Built{"console_log", NeedsNothing},
    Built{"devpts_fd", NeedsNothing},
    Built{"seccomp_allow_deny_syntax", HasSeccompFilters},
    Built{"seccomp_allow_nesting", HasSeccompFilters},
    Built{"seccomp_notify", HasSeccompNotify},
    Built{"seccomp_notify_fd_active", HasSeccompNotify},
    Built{"seccomp_proxy_send_notify_fd", HasSeccompNotify},
    Built{"network_veth_routes", HasVeth},
    Built{"network_veth_router", HasVethAndProxies},
    Built{"network_ipvlan", HasIpvlan},
    Built{"network_l2proxy", HasProxies},
    Built{"network_gateway_device_route", HasVeth},
    Built{"network_phys_macvlan_mtu", HasMacvlan},
    Built{"network_bridge_vlan", HasBridgeVlans},
    Built{"cgroup2", HasUnifiedHierarchy},
    Built{"cgroup2_devices", HasDeviceRules},
    Built{"cgroup2_auto_mounting", HasUnifiedHierarchy},
    Built{"cgroup_relative", NeedsNothing},
    Built{"cgroup_advanced_isolation", NeedsNothing},
    Built{"time_namespace", HasTimeNamespaces},
    Built{"environment_runtime_hooks", NeedsNothing},
    Built{"core_scheduling", HasCoreCookies},
    Built{"idmapped_mounts", HasIdMappedMounts},
    Built{"idmapped_mounts_v2", HasIdMappedMounts},
};

}  // namespace

bool IsSwitchedOn(std::string_view extension) {
  const char* disabled = getenv(kDisableVariable);
  if (disabled == nullptr) return true;
  const std::vector<std::string> names = Words(disabled, ", ");
  return std::find(names.begin(), names.end(), extension) == names.end();
}

bool IsClaimed(std::string_view extension) {
  const auto* found = std::find_if(kBuilt.begin(), kBuilt.end(), [&](const Built& built) {
    return built.extension == extension;
  });
  // lxc_log.announced lxc_config_item_is_supported.announced init_pidfd.announced
  // console_log.announced devpts_fd.announced network_veth_routes.announced
  // network_veth_router.announced network_ipvlan.announced network_l2proxy.announced
  // network_gateway_device_route.announced network_phys_macvlan_mtu.announced
  // network_bridge_vlan.announced seccomp_allow_deny_syntax.announced
  // seccomp_allow_nesting.announced seccomp_notify.announced seccomp_notify_fd_active.announced
  // seccomp_proxy_send_notify_fd.announced cgroup2.announced cgroup2_devices.announced
  // cgroup2_auto_mounting.announced cgroup_relative.announced
  // cgroup_advanced_isolation.announced time_namespace.announced mount_injection.announced
  // mount_injection_file.announced
  // environment_runtime_hooks.announced core_scheduling.announced
  // idmapped_mounts.announced idmapped_mounts_v2.announced
  return found != kBuilt.end() && IsSwitchedOn(extension) && found->can_be_had();
}

}  // namespace lxcspec::runtime
