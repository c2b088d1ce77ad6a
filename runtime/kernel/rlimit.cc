// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/rlimit.h"

#include <fmt/format.h>

#include <array>

namespace lxcspec::runtime {
namespace {

struct Name {
  std::string_view name;
  int resource;
};

constexpr std::array<Name, 16> kNames = {{{"as", RLIMIT_AS},
                                          {"core", RLIMIT_CORE},
                                          {"cpu", RLIMIT_CPU},
                                          {"data", RLIMIT_DATA},
                                          {"fsize", RLIMIT_FSIZE},
                                          {"locks", RLIMIT_LOCKS},
                                          {"memlock", RLIMIT_MEMLOCK},
                                          {"msgqueue", RLIMIT_MSGQUEUE},
                                          {"nice", RLIMIT_NICE},
                                          {"nofile", RLIMIT_NOFILE},
                                          {"nproc", RLIMIT_NPROC},
                                          {"rss", RLIMIT_RSS},
                                          {"rtprio", RLIMIT_RTPRIO},
                                          {"rttime", RLIMIT_RTTIME},
                                          {"sigpending", RLIMIT_SIGPENDING},
                                          {"stack", RLIMIT_STACK}}};

}  // namespace

std::optional<int> ResourceNumber(std::string_view name) {
  for (const Name& known : kNames) {
    if (known.name == name) return known.resource;
  }
  return std::nullopt;
}

Status SetResourceLimit(pid_t process, const ResourceLimitSetting& setting) {
  const auto resource = static_cast<__rlimit_resource>(setting.resource);
  if (prlimit(process, resource, &setting.limit, nullptr) != 0) {
    return ErrnoFailure(fmt::format("prlimit({}, {}, {}:{})", process, setting.name,
                                    setting.limit.rlim_cur, setting.limit.rlim_max));
  }
  return {};
}

}  // namespace lxcspec::runtime
