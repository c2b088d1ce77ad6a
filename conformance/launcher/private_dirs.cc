// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/private_dirs.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "conformance/launcher/file_io.h"
#include "conformance/launcher/mount_tree.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {
namespace {

struct Kept {
  std::string path;
  bool directory = false;
  UniqueFd tree;
};

// Where to mount for `directory`: itself, or the nearest directory above it that is there.
Result<std::string> MountPlace(const std::string& directory) {
  std::string place = directory;
  while (!IsDirectory(place)) {
    const size_t slash = place.rfind('/');
    if (slash == 0) {
      // Nothing but the root is above it, and the root cannot be covered.
      RETURN_IF_ERROR(MakeDirectory(place));
      break;
    }
    place.resize(slash);
  }
  return RealPath(place);
}

Status ShowAgain(const Kept& kept) {
  const size_t slash = kept.path.rfind('/');
  if (kept.directory) {
    RETURN_IF_ERROR(MakeDirectories(kept.path));
  } else {
    RETURN_IF_ERROR(MakeDirectories(kept.path.substr(0, slash)));
    RETURN_IF_ERROR(CreateFile(kept.path, ""));
  }
  RETURN_IF_ERROR(AttachMount(kept.tree, kept.path));
  if (mount(nullptr, kept.path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
    return FailErrno("mount(" + kept.path + ", MS_REMOUNT | MS_BIND | MS_RDONLY)");
  }
  return {};
}

// What of `visible` is to be shown again: without what another element shows.
Result<std::vector<Kept>> Keep(std::vector<std::string> visible,
                               const std::vector<std::string>& places) {
  std::sort(visible.begin(), visible.end());
  std::vector<Kept> kept;
  for (const std::string& path : visible) {
    const bool covered = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
      return path != place && IsWithin(path, place);
    });
    const bool shown = std::any_of(kept.begin(), kept.end(),
                                   [&](const Kept& other) { return IsWithin(path, other.path); });
    if (!covered || shown) continue;
    ASSIGN_OR_RETURN(UniqueFd tree, CloneMount(path));
    kept.push_back({.path = path, .directory = IsDirectory(path), .tree = std::move(tree)});
  }
  return kept;
}

}  // namespace

const std::vector<std::string>& PrivateDirectories() {
  static const std::vector<std::string> directories = {"/run", "/tmp", "/var/log", "/var/lib/lxc",
                                                       "/dev/shm"};
  return directories;
}

Status MakePrivateDirectories(const std::vector<std::string>& visible) {
  std::vector<std::string> places;
  for (const std::string& directory : PrivateDirectories()) {
    ASSIGN_OR_RETURN(std::string place, MountPlace(directory));
    // Missing below /dev it must stay missing: device nodes cannot be covered.
    if (place == "/dev") continue;
    // Two that are missing may have one directory above them.
    if (std::find(places.begin(), places.end(), place) == places.end()) {
      places.push_back(std::move(place));
    }
  }
  ASSIGN_OR_RETURN(const std::vector<Kept> kept, Keep(visible, places));
  for (const std::string& place : places) {
    RETURN_IF_ERROR(DetachMounts(place));
    if (mount("lxcspec", place.c_str(), "tmpfs", 0, "mode=0755") != 0) {
      return FailErrno("mount(tmpfs, " + place + ")");
    }
  }
  for (const std::string& directory : PrivateDirectories()) {
    if (directory.starts_with("/dev/") && !IsDirectory(directory)) continue;
    RETURN_IF_ERROR(MakeDirectories(directory));
  }
  for (const char* everyones : {"/tmp", "/dev/shm"}) (void)chmod(everyones, 01777);
  for (const Kept& one : kept) RETURN_IF_ERROR(ShowAgain(one));
  return {};
}

}  // namespace lxcspec::launcher
