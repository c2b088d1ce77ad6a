// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/freezing.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {
namespace {

// Between two looks at what the kernel does not tell by itself.
constexpr std::chrono::milliseconds kGlance{1};

}  // namespace

Freezing::~Freezing() { Cancel(); }

void Freezing::Begin(const Cgroup& cgroup, bool frozen, std::chrono::milliseconds patience,
                     OnEnd on_end) {
  Cancel();
  on_end_ = std::move(on_end);
  cgroup_ = &cgroup;
  frozen_ = frozen;
  if (const Status asked = cgroup.SetFrozen(frozen); !asked) return End(asked);
  auto state = cgroup.OpenFreezeState();
  if (!state) return End(Forward(std::move(state).error()));
  state_ = *std::move(state);
  glances_ =
      cgroup.version() != 2 || !loop_.Add(state_.get(), EPOLLPRI, [this](uint32_t) { Look(); });
  deadline_ = loop_.After(patience, [this] {
    deadline_.reset();
    // A container that is frozen by half is of no use to anybody.
    if (frozen_) static_cast<void>(cgroup_->SetFrozen(false));
    End(Failure(ETIMEDOUT,
                fmt::format("{} {}", frozen_ ? "freezing" : "thawing", cgroup_->folder())));
  });
  Look();
}

void Freezing::Cancel() {
  if (on_end_) End(Failure(ECANCELED, frozen_ ? "freezing" : "thawing"));
}

void Freezing::Look() {
  glance_.reset();
  const auto reached = cgroup_->Is(frozen_, state_);
  if (!reached) return End(Forward(reached.error()));
  if (*reached) return End({});
  if (glances_) glance_ = loop_.After(kGlance, [this] { Look(); });
}

void Freezing::End(const Status& status) {
  if (glance_) loop_.Cancel(*glance_);
  if (deadline_) loop_.Cancel(*deadline_);
  glance_.reset();
  deadline_.reset();
  loop_.Remove(state_.get());
  state_ = UniqueFd();
  // It may begin anew.
  if (const OnEnd on_end = std::exchange(on_end_, nullptr)) on_end(status);
}

}  // namespace lxcspec::runtime
