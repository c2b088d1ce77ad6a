// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests of device rules: containers that try what they may do with devices.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_DEVICE_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_DEVICE_TEST_H_

#include <string>
#include <string_view>
#include <vector>

#include "conformance/harness/probed_container.h"  // IWYU pragma: export

namespace lxcspec {

inline constexpr char kAllowDevices[] = "lxc.cgroup2.devices.allow";
inline constexpr char kDenyDevices[] = "lxc.cgroup2.devices.deny";

// A device that every kernel has, and that a container finds in its /dev.
struct KnownDevice {
  const char* path;
  int major;
  int minor;
};
inline constexpr KnownDevice kNull{"/dev/null", 1, 3};
inline constexpr KnownDevice kZero{"/dev/zero", 1, 5};
inline constexpr KnownDevice kFull{"/dev/full", 1, 7};

class DeviceTest : public ProbedContainerTest {
 protected:
  // "deny a", "allow c 1:3 rwm": what follows the first word is the rule.
  static ConfigItems Rules(const std::vector<std::string>& rules);

  // The errno of opening it in the container, 0 for none; the mode is "r", "w" or "rw".
  static Result<int> Open(ProbedContainer& container, const KnownDevice& device,
                          const std::string& mode);
  // The same of making a node.
  static Result<int> MakeNode(ProbedContainer& container, char type, int major, int minor);

  // Whether making a node of a device, reading it, writing it, and both at once are allowed, as
  // "m", "r", "w" and "+" for those that are: "mrw+" for everything, "" for nothing.
  static Result<std::string> Allowed(ProbedContainer& container, const KnownDevice& device);
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_DEVICE_TEST_H_
