// SPDX-License-Identifier: Apache-2.0
//
// Does a part of the work in a child process, because it needs namespaces of its own.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_CHILD_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_CHILD_H_

#include <chrono>
#include <functional>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/kernel/idmap.h"

namespace lxcspec::runtime {

struct ChildNamespaces {
  // A user namespace with these maps, as its root; empty: none.
  std::vector<IdRange> id_maps;
  // A mount namespace whose mounts nobody else sees.
  bool mounts = false;
};

// Runs the work in a child and waits for it. The work may end with an execve(2): a program that
// then exits with anything but 0 is ECANCELED, and the error says how it ended. The child dies with
// the thread that called.
Status RunInChild(const ChildNamespaces& namespaces, const std::function<Status()>& work);

// The same, with ETIMEDOUT where it takes longer: the child is killed then, and left behind where
// even that has to wait, for a file system that somebody else answers for. So the caller should be
// a process that ends soon.
Status RunInChildWithin(std::chrono::milliseconds limit, const std::function<Status()>& work);

// lxc.idmap, and this process's own user and group at ids that are free in it.
std::vector<IdRange> MapsWithOwner(const Config& config);

// The id in such maps that stands for this process's own.
uint32_t OwnerWithin(const std::vector<IdRange>& maps, IdKind kind);

// What an ordinary user needs to touch files that the container's ids own; nothing for root, who
// may do so anyway, and without lxc.idmap.
ChildNamespaces ForFilesOf(const Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_CHILD_H_
