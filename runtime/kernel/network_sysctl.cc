// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/network_sysctl.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr char kFolder[] = "/proc/sys/";

// sysctl(8) writes slashes as dots, and dots as slashes.
std::string SysctlName(std::string path) {
  for (char& c : path) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return path;
}

}  // namespace

Result<std::string> GetNetworkSysctl(const std::string& path) {
  const auto text = ReadWhole(kFolder + path);
  if (!text) return Forward(text.error());
  return std::string(Trim(*text));
}

Status SetNetworkSysctl(const std::string& path, std::string_view value) {
  return WriteInto(AT_FDCWD, kFolder + path, value);
}

Status RequireNetworkSysctl(const std::string& path, std::string_view value) {
  const auto now = GetNetworkSysctl(path);
  if (!now) return Failure(now.error().code, fmt::format("sysctl {}", SysctlName(path)));
  if (*now == value) return {};
  return Failure(EPERM, fmt::format("sysctl {} is {}, not {}", SysctlName(path), *now, value));
}

}  // namespace lxcspec::runtime
