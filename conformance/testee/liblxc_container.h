// SPDX-License-Identifier: Apache-2.0
//
// Container on top of one struct lxc_container.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_CONTAINER_H_
#define LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_CONTAINER_H_

#include <memory>

#include "conformance/testee/liblxc_abi.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// Takes over the reference to `raw`, dropped through `put`. A NULL `raw` is passed on as it is.
// `members` are the functions to call.
std::unique_ptr<Container> MakeLiblxcContainer(abi::Container* raw, const abi::Container& members,
                                               int (*put)(abi::Container*));

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_CONTAINER_H_
