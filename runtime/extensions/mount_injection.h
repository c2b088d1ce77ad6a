// SPDX-License-Identifier: Apache-2.0
//
// The extension mount_injection: what is mounted in a running container, and where. Whoever calls
// these has the mount namespace that each of them is about.
// spec/extensions/mount_injection.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// The arguments of mount(2). Empty is NULL.
struct InjectedMount {
  // A path of the caller's, or a name where the file system needs no path.
  std::string source;
  // A path of the container's.
  std::string target;
  std::string type;
  unsigned long flags = 0;
  std::string data;

  bool IsBind() const;
  // With MS_REC: what is mounted below is meant too.
  bool IsRecursive() const;
  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0: none is asked for.
  unsigned long Propagation() const;
};

// Without what programs of long ago have in the upper half of the flags, and mount(2) takes for
// nothing.
unsigned long WithoutMagic(unsigned long flags);

// EINVAL for what mount(2) would refuse, and for what is no new mount or could not hold.
Status CheckInjection(const InjectedMount& request);

// EINVAL for a path that means nothing in a container.
Status CheckInjectionTarget(const std::string& target);

// The mount, attached nowhere, made in the mount namespace of the source.
Result<UniqueFd> MakeInjection(const InjectedMount& request);

// Gives it the flags that it is to have, and takes away what would let the container change the
// host's mounts. `mount` is attached, where nobody sees it yet.
Status RestrictInjection(int mount, const InjectedMount& request);

// In the container's mount namespace and with no more rights than its root's: the folder to mount
// over, made where it is not there. O_PATH. ENOTDIR for what is no folder.
Result<UniqueFd> FolderForInjection(int root, const std::string& target);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_H_
