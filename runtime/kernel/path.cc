// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

constexpr int kTries = 16;

// Splits off the last component.
struct Split {
  std::string parent;
  std::string name;
};

Split SplitLast(const std::string& path) {
  std::vector<std::string> parts = Words(path, "/");
  if (parts.empty()) return {".", "."};
  Split split{.parent = "", .name = parts.back()};
  parts.pop_back();
  for (const std::string& part : parts) split.parent += part + "/";
  if (split.parent.empty()) split.parent = ".";
  return split;
}

}  // namespace

Result<UniqueFd> Open(const std::string& path, int flags, mode_t mode) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", path));
  return fd;
}

Result<UniqueFd> OpenInRoot(int root, const std::string& path, int flags, mode_t mode) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(static_cast<uint32_t>(flags | O_CLOEXEC));
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // The kernel gives up with EAGAIN where something was renamed meanwhile.
  for (int tries = 0; tries < kTries; ++tries) {
    UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
    if (fd.valid()) return fd;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return ErrnoFailure(fmt::format("open {} below the root", path));
}

Result<UniqueFd> MakeFolderInRoot(int root, const std::string& path, mode_t mode) {
  constexpr int kFlags = O_PATH | O_DIRECTORY;
  auto folder = OpenInRoot(root, path, kFlags);
  if (folder || folder.error().code != ENOENT) return folder;
  const Split split = SplitLast(path);
  if (split.name == "." || split.name == "..") return folder;
  auto parent = MakeFolderInRoot(root, split.parent, mode);
  if (!parent) return parent;
  if (mkdirat(parent->get(), split.name.c_str(), mode) != 0 && errno != EEXIST) {
    return ErrnoFailure(fmt::format("mkdir {} below the root", path));
  }
  // A link that leads nowhere is still that.
  return OpenInRoot(root, path, kFlags);
}

Result<UniqueFd> MakeFileInRoot(int root, const std::string& path, mode_t mode) {
  auto file = OpenInRoot(root, path, O_PATH);
  if (file || file.error().code != ENOENT) return file;
  const Split split = SplitLast(path);
  auto parent = MakeFolderInRoot(root, split.parent, 0755);
  if (!parent) return parent;
  if (mknodat(parent->get(), split.name.c_str(), S_IFREG | mode, 0) != 0 && errno != EEXIST) {
    return ErrnoFailure(fmt::format("create {} below the root", path));
  }
  return OpenInRoot(root, path, O_PATH);
}

std::string DescriptorPath(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

Result<UniqueFd> OpenDescriptorFolder() { return Open("/proc/self/fd", O_PATH | O_DIRECTORY); }

namespace {

enum class Ends { kWithNothing, kWithShortRead };

Result<std::string> ReadUntil(const std::string& path, Ends ends) {
  auto file = Open(path, O_RDONLY);
  if (!file) return Forward(std::move(file).error());
  std::string text;
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t count = read(file->get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure(fmt::format("read({})", path));
    text.append(chunk.data(), static_cast<size_t>(count));
    const bool is_short = static_cast<size_t>(count) < chunk.size();
    if (count == 0 || (is_short && ends == Ends::kWithShortRead)) return text;
  }
}

}  // namespace

Result<std::string> ReadWhole(const std::string& path) {
  return ReadUntil(path, Ends::kWithNothing);
}

Result<std::string> ReadRecord(const std::string& path) {
  return ReadUntil(path, Ends::kWithShortRead);
}

Status WriteInto(int folder, const std::string& path, std::string_view text) {
  const UniqueFd file(openat(folder, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoFailure(fmt::format("open({}, O_WRONLY)", path));
  const ssize_t count = write(file.get(), text.data(), text.size());
  if (count < 0) return ErrnoFailure(fmt::format("write \"{}\" to {}", text, path));
  if (static_cast<size_t>(count) != text.size()) {
    return Failure(EIO, fmt::format("write \"{}\" to {}", text, path));
  }
  return {};
}

}  // namespace lxcspec::runtime
