// SPDX-License-Identifier: Apache-2.0
//
// Device nodes in a running container, made and removed from outside.

#ifndef LXCSPEC_RUNTIME_CONTAINER_DEVICES_H_
#define LXCSPEC_RUNTIME_CONTAINER_DEVICES_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Writes a rule such as "c 1:3 rwm" into a file of the container's cgroup, such as
// "devices.allow". ENOENT where no hierarchy has that file.
using DeviceRuleWriter = std::function<Status(const std::string& file, const std::string& rule)>;

// Makes the device that the host has at `source` at `destination` in the container of that first
// process, with the same mode, and lets the container use it where version 1 of cgroups decides
// that. Nothing to do where it is there already. EEXIST where something else is, ENODEV where the
// source is no device. In a container with a user namespace, whose own file systems open no
// devices, the host's node itself is mounted there: EPERM for who may not mount it, ENOSYS before
// Linux 5.2.
Status AddDeviceNode(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& source,
                     const std::string& destination, const DeviceRuleWriter& write_rule);

// Takes it away again. EINVAL where what is at the destination is not that device.
Status RemoveDeviceNode(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& source,
                        const std::string& destination, const DeviceRuleWriter& write_rule);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_DEVICES_H_
