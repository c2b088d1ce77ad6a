// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/environment.h"

namespace lxcspec {

Environment& TestEnvironment() {
  static Environment environment;
  return environment;
}

}  // namespace lxcspec
