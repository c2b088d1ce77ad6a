// SPDX-License-Identifier: Apache-2.0
//
// The functions behind the members of struct lxc_container, by what they are about. Each group
// fills in its own members; together they leave none NULL.

#ifndef LXCSPEC_RUNTIME_API_MEMBERS_H_
#define LXCSPEC_RUNTIME_API_MEMBERS_H_

#include "runtime/api/abi.h"

namespace lxcspec::runtime {

// Configuration: load, save, get, set, clear, names and paths.
void SetConfigMembers(abi::Container& members);

// State: what a container is doing, waiting for it, its init.
void SetStateMembers(abi::Container& members);

// Lifecycle: start, stop, shutdown, reboot, freeze, cgroup items.
void SetLifecycleMembers(abi::Container& members);

// A running container's terminals: its console, its log, its ttys, its devpts.
void SetConsoleMembers(abi::Container& members);

// Network: interfaces and addresses, and devices moved in and out.
void SetNetworkMembers(abi::Container& members);

// Device nodes.
void SetDeviceMembers(abi::Container& members);

// Mounts.
void SetMountMembers(abi::Container& members);

// Further processes in a running container.
void SetAttachMembers(abi::Container& members);

// Containers on disk: create, destroy, rename, clone, snapshots.
void SetStorageMembers(abi::Container& members);

// What this runtime does not do: fails with ENOSYS, naming what is missing.
void SetUnbuiltMembers(abi::Container& members);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_API_MEMBERS_H_
