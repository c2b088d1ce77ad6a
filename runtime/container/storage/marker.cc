// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/marker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "runtime/base/scope_exit.h"
#include "runtime/base/text.h"
#include "runtime/container/storage/small_file.h"

namespace lxcspec::runtime {
namespace {

// A line of a marker that leaves the container's folder where it is.
constexpr char kKeepsFolder[] = "keep";

std::string PathIn(const std::string& folder) { return fmt::format("{}/{}", folder, kMarkerName); }

// Of the open file, not of the process: two threads exclude each other as well.
bool Lock(const UniqueFd& fd) {
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return fcntl(fd.get(), F_OFD_SETLK, &whole) == 0;
}

}  // namespace

Result<MarkerState> LookAtMarker(const std::string& folder) {
  const std::string path = PathIn(folder);
  const UniqueFd fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return MarkerState::kAbsent;
    return ErrnoFailure(fmt::format("open({})", path));
  }
  if (Lock(fd)) return MarkerState::kAbandoned;
  if (errno == EAGAIN || errno == EACCES) return MarkerState::kHeld;
  return ErrnoFailure(fmt::format("lock({})", path));
}

Result<std::vector<std::string>> PathsInMarker(const std::string& folder) {
  const std::string path = PathIn(folder);
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) return ErrnoFailure(fmt::format("lstat({})", path));
  // Root must not remove at somebody else's word.
  constexpr mode_t kOthersWrite = 022;
  const std::vector<std::string> whole = {folder};
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
      (status.st_mode & kOthersWrite) != 0) {
    return whole;
  }
  auto text = ReadSmallFile(path);
  if (!text) return Forward(std::move(text).error());
  if (text->empty()) return whole;
  std::vector<std::string> paths = Words(*text, "\n");
  if (std::erase(paths, kKeepsFolder) == 0) paths.push_back(folder);
  std::erase_if(paths, [](const std::string& line) { return !line.starts_with('/'); });
  return paths;
}

Result<Marker> Marker::Take(const std::string& folder, const Remains& remains) {
  const std::string path = PathIn(folder);
  // Nobody ever sees one that is not locked, or does not say yet what it has to say.
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoFailure(fmt::format("mkostemp({})", path));
  ScopeExit remove([&] { unlink(temporary.c_str()); });
  if (!Lock(fd)) return ErrnoFailure(fmt::format("lock({})", path));
  Marker marker(std::move(fd), path);
  TRY(marker.Name(remains));
  if (link(temporary.c_str(), path.c_str()) == 0) return marker;
  if (errno != EEXIST) return ErrnoFailure(fmt::format("link({})", path));
  const UniqueFd old(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (old.valid() && !Lock(old)) {
    return Failure(EBUSY, fmt::format("{}: is being made or removed by somebody else", folder));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoFailure(fmt::format("rename({})", path));
  }
  remove.Cancel();
  return marker;
}

Status Marker::Name(const Remains& remains) {
  std::string text = remains.folder ? "" : std::string(kKeepsFolder) + "\n";
  for (const std::string& path : remains.paths) text += path + "\n";
  if (pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return ErrnoFailure(fmt::format("write({})", path_));
  }
  if (ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) {
    return ErrnoFailure(fmt::format("ftruncate({})", path_));
  }
  return {};
}

Status Marker::Remove() {
  if (unlink(path_.c_str()) != 0) return ErrnoFailure(fmt::format("unlink({})", path_));
  return {};
}

}  // namespace lxcspec::runtime
