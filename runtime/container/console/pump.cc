// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/pump.h"

#include <sys/uio.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

namespace lxcspec::runtime {
namespace {

// Then it is others' turn in the loop.
constexpr uint64_t kVisit = uint64_t{64} * 1024;

ReadPace::Nanoseconds Time() { return EventLoop::Clock::now().time_since_epoch(); }

ReadPace::Nanoseconds ProcessorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

ConsolePump::ConsolePump(EventLoop& loop, int primary, ConsoleRing& ring, Sink sink)
    : loop_(loop),
      primary_(primary),
      ring_(ring),
      sink_(std::move(sink)),
      pace_(Time, ProcessorTime) {}

ConsolePump::~ConsolePump() {
  if (timer_) loop_.Cancel(*timer_);
  if (started_) loop_.Remove(primary_);
}

Status ConsolePump::Start() {
  TRY(loop_.Add(primary_, EPOLLIN, [this](uint32_t) { Visit(); }));
  started_ = true;
  return {};
}

uint64_t ConsolePump::ReadOnce() {
  const RingPieces room = ring_.Reserve(pace_.read_size());
  ssize_t count = -1;
  do {
    count = readv(primary_, room.data(), room[1].iov_len > 0 ? 2 : 1);
  } while (count < 0 && errno == EINTR);
  // EIO: nobody has the terminal open, which is no reason to give it up.
  if (count <= 0) return 0;
  const auto length = static_cast<uint64_t>(count);
  ring_.Commit(length);
  sink_(ring_.Newest(length));
  return length;
}

uint64_t ConsolePump::ReadAvailable(uint64_t most) {
  uint64_t total = 0;
  // A read that was not filled may still not have been the last: a pty gives what is in one of its
  // pieces.
  while (total < most) {
    const uint64_t count = ReadOnce();
    if (count == 0) break;
    total += count;
  }
  return total;
}

void ConsolePump::Visit() {
  timer_.reset();
  if (held_) return;
  uint64_t total = 0;
  // console_log.unread_never_blocks
  while (total < kVisit && !held_) {
    const uint64_t count = ReadOnce();
    total += count;
    if (!pace_.ReadsOn(count)) break;
  }
  if (held_) return;
  const auto pause = pace_.NextPause(total);
  if (pause.count() == 0) return Watch(true);
  Watch(false);
  timer_ = loop_.After(pause, [this] { Visit(); });
}

void ConsolePump::Watch(bool watched) {
  if (watched == watched_) return;
  watched_ = watched;
  static_cast<void>(loop_.Change(primary_, watched ? uint32_t{EPOLLIN} : 0));
}

void ConsolePump::Hold(bool held) {
  if (held == held_) return;
  held_ = held;
  if (timer_) loop_.Cancel(*timer_);
  timer_.reset();
  if (started_) Watch(!held);
}

}  // namespace lxcspec::runtime
