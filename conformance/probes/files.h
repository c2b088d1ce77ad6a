// SPDX-License-Identifier: Apache-2.0
//
// What a container sees and makes of files' owners.

#ifndef LXCSPEC_CONFORMANCE_PROBES_FILES_H_
#define LXCSPEC_CONFORMANCE_PROBES_FILES_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// PATH: answers with its user and group, "0 0"; of a symbolic link itself.
Answer OwnerOf(const std::vector<std::string>& arguments);

// PATH ID: the same in a child in a user namespace whose only id, 0, is that one here.
Answer OwnerInUserNamespace(const std::vector<std::string>& arguments);

// PATH TEXT: makes a new file with that text, or a folder where the text is "/".
Answer MakeFile(const std::vector<std::string>& arguments);

// PATH UID GID: gives it to them.
Answer GiveFile(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_FILES_H_
