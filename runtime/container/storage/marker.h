// SPDX-License-Identifier: Apache-2.0
//
// The file `partial` in a container's folder: it is there, and locked, as long as the container is
// being made or removed. One that nobody holds was left by somebody who was interrupted; other
// releases of LXC read and write the same file.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_MARKER_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_MARKER_H_

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

inline constexpr char kMarkerName[] = "partial";

enum class MarkerState { kAbsent, kHeld, kAbandoned };

Result<MarkerState> LookAtMarker(const std::string& folder);

// What an interrupted process leaves to be removed: the paths that the marker names, or the folder
// itself where it says nothing, or was not written by this user. ENOENT where there is no marker.
Result<std::vector<std::string>> PathsInMarker(const std::string& folder);

// What is to be removed if the process that holds the marker does not come to its end.
struct Remains {
  // The container's folder.
  bool folder = true;
  // Absolute paths beside it, or in it where the folder stays.
  std::vector<std::string> paths;
};

// Held until this object is gone, which leaves the file where it is.
class Marker {
 public:
  // EBUSY where another process holds it. An abandoned one is taken over.
  static Result<Marker> Take(const std::string& folder, const Remains& remains);

  // Says anew what is to be removed.
  Status Name(const Remains& remains);

  // What was begun is complete.
  Status Remove();

 private:
  Marker(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_MARKER_H_
