// SPDX-License-Identifier: Apache-2.0
//
// The file of lxc.console.logfile: a copy of the console's output, limited or not.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_LOG_FILE_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_LOG_FILE_H_

#include <cstdint>
#include <span>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/console_ring.h"

namespace lxcspec::runtime {

class ConsoleLogFile {
 public:
  // Behind what is there already. A limit of 0 is none. Symbolic links are followed. What is no
  // regular file, a FIFO or a device, has no limit, and what it does not take at once is lost.
  static Result<ConsoleLogFile> Open(const std::string& path, uint64_t limit, bool rotates);

  // Writes as much of it as can be; the error is for the first that could not.
  Status Write(const RingPieces& pieces);

  // Puts the newest output into the file, where it is more than what the limit has left there.
  Status Restore(const ConsoleRing& ring);

 private:
  ConsoleLogFile() = default;

  Status WriteBytes(std::span<const char> bytes);
  // Writes without looking at the limit.
  Status Put(std::span<const char> bytes);
  Status MakeRoom();
  Status Rotate();
  Status Cut();

  // Of the file itself, where it is a regular one: no link leads there.
  std::string path_;
  UniqueFd fd_;
  uint64_t limit_ = 0;
  bool rotates_ = false;
  bool is_regular_ = false;
  uint64_t size_ = 0;
  // How many bytes at the file's end are this run's output without a gap.
  uint64_t unbroken_ = 0;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_LOG_FILE_H_
