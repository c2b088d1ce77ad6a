// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/lifecycle.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "runtime/container/cgroups.h"
#include "runtime/container/network/host_traces.h"
#include "runtime/container/run_record.h"
#include "runtime/extensions/reboot2.h"

namespace lxcspec::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How often a container that nothing listens for is looked after.
constexpr milliseconds kInterval(20);
// How long a record may be held by who does not listen.
constexpr milliseconds kSettling(2000);

class Deadline {
 public:
  explicit Deadline(Seconds timeout) {
    if (timeout >= 0) at_ = Clock::now() + std::chrono::seconds(timeout);
  }

  // For poll(2): rounded up, -1 for ever.
  int Left() const {
    if (!at_) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000'000));
  }
  bool IsOver() const { return at_ && Clock::now() >= *at_; }

 private:
  std::optional<Clock::time_point> at_;
};

tl::unexpected<Error> TooLate(const Place& place) {
  return Failure(ETIMEDOUT, fmt::format("wait({})", place.ToString()));
}

void Rest(const Deadline& deadline) {
  const int left = deadline.Left();
  const int interval = static_cast<int>(kInterval.count());
  poll(nullptr, 0, left < 0 ? interval : std::min(left, interval));
}

// Follows a container's states.
class StateWatch {
 public:
  static Result<StateWatch> Open(const Place& place) {
    auto connection = MonitorConnection::Open(place);
    if (!connection) return Forward(std::move(connection).error());
    auto answer = connection->Ask(Command::kWatchState);
    if (!answer) return Forward(std::move(answer).error());
    StateWatch watch(*std::move(connection));
    watch.state_ = ParseState(answer->body).value_or(State::kStopped);
    return watch;
  }

  State state() const { return state_; }

  // Waits for the next one. Nothing where the time is over; STOPPED where the monitor ended.
  Result<std::optional<State>> Next(const Deadline& deadline) {
    pollfd entry{.fd = connection_.fd(), .events = POLLIN, .revents = 0};
    const int ready = poll(&entry, 1, deadline.Left());
    if (ready < 0 && errno != EINTR) return ErrnoFailure("poll()");
    if (ready <= 0) return deadline.IsOver() ? std::nullopt : std::optional(state_);
    const auto answer = connection_.Next();
    if (!answer) return Forward(answer.error());
    state_ = *answer ? ParseState((*answer)->body).value_or(State::kStopped) : State::kStopped;
    return state_;
  }

 private:
  explicit StateWatch(MonitorConnection connection) : connection_(std::move(connection)) {}

  MonitorConnection connection_;
  State state_ = State::kStopped;
};

bool IsGone(const Error& error) {
  return error.code == ECONNREFUSED || error.code == ECONNRESET || error.code == EPIPE;
}

// Of a container that nothing listens for: whether it is stopped. A process lets go of its socket
// and its record one after the other when it ends, and takes them one after the other.
bool IsStoppedForGood(const Place& place) {
  const auto deadline = Clock::now() + kSettling;
  while (!RemoveLeftovers(place) && Clock::now() < deadline) {
    if (MonitorConnection::Open(place)) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace

bool RemoveLeftovers(const Place& place) {
  auto record = RunRecord::TakeAbandoned(place);
  if (!record) return record.error().code != EBUSY;
  // What cannot be removed stays on record for the next who asks.
  if (ContainerCgroups::RemoveAt(record->contents().cgroups) &&
      RemoveHostTraces(record->contents().devices)) {
    record->Remove();
  }
  return true;
}

Result<State> CurrentState(const Place& place, Patience patience) {
  for (;;) {
    const auto answer = Query(place, Command::kState, "", patience);
    if (answer) return ParseState(answer->body).value_or(State::kStopped);
    if (!IsGone(answer.error())) return Forward(answer.error());
    if (IsStoppedForGood(place)) return State::kStopped;
  }
}

Status WaitForState(const Place& place, const StateSet& states, Seconds timeout) {
  const Deadline deadline(timeout);
  for (;;) {
    auto watch = StateWatch::Open(place);
    if (watch) {
      State state = watch->state();
      while (state != State::kStopped) {
        if (Contains(states, state)) return {};
        const auto next = watch->Next(deadline);
        if (!next) return Forward(next.error());
        if (!*next) return TooLate(place);
        state = **next;
      }
    } else if (!IsGone(watch.error())) {
      return Forward(std::move(watch).error());
    }
    if (IsStoppedForGood(place) && Contains(states, State::kStopped)) return {};
    if (deadline.IsOver()) return TooLate(place);
    Rest(deadline);
  }
}

Status StopContainer(const Place& place) {
  auto connection = MonitorConnection::Open(place);
  if (connection) {
    // The connection's end is the answer.
    const auto answer = connection->Ask(Command::kStop);
    if (!answer && !IsGone(answer.error())) return Forward(answer.error());
  } else if (!IsGone(connection.error())) {
    return Forward(std::move(connection).error());
  }
  static_cast<void>(IsStoppedForGood(place));
  return {};
}

Status ShutdownContainer(const Place& place, const std::string& signal, Seconds timeout) {
  const auto sent = Query(place, Command::kSignal, signal.empty() ? "halt" : signal);
  if (!sent && !IsGone(sent.error()) && sent.error().code != ESRCH) return Forward(sent.error());
  if (timeout == 0) return {};
  return WaitForState(place, ParseStates("STOPPED").value(), timeout);
}

Status RebootContainer(const Place& place, const std::string& signal, Seconds timeout) {
  const Deadline deadline(timeout);
  // reboot2.not_running reboot2.after_stop
  auto watch = StateWatch::Open(place);
  if (!watch) return Forward(std::move(watch).error());
  const auto sent = Query(place, Command::kSignal, signal.empty() ? "reboot" : signal);
  if (!sent) return Forward(sent.error());
  if (!RebootWaits(timeout)) return {};
  RebootProgress progress;
  for (;;) {
    const auto next = watch->Next(deadline);
    if (!next) return Forward(next.error());
    // reboot2.expires
    if (!*next) return TooLate(place);
    const auto outcome = progress.Observe(StateName(**next));
    if (outcome == RebootProgress::Outcome::kRebooted) return {};
    if (outcome == RebootProgress::Outcome::kHalted) {
      return Failure(ESRCH, "the container halted instead");
    }
  }
}

}  // namespace lxcspec::runtime
