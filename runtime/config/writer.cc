// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "runtime/base/scope_exit.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kMode = 0640;

Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure(fmt::format("write({})", path));
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace

Status SaveFile(const Config& config, const std::string& path) {
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoFailure(fmt::format("mkostemp({})", path));
  ScopeExit remove([&] { unlink(temporary.c_str()); });

  // The umask can only be read by setting it; that of this thread's moment is good enough.
  const mode_t mask = umask(0);
  umask(mask);
  if (fchmod(fd.get(), kMode & ~mask) != 0) return ErrnoFailure(fmt::format("fchmod({})", path));
  TRY(WriteAll(fd.get(), config.Saved(), path));
  // Some file systems report a full disk no earlier.
  if (fsync(fd.get()) != 0) return ErrnoFailure(fmt::format("fsync({})", path));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoFailure(fmt::format("rename({})", path));
  }
  remove.Cancel();
  return {};
}

}  // namespace lxcspec::runtime
