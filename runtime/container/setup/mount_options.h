// SPDX-License-Identifier: Apache-2.0
//
// Lines of fstab(5) as lxc.mount.entry has them, and their options.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_MOUNT_OPTIONS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_MOUNT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

enum class CreateTarget { kNo, kFolder, kFile };

struct MountOptions {
  // MS_* of mount(2), among them MS_BIND, MS_REC, MS_REMOUNT.
  unsigned long flags = 0;
  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, each possibly with MS_REC, in order.
  std::vector<unsigned long> propagation;
  // What only the file system understands, with commas between.
  std::string data;
  CreateTarget create = CreateTarget::kNo;
  bool optional = false;
  // The source is below the container's root.
  bool relative = false;
  // Whether there is idmap=, and its value.
  bool wants_idmap = false;
  std::string idmap;
};

struct MountRequest {
  std::string source;
  // Below the container's root, whether it begins with a slash or not.
  std::string target;
  std::string type;
  MountOptions options;
};

// EINVAL for create= of something else than dir or file.
Result<MountOptions> ParseMountOptions(std::string_view text);

// A line of three to six fields, in which \040 and its like stand for blanks. Targets that are
// absolute and below `rootfs` are taken to mean the container's root; so are others, but they are
// optional, because LXC leaves them out. EINVAL for what is no such line.
Result<MountRequest> ParseMountEntry(std::string_view line, std::string_view rootfs);

// The lines of a file, without comments and empty lines. The error names file and line.
Result<std::vector<MountRequest>> ReadFstab(const std::string& path, std::string_view rootfs);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_MOUNT_OPTIONS_H_
