// SPDX-License-Identifier: Apache-2.0
//
// What a running container has outside of itself, in a file that its monitor holds locked. Who
// finds one that nobody holds removes what it names: so nothing stays after a killed monitor.
//
// The files are in /run/lxc/, for other users than root in $XDG_RUNTIME_DIR/lxc/.

#ifndef LXCSPEC_RUNTIME_CONTAINER_RUN_RECORD_H_
#define LXCSPEC_RUNTIME_CONTAINER_RUN_RECORD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

struct RunContents {
  Place place;
  // Absolute paths, in the order in which they were made.
  std::vector<std::string> cgroups;
  // What its network has left on the host: network/host_traces.h.
  std::vector<std::string> devices;
};

class RunRecord {
 public:
  // Makes the record, or takes one that nobody holds, whose contents are then in contents(). EBUSY
  // where another process holds it.
  static Result<RunRecord> Take(const Place& place);

  // The same, but ENOENT where there is none.
  static Result<RunRecord> TakeAbandoned(const Place& place);

  // What was in it when it was taken, as far as it could be understood.
  const RunContents& contents() const { return contents_; }

  Status Write(const RunContents& contents);

  // The file goes. Nothing else of this object is to be used then.
  void Remove();

 private:
  RunRecord(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

  static Result<RunRecord> TakeFile(const Place& place, int flags);

  std::string path_;
  UniqueFd file_;
  // Of the file, at most.
  size_t size_ = 0;
  RunContents contents_;
};

// The places of all records, held or not.
std::vector<Place> RecordedPlaces();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_RUN_RECORD_H_
