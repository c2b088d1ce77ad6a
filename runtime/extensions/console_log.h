// SPDX-License-Identifier: Apache-2.0
//
// The extension console_log: reads, clears and shortens the ring buffer of a container's console.
// spec/extensions/console_log.md
//
// A monitor answers without waiting for the client: what is short goes in the answer itself, what
// is long in a sealed memfd. What was put into an answer is no longer in the buffer.

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CONSOLE_LOG_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CONSOLE_LOG_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/console_ring.h"

namespace lxcspec::runtime {

struct ConsoleLogRequest {
  bool clear = false;
  bool read = false;
  // 0: all for a read, none for a request without read and clear.
  uint64_t limit = 0;

  std::string Encoded() const;
  // EBADMSG for what is none.
  static Result<ConsoleLogRequest> Decode(std::string_view bytes);
};

struct ConsoleLogAnswer {
  // One of them.
  std::string bytes;
  UniqueFd memfd;
};

// Answers with the buffer, in the monitor; null: the container has none. ENODATA where there is
// nothing to read, EFAULT without a buffer. A failure takes nothing out of the buffer.
Result<ConsoleLogAnswer> AnswerConsoleLog(ConsoleRing* buffer, const ConsoleLogRequest& request);

struct FreeMemory {
  void operator()(void* memory) const { free(memory); }
};

// Memory of malloc(3), with a zero byte behind `size` bytes.
struct ConsoleLogBytes {
  std::unique_ptr<char, FreeMemory> data;
  uint64_t size = 0;
};

// What an answer holds, in the client.
Result<ConsoleLogBytes> BytesOf(const ConsoleLogAnswer& answer);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CONSOLE_LOG_H_
