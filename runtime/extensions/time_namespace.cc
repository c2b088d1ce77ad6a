// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/time_namespace.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t Nanoseconds(std::string_view text) {
  // "ms" before "m" and "s", which it begins with or ends in.
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"ms", 1'000'000},     {"us", 1'000},       {"ns", 1},
      {"h", 3600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    return ParseSigned(text.substr(0, text.size() - unit.size())).value_or(0) * factor;
  }
  return 0;
}

std::string Line(std::string_view clock, std::string_view value) {
  if (value.empty()) return "";
  const int64_t total = Nanoseconds(value);
  // The kernel takes no negative nanoseconds, and no more than a second has: the seconds are
  // rounded down. time_namespace.negative time_namespace.beyond_a_second
  const int64_t nanoseconds = ((total % kSecond) + kSecond) % kSecond;
  return fmt::format("{} {} {}\n", clock, (total - nanoseconds) / kSecond, nanoseconds);
}

}  // namespace

Result<std::string> PlanTimeOffsets(const TimeOffsets& offsets, TimeNamespaceUse use) {
  if (offsets.any() && use != TimeNamespaceUse::kOwn) {
    // time_namespace.not_without_offsets
    return Failure(EINVAL, fmt::format("lxc.time.offset: the time namespace is {}",
                                       use == TimeNamespaceUse::kKept ? "the starter's (keep)"
                                                                      : "another one's (share)"));
  }
  // time_namespace.units
  return Line("monotonic", offsets.monotonic) + Line("boottime", offsets.boot);
}

}  // namespace lxcspec::runtime
