// SPDX-License-Identifier: Apache-2.0
//
// What a container's own root does to its mounts, and to whoever mounts something there.

#ifndef LXCSPEC_CONFORMANCE_PROBES_MOUNTS_H_
#define LXCSPEC_CONFORMANCE_PROBES_MOUNTS_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// SOURCE TARGET TYPE FLAGS: mount(2), without data. `-` is NULL, and no flags.
Answer MountHere(const std::vector<std::string>& arguments);

// TARGET FLAGS: umount2(2).
Answer UnmountHere(const std::vector<std::string>& arguments);

// PLACE KEPT EXCHANGE: for ever makes PLACE a folder, a link to KEPT, to `..`, beyond the root and
// to nothing, and a file; mounts KEPT over it and lets it go, covers and uncovers the folder that
// it is in, and unmounts EXCHANGE. Changes nothing in KEPT.
Answer Mayhem(const std::vector<std::string>& arguments);

// FOLDER LINK: for ever takes what appears in FOLDER from under its name, and leaves a link there
// that leads to LINK.
Answer ExchangeNames(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_MOUNTS_H_
