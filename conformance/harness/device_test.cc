// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/device_test.h"

#include <cerrno>

namespace lxcspec {
namespace {

Result<int> ErrnoOf(const Result<std::string>& answer) {
  if (answer) return 0;
  return answer.error().code;
}

}  // namespace

ConfigItems DeviceTest::Rules(const std::vector<std::string>& rules) {
  ConfigItems items;
  for (const std::string& rule : rules) {
    const size_t blank = rule.find(' ');
    const bool allow = rule.substr(0, blank) == "allow";
    items.emplace_back(allow ? kAllowDevices : kDenyDevices, rule.substr(blank + 1));
  }
  return items;
}

Result<int> DeviceTest::Open(ProbedContainer& container, const KnownDevice& device,
                             const std::string& mode) {
  return ErrnoOf(container.Ask({"open", device.path, mode}));
}

Result<int> DeviceTest::MakeNode(ProbedContainer& container, char type, int major, int minor) {
  return ErrnoOf(
      container.Ask({"mknod", std::string(1, type), std::to_string(major), std::to_string(minor)}));
}

Result<std::string> DeviceTest::Allowed(ProbedContainer& container, const KnownDevice& device) {
  std::string allowed;
  const auto note = [&](char letter, int error) -> Status {
    if (error == 0) allowed += letter;
    // Another refusal than that of the rules says nothing about them.
    if (error != 0 && error != EPERM) return Fail(error, std::string("try ") + letter);
    return {};
  };
  ASSIGN_OR_RETURN(const int made, MakeNode(container, 'c', device.major, device.minor));
  RETURN_IF_ERROR(note('m', made));
  ASSIGN_OR_RETURN(const int read, Open(container, device, "r"));
  RETURN_IF_ERROR(note('r', read));
  ASSIGN_OR_RETURN(const int written, Open(container, device, "w"));
  RETURN_IF_ERROR(note('w', written));
  ASSIGN_OR_RETURN(const int both, Open(container, device, "rw"));
  RETURN_IF_ERROR(note('+', both));
  return allowed;
}

}  // namespace lxcspec
