// SPDX-License-Identifier: Apache-2.0
//
// Container on top of an object of a testee that speaks the protocol.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_CONTAINER_H_
#define LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_CONTAINER_H_

#include <cstdint>
#include <memory>

#include "conformance/testee/connection.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// Takes over the object, which is put when its owner lets it go.
std::unique_ptr<Container> MakeProtocolContainer(std::shared_ptr<Connection> connection,
                                                 int64_t object);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_CONTAINER_H_
