// SPDX-License-Identifier: Apache-2.0
//
// The serial ports to the host: raw bytes out.

#ifndef LXCSPEC_VMTESTS_GUEST_PORT_H_
#define LXCSPEC_VMTESTS_GUEST_PORT_H_

#include <string>
#include <string_view>
#include <utility>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::guest {

inline constexpr char kResultsPort[] = "/dev/ttyS1";
inline constexpr char kControlPort[] = "/dev/ttyS2";

class Port {
 public:
  static Result<Port> Open(const std::string& path);

  // Queues the bytes, waiting where there is no room.
  Status Send(std::string_view bytes);

  // Returns when the device has taken every byte.
  Status Drain();

 private:
  Port(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_PORT_H_
