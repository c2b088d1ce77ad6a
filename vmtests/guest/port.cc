// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/port.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace lxcspec::guest {

Result<Port> Port::Open(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!fd) return FailErrno("open(" + path + ")");
  termios mode = {};
  if (tcgetattr(fd.get(), &mode) != 0) return FailErrno("tcgetattr(" + path + ")");
  cfmakeraw(&mode);
  // Without CLOCAL a lost carrier would hang the port up.
  mode.c_cflag |= CLOCAL;
  cfsetspeed(&mode, B115200);
  if (tcsetattr(fd.get(), TCSANOW, &mode) != 0) return FailErrno("tcsetattr(" + path + ")");
  return Port(std::move(fd), path);
}

Status Port::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailErrno("write(" + path_ + ")");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status Port::Drain() {
  if (tcdrain(fd_.get()) != 0) return FailErrno("tcdrain(" + path_ + ")");
  return {};
}

}  // namespace lxcspec::guest
