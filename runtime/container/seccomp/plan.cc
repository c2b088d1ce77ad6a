// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/seccomp/plan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "runtime/base/unique_fd.h"
#include "runtime/container/own_log.h"
#include "runtime/extensions/claims.h"
#include "runtime/extensions/seccomp_allow_deny_syntax.h"
#include "runtime/extensions/seccomp_allow_nesting.h"
#include "runtime/extensions/seccomp_notify.h"
#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {
namespace {

constexpr size_t kLongestPolicy = size_t{1} << 20;

Result<std::string> ReadPolicy(const std::string& path) {
  // Whatever is no file does not keep the starter waiting.
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) return ErrnoFailure(fmt::format("open({})", path));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return ErrnoFailure(fmt::format("fstat({})", path));
  if (!S_ISREG(status.st_mode)) return Failure(EINVAL, fmt::format("{} is no file", path));
  std::string text;
  std::array<char, 16384> part;
  while (true) {
    const ssize_t count = read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure(fmt::format("read({})", path));
    if (count == 0) return text;
    text.append(part.data(), static_cast<size_t>(count));
    if (text.size() > kLongestPolicy) return Failure(E2BIG, fmt::format("read({})", path));
  }
}

Result<SeccompFilter> FilterFrom(const std::string& path) {
  const auto text = ReadPolicy(path);
  if (!text) return Forward(text.error());
  const auto in_file = [&](Error error) {
    error.attempted = fmt::format("{}: {}", path, error.attempted);
    return Forward(std::move(error));
  };
  const auto policy =
      ParseSeccompPolicy(*text, PolicyListWords(IsSwitchedOn("seccomp_allow_deny_syntax")));
  if (!policy) return in_file(policy.error());
  auto filter = CompileSeccompPolicy(*policy);
  if (!filter) return in_file(std::move(filter).error());
  for (std::string& warning : filter->warnings) warning = fmt::format("{}: {}", path, warning);
  return filter;
}

Status MayFilter(const Config& config) {
  if (!HasSeccompFilters()) return Failure(ENOSYS, "this kernel has no seccomp filters");
  const bool is_allowed = IsSwitchedOn("seccomp_allow_nesting") &&
                          FirstValue(config, "lxc.seccomp.allow_nesting") == "1";
  // What cannot be found out may be so.
  return MayLoadProfile(IsThreadFiltered().value_or(true), is_allowed);
}

Result<SeccompFilter> PlanFilter(const Config& config, const std::string& path) {
  TRY(MayFilter(config));
  auto filter = FilterFrom(path);
  if (filter && filter->notifies) TRY(NotifyCanBeHad(IsSwitchedOn("seccomp_notify")));
  return filter;
}

}  // namespace

Result<SeccompPlan> PlanSeccomp(const Config& config) {
  const std::string path = FirstValue(config, "lxc.seccomp.profile");
  if (path.empty()) return SeccompPlan();
  auto filter = PlanFilter(config, path);
  if (!filter) {
    return Failure(filter.error().code,
                   fmt::format("lxc.seccomp.profile: {}", filter.error().attempted));
  }
  return SeccompPlan{.filter = *std::move(filter),
                     .proxy = FirstValue(config, "lxc.seccomp.notify.proxy"),
                     .cookie = FirstValue(config, "lxc.seccomp.notify.cookie")};
}

}  // namespace lxcspec::runtime
