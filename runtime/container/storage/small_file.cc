// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/small_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "runtime/base/scope_exit.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

constexpr size_t kLargest = size_t{1} << 20;
constexpr mode_t kMode = 0644;

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", path));
  std::string text;
  std::array<char, 4096> part;
  while (true) {
    const ssize_t count = TEMP_FAILURE_RETRY(read(fd.get(), part.data(), part.size()));
    if (count < 0) return ErrnoFailure(fmt::format("read({})", path));
    if (count == 0) return text;
    text.append(part.data(), static_cast<size_t>(count));
    if (text.size() > kLargest) return Failure(EFBIG, fmt::format("read({})", path));
  }
}

Status WriteSmallFile(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoFailure(fmt::format("mkostemp({})", path));
  ScopeExit remove([&] { unlink(temporary.c_str()); });
  while (!text.empty()) {
    const ssize_t count = TEMP_FAILURE_RETRY(write(fd.get(), text.data(), text.size()));
    if (count < 0) return ErrnoFailure(fmt::format("write({})", path));
    text.remove_prefix(static_cast<size_t>(count));
  }
  if (fchmod(fd.get(), kMode) != 0) return ErrnoFailure(fmt::format("fchmod({})", path));
  if (fsync(fd.get()) != 0) return ErrnoFailure(fmt::format("fsync({})", path));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoFailure(fmt::format("rename({})", path));
  }
  remove.Cancel();
  return {};
}

}  // namespace lxcspec::runtime
