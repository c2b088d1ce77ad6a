// SPDX-License-Identifier: Apache-2.0
//
// Follows the results file as it grows, and hands its bytes and the tests that start in it on.

#ifndef LXCSPEC_VMTESTS_GUEST_RESULTS_STREAM_H_
#define LXCSPEC_VMTESTS_GUEST_RESULTS_STREAM_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"
#include "vmtests/guest/job.h"

namespace lxcspec::guest {

class ResultsStream {
 public:
  using OnBytes = std::function<Status(std::string_view bytes)>;
  using OnStart = std::function<void(const Start& start)>;

  // Starts behind what the file holds now; the file need not exist yet, its directory must.
  static Result<ResultsStream> Follow(const std::string& path);

  // Becomes readable when there may be something to pump.
  int fd() const { return inotify_.get(); }

  // Hands on what was appended since the last time. Every complete line that starts a test is
  // announced before its bytes are handed on. Fails if the file has shrunk: the host has the old
  // bytes already.
  Status Pump(const OnBytes& on_bytes, const OnStart& on_start);

  // How many bytes were handed on.
  int64_t sent() const { return offset_ - start_; }

 private:
  ResultsStream(std::string path, UniqueFd inotify, int64_t start)
      : path_(std::move(path)), inotify_(std::move(inotify)), start_(start), offset_(start) {}

  void DrainEvents();

  std::string path_;
  UniqueFd inotify_;
  int64_t start_;
  int64_t offset_;
  std::string partial_line_;
};

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_RESULTS_STREAM_H_
