// SPDX-License-Identifier: Apache-2.0
//
// Init's side of ReceiveChildDescriptors().

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_SEND_DESCRIPTORS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_SEND_DESCRIPTORS_H_

#include "runtime/base/result.h"
#include "runtime/container/setup/setup.h"

namespace lxcspec::runtime {

// Does nothing where the socket is -1.
Status SendDescriptors(int socket, const ChildDescriptors& descriptors);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_SEND_DESCRIPTORS_H_
