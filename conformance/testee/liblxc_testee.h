// SPDX-License-Identifier: Apache-2.0
//
// The adapter for any shared object with liblxc's C ABI, loaded by path and called through the
// members of struct lxc_container.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_TESTEE_H_
#define LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_TESTEE_H_

#include <memory>
#include <string>

#include "conformance/posix/result.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

struct LiblxcOptions {
  // The release whose struct lxc_container the object has; empty: what its lxc_get_version() says.
  std::string abi_version;
};

// Loads the shared object. It stays loaded until the process ends: implementations start threads
// and register handlers that must not lose their code. Fails with ELIBACC where the dynamic loader
// refuses it, ENOSYS where a required function is missing (named in the error), EPROTO where its
// version says nothing about its layout and `abi_version` does not either.
Result<std::unique_ptr<Testee>> LoadLiblxc(const std::string& path,
                                           const LiblxcOptions& options = {});

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_TESTEE_H_
