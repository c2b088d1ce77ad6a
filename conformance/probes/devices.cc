// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace lxcspec::probe {

Answer OpenAndClose(const std::vector<std::string>& arguments) {
  const std::string& mode = arguments[1];
  const int access = mode == "r" ? O_RDONLY : mode == "w" ? O_WRONLY : O_RDWR;
  const int fd = open(arguments[0].c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return {.error = errno, .text = arguments[0]};
  close(fd);
  return {};
}

Answer MakeNode(const std::vector<std::string>& arguments) {
  constexpr char kNode[] = "/dev/lxcspec.node";
  const mode_t type = arguments[0] == "b" ? S_IFBLK : S_IFCHR;
  const dev_t device = makedev(static_cast<unsigned>(atoi(arguments[1].c_str())),
                               static_cast<unsigned>(atoi(arguments[2].c_str())));
  if (mknod(kNode, type | 0600, device) != 0) return {.error = errno, .text = kNode};
  unlink(kNode);
  return {};
}

Answer CountSurprises(const std::vector<std::string>& arguments) {
  const auto opens = [](const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    return fd >= 0;
  };
  int surprises = 0;
  for (int left = atoi(arguments[2].c_str()); left > 0; --left) {
    surprises += opens(arguments[0]) ? 0 : 1;
    surprises += opens(arguments[1]) ? 1 : 0;
  }
  return {.error = 0, .text = std::to_string(surprises)};
}

}  // namespace lxcspec::probe
