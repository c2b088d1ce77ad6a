// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/load.h"

#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include "conformance/testee/liblxc_testee.h"
#include "conformance/testee/protocol_testee.h"

namespace lxcspec {

Result<std::unique_ptr<Testee>> LoadTestee(const std::string& testee, LoadOptions options) {
  if (!testee.starts_with(kExecPrefix)) {
    return LoadLiblxc(testee, {.abi_version = options.abi_version});
  }
  std::istringstream words(testee.substr(kExecPrefix.size()));
  const std::vector<std::string> command{std::istream_iterator<std::string>(words), {}};
  return StartProtocolTestee(command, std::move(options.events), options.patience);
}

}  // namespace lxcspec
