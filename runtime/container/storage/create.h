// SPDX-License-Identifier: Apache-2.0
//
// Makes a container on disk: its folder, its configuration, and its root file system by a template
// or as it is found.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_CREATE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_CREATE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/command.h"
#include "runtime/container/container.h"

namespace lxcspec::runtime {

struct CreateRequest {
  // Nothing: the root file system that the configuration names, if it names one, is taken as it is
  // and stays the caller's (lxc.rootfs.managed = 0).
  std::optional<std::string> template_name;
  // "dir", "best" or "overlay".
  std::string backing = "dir";
  // Where the root file system goes; nothing: `rootfs` in the container's folder.
  std::optional<std::string> directory;
  std::vector<std::string> arguments;
  bool quiet = false;
  // Read where nothing was configured yet; one that is not there says nothing.
  std::string default_config;
};

// Whether containers can be made with such a root file system.
bool IsStorageType(std::string_view type);

// EEXIST where the container is there with its root file system, EBUSY while somebody makes it,
// ENOTSUP for a backing that is not known. A failure leaves nothing that was not there before,
// except in a root file system that was.
Status Create(Container& container, const CreateRequest& request);

// Removes what was left of a container whose making or removal was interrupted.
Status RemoveInterrupted(const Place& place);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_CREATE_H_
