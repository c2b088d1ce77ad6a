// SPDX-License-Identifier: Apache-2.0
//
// Reads a console's output into its ring, in the monitor's loop.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_PUMP_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_PUMP_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "runtime/base/result.h"
#include "runtime/container/console/read_pace.h"
#include "runtime/kernel/console_ring.h"
#include "runtime/kernel/event_loop.h"

namespace lxcspec::runtime {

class ConsolePump {
 public:
  // Is shown what was just read, where it is in the ring.
  using Sink = std::function<void(const RingPieces& output)>;

  // The loop, the pty's primary, which does not block, and the ring outlive it.
  ConsolePump(EventLoop& loop, int primary, ConsoleRing& ring, Sink sink);
  ConsolePump(const ConsolePump&) = delete;
  ConsolePump& operator=(const ConsolePump&) = delete;
  ~ConsolePump();

  Status Start();

  // Reads what is there now, no more than about `most` bytes. Returns how many it was.
  uint64_t ReadAvailable(uint64_t most);

  // While it is held nothing is read by itself, and the container waits when the pty is full.
  void Hold(bool held);

 private:
  uint64_t ReadOnce();
  void Visit();
  void Watch(bool watched);

  EventLoop& loop_;
  int primary_;
  ConsoleRing& ring_;
  Sink sink_;
  ReadPace pace_;
  bool started_ = false;
  bool watched_ = true;
  bool held_ = false;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_PUMP_H_
