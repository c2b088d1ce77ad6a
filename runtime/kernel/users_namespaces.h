// SPDX-License-Identifier: Apache-2.0
//
// For tests: a process of an ordinary user's, in a network and a user namespace of his own.

#ifndef LXCSPEC_RUNTIME_KERNEL_USERS_NAMESPACES_H_
#define LXCSPEC_RUNTIME_KERNEL_USERS_NAMESPACES_H_

#include <sys/types.h>

#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class UsersNamespaces {
 public:
  // With so many user namespaces, each below the last; with none, the network is the caller's too.
  // A failed expectation where it cannot be made.
  explicit UsersNamespaces(uid_t user, int depth = 1);
  ~UsersNamespaces();
  UsersNamespaces(const UsersNamespaces&) = delete;
  UsersNamespaces& operator=(const UsersNamespaces&) = delete;

  pid_t pid() const { return pid_; }
  UniqueFd Network() const;

 private:
  pid_t pid_ = -1;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_USERS_NAMESPACES_H_
