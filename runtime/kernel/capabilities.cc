// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/capabilities.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

// By number.
constexpr std::array<std::string_view, 41> kNames = {"chown",
                                                     "dac_override",
                                                     "dac_read_search",
                                                     "fowner",
                                                     "fsetid",
                                                     "kill",
                                                     "setgid",
                                                     "setuid",
                                                     "setpcap",
                                                     "linux_immutable",
                                                     "net_bind_service",
                                                     "net_broadcast",
                                                     "net_admin",
                                                     "net_raw",
                                                     "ipc_lock",
                                                     "ipc_owner",
                                                     "sys_module",
                                                     "sys_rawio",
                                                     "sys_chroot",
                                                     "sys_ptrace",
                                                     "sys_pacct",
                                                     "sys_admin",
                                                     "sys_boot",
                                                     "sys_nice",
                                                     "sys_resource",
                                                     "sys_time",
                                                     "sys_tty_config",
                                                     "mknod",
                                                     "lease",
                                                     "audit_write",
                                                     "audit_control",
                                                     "setfcap",
                                                     "mac_override",
                                                     "mac_admin",
                                                     "syslog",
                                                     "wake_alarm",
                                                     "block_suspend",
                                                     "audit_read",
                                                     "perfmon",
                                                     "bpf",
                                                     "checkpoint_restore"};

struct ThreadSets {
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data = {};
};

__user_cap_header_struct Header() { return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0}; }

Result<ThreadSets> ReadSets() {
  ThreadSets sets;
  __user_cap_header_struct header = Header();
  if (syscall(SYS_capget, &header, sets.data.data()) != 0) return ErrnoFailure("capget");
  return sets;
}

Status WriteSets(ThreadSets sets) {
  __user_cap_header_struct header = Header();
  if (syscall(SYS_capset, &header, sets.data.data()) != 0) return ErrnoFailure("capset");
  return {};
}

uint32_t Half(const CapabilitySet& set, size_t index) {
  return static_cast<uint32_t>(set.to_ullong() >> (32 * index));
}

// Whether the running kernel knows the capability.
bool IsKnown(int capability) { return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; }

}  // namespace

std::optional<int> CapabilityNumber(std::string_view name) {
  std::string lower = ToLower(name);
  if (lower.starts_with("cap_")) lower.erase(0, 4);
  const auto found = std::find(kNames.begin(), kNames.end(), lower);
  if (found != kNames.end()) return static_cast<int>(found - kNames.begin());
  const auto number = ParseUnsigned(lower);
  if (number && *number < CapabilitySet().size()) return static_cast<int>(*number);
  return std::nullopt;
}

Status LimitCapabilities(const CapabilitySet& kept) {
  for (size_t capability = 0; capability < kept.size(); ++capability) {
    const int number = static_cast<int>(capability);
    if (kept.test(capability) || !IsKnown(number)) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) {
      return ErrnoFailure(fmt::format("prctl(PR_CAPBSET_DROP, {})", number));
    }
  }
  TRY(ClearAmbientCapabilities());
  auto sets = ReadSets();
  if (!sets) return Forward(std::move(sets).error());
  for (size_t half = 0; half < sets->data.size(); ++half) {
    sets->data.at(half).inheritable &= Half(kept, half);
  }
  return WriteSets(*sets);
}

Status DropEffectiveCapabilities(const CapabilitySet& kept) {
  auto sets = ReadSets();
  if (!sets) return Forward(std::move(sets).error());
  for (size_t half = 0; half < sets->data.size(); ++half) {
    sets->data.at(half).effective &= Half(kept, half);
    sets->data.at(half).permitted &= Half(kept, half);
  }
  return WriteSets(*sets);
}

Status ClearAmbientCapabilities() {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return ErrnoFailure("prctl(PR_CAP_AMBIENT_CLEAR_ALL)");
  }
  return {};
}

}  // namespace lxcspec::runtime
