// SPDX-License-Identifier: Apache-2.0
//
// Mounts that get into a container through a folder which is a shared mount on the host and a slave
// in the container: lxc.mount.auto = shmounts. Only for who has no mounts by descriptor.

#ifndef LXCSPEC_RUNTIME_CONTAINER_INJECTION_EXCHANGE_H_
#define LXCSPEC_RUNTIME_CONTAINER_INJECTION_EXCHANGE_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/injection/entrance.h"
#include "runtime/extensions/mount_injection.h"

namespace lxcspec::runtime {

// The same folder, by both of its names.
struct ExchangeFolder {
  std::string on_host;
  std::string in_container;
};

// What a value of lxc.mount.auto says of it. EINVAL where that is nothing.
Result<ExchangeFolder> ExchangeFolderOf(const std::string& automounts);

// Mounts it. A slave cannot be made in this way: EOPNOTSUPP. The container may write to the folder,
// so that what has been put there is found by descriptor and never by name.
Status InjectThroughExchange(const Entrance& entrance, const ExchangeFolder& folder,
                             const InjectedMount& request);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_INJECTION_EXCHANGE_H_
