// SPDX-License-Identifier: Apache-2.0
//
// What clients may run in an attached process: the functions that the public header offers them.

#ifndef LXCSPEC_RUNTIME_API_ATTACH_MEMBERS_H_
#define LXCSPEC_RUNTIME_API_ATTACH_MEMBERS_H_

namespace lxcspec::runtime {

// Becomes the program, which is looked up in PATH. Returns a shell's status of one that is not
// found, 127, or cannot be executed, 126.
int ExecuteCommand(const char* program, char* const argv[]);

// Becomes the shell that the container's /etc/passwd names for the user, or /bin/sh.
int ExecuteShell();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_API_ATTACH_MEMBERS_H_
