// SPDX-License-Identifier: Apache-2.0
//
// Which containers are defined below a path, and which of them run.

#ifndef LXCSPEC_RUNTIME_CONTAINER_LISTING_H_
#define LXCSPEC_RUNTIME_CONTAINER_LISTING_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

// The names of the folders that have a configuration file, sorted. ENOENT where the path is not.
Result<std::vector<std::string>> DefinedContainers(const std::string& lxcpath);

// The names of those whose monitor listens, sorted, whether they are defined or not.
Result<std::vector<std::string>> ActiveContainers(const std::string& lxcpath);

// The same out of the text of /proc/net/unix. Those that are defined are found even where their
// address is a hash.
std::vector<std::string> ActiveContainersIn(std::string_view sockets, const std::string& lxcpath,
                                            const std::vector<std::string>& defined);

// Defined or active ones, sorted.
Result<std::vector<std::string>> AllContainers(const std::string& lxcpath);

// Whether a monitor listens for the container.
bool IsActive(const Place& place);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_LISTING_H_
