// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/codecs.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

tl::unexpected<Error> Refused(std::string_view value, std::string_view wanted) {
  return Failure(EINVAL, fmt::format("\"{}\" is not {}", value, wanted));
}

std::string WithoutRepeatedSlashes(std::string_view path) {
  std::string shorter;
  for (const char c : path) {
    if (c != '/' || !shorter.ends_with('/')) shorter += c;
  }
  return shorter;
}

template <size_t N>
bool IsOneOf(std::string_view value, const std::array<std::string_view, N>& choices) {
  return std::find(choices.begin(), choices.end(), value) != choices.end();
}

std::optional<int> RealTimeSignal(std::string_view name) {
  for (const auto& [prefix, first, sign] :
       {std::tuple("RTMIN+", SIGRTMIN, 1), std::tuple("RTMAX-", SIGRTMAX, -1)}) {
    if (!name.starts_with(prefix)) continue;
    const auto offset = ParseUnsigned(name.substr(strlen(prefix)));
    if (!offset || *offset > 64) return std::nullopt;
    const int number = first + sign * static_cast<int>(*offset);
    if (number >= SIGRTMIN && number <= SIGRTMAX) return number;
  }
  return std::nullopt;
}

std::optional<int> NamedSignal(std::string_view name) {
  if (name.starts_with("SIG")) name.remove_prefix(3);
  if (name == "RTMIN") return SIGRTMIN;
  if (name == "RTMAX") return SIGRTMAX;
  for (int number = 1; number < SIGRTMIN; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  return RealTimeSignal(name);
}

}  // namespace

Result<std::string> Text(std::string_view value) { return std::string(value); }

Result<std::string> Path(std::string_view value) { return WithoutRepeatedSlashes(value); }

Result<std::string> CgroupPath(std::string_view value) {
  if (value.starts_with('/')) return Refused(value, "a path relative to a cgroup");
  if (value.find("..") != value.npos) return Refused(value, "a path without \"..\"");
  return WithoutRepeatedSlashes(value);
}

Result<std::string> CgroupName(std::string_view value) {
  if (value == "." || value.find("..") != value.npos || value.find('/') != value.npos) {
    return Refused(value, "the name of one cgroup");
  }
  return std::string(value);
}

Result<std::string> Boolean(std::string_view value) {
  const auto number = ParseUnsigned(value);
  if (!number || *number > 1) return Refused(value, "0 or 1");
  return fmt::format("{}", *number);
}

Result<std::string> Unsigned(std::string_view value) {
  const auto number = ParseUnsigned(value);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) {
    return Refused(value, "a number that is not negative");
  }
  return fmt::format("{}", *number);
}

Result<std::string> Signed(std::string_view value) {
  const auto number = ParseSigned(value);
  if (!number || *number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    return Refused(value, "a number");
  }
  return fmt::format("{}", *number);
}

Result<std::string> BufferSize(std::string_view value) {
  constexpr uint64_t kAuto = 1 << 17;
  constexpr uint64_t kMost = uint64_t{1} << 62;
  if (value == "auto") return fmt::format("{}", kAuto);
  uint64_t unit = 1;
  std::string_view digits = value;
  if (value.size() > 2) {
    const std::string suffix = ToLower(value.substr(value.size() - 2));
    if (suffix == "kb") unit = uint64_t{1} << 10;
    if (suffix == "mb") unit = uint64_t{1} << 20;
    if (suffix == "gb") unit = uint64_t{1} << 30;
    if (unit != 1) digits = Trim(value.substr(0, value.size() - 2));
  }
  const auto count = ParseUnsigned(digits);
  if (!count || *count > kMost / unit) {
    return Refused(value, "a size: \"auto\", or a number of bytes, KB, MB or GB");
  }
  uint64_t rounded = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  while (rounded < *count * unit) rounded *= 2;
  return fmt::format("{}", rounded);
}

Result<std::string> HostName(std::string_view value) {
  if (value.size() > HOST_NAME_MAX)
    return Refused(value, "a host name, which has 64 bytes at most");
  return std::string(value);
}

Result<std::string> GroupIds(std::string_view value) {
  std::string canonical;
  std::string_view rest = value;
  while (true) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const auto number = ParseUnsigned(rest.substr(0, comma));
    if (!number || *number > std::numeric_limits<uint32_t>::max()) {
      return Refused(value, "a list of group ids with commas between");
    }
    canonical += fmt::format("{}{}", canonical.empty() ? "" : ",", *number);
    if (comma == rest.size()) return canonical;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::string> Signal(std::string_view value) {
  const auto number = ParseUnsigned(value);
  if (number && *number >= 1 && *number <= static_cast<uint64_t>(SIGRTMAX)) {
    return fmt::format("{}", *number);
  }
  const auto named = NamedSignal(value);
  if (!named) return Refused(value, "a signal");
  return fmt::format("{}", *named);
}

Result<std::string> Architecture(std::string_view value) {
  constexpr std::array<std::string_view, 7> kX86 = {"i386", "i486",   "i586",   "i686",
                                                    "x86",  "athlon", "linux32"};
  constexpr std::array<std::string_view, 3> kX86_64 = {"x86_64", "amd64", "linux64"};
  constexpr std::array<std::string_view, 22> kOthers = {
      "mips",    "ppc",         "aarch64", "arm",      "arm64",  "armel",   "armhf",     "armv7l",
      "armv8l",  "loongarch64", "mips64",  "mips64el", "mipsel", "powerpc", "powerpc64", "ppc64",
      "ppc64el", "ppc64le",     "riscv64", "s390",     "s390x",  "sparc64"};
  if (IsOneOf(value, kX86_64)) return "x86_64";
  if (IsOneOf(value, kX86)) return "i686";
  if (IsOneOf(value, kOthers)) return std::string(value);
  return Refused(value, "an architecture");
}

Result<std::string> LogLevel(std::string_view value) {
  constexpr std::array<std::string_view, 9> kLevels = {"TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
                                                       "ERROR", "CRIT",  "ALERT", "FATAL"};
  const auto number = ParseUnsigned(value);
  if (number && *number < kLevels.size()) return std::string(kLevels[*number]);
  for (const std::string_view level : kLevels) {
    if (ToLower(level) == ToLower(value)) return std::string(level);
  }
  return Refused(value, "a log level: a name from trace to fatal, or 0 to 8");
}

Result<std::string> SyslogFacility(std::string_view value) {
  constexpr std::array<std::string_view, 9> kFacilities = {
      "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
  if (!IsOneOf(value, kFacilities)) return Refused(value, "daemon or local0 to local7");
  return std::string(value);
}

Result<std::string> IdMap(std::string_view value) {
  const std::vector<std::string> words = Words(value);
  constexpr std::string_view kWanted = "\"u|g <first inside> <first outside> <count>\"";
  if (words.size() != 4 || (words[0] != "u" && words[0] != "g" && words[0] != "b")) {
    return Refused(value, kWanted);
  }
  std::array<uint64_t, 3> numbers{};
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto number = ParseUnsigned(words[i + 1]);
    if (!number || *number > std::numeric_limits<uint32_t>::max()) return Refused(value, kWanted);
    numbers[i] = *number;
  }
  if (numbers[2] == 0) return Refused(value, "a range of at least one id");
  return fmt::format("{} {} {} {}", words[0], numbers[0], numbers[1], numbers[2]);
}

Result<std::string> EnvironmentVariable(std::string_view value) {
  if (value.find('=') != value.npos) return std::string(value);
  const std::string name(value);
  const char* inherited = getenv(name.c_str());
  if (inherited == nullptr) {
    return Failure(ENOENT, fmt::format("the environment has no \"{}\" to inherit", name));
  }
  return fmt::format("{}={}", name, inherited);
}

Result<std::string> ResourceLimit(std::string_view value) {
  const std::vector<std::string> parts = Words(value, ": \t");
  if (parts.empty() || parts.size() > 2) return Refused(value, "\"<soft>[:<hard>]\"");
  std::string canonical;
  for (const std::string& part : parts) {
    if (!canonical.empty()) canonical += ':';
    const auto number = ParseUnsigned(part);
    if (!number && part != "unlimited") return Refused(value, "a number or \"unlimited\"");
    canonical += number ? fmt::format("{}", *number) : part;
  }
  return canonical;
}

Result<std::string> NamespaceName(std::string_view value) {
  constexpr std::array<std::string_view, 8> kNames = {"mnt", "pid",  "net",    "ipc",
                                                      "uts", "user", "cgroup", "time"};
  if (!IsOneOf(value, kNames)) return Refused(value, "a namespace");
  return std::string(value);
}

Result<std::string> AutoMount(std::string_view value) {
  constexpr std::array<std::string_view, 27> kWords = {"proc",
                                                       "proc:mixed",
                                                       "proc:rw",
                                                       "sys",
                                                       "sys:ro",
                                                       "sys:mixed",
                                                       "sys:rw",
                                                       "cgroup",
                                                       "cgroup:mixed",
                                                       "cgroup:ro",
                                                       "cgroup:rw",
                                                       "cgroup:force",
                                                       "cgroup:mixed:force",
                                                       "cgroup:ro:force",
                                                       "cgroup:rw:force",
                                                       "cgroup-full",
                                                       "cgroup-full:mixed",
                                                       "cgroup-full:ro",
                                                       "cgroup-full:rw",
                                                       "cgroup-full:force",
                                                       "cgroup-full:mixed:force",
                                                       "cgroup-full:ro:force",
                                                       "cgroup-full:rw:force",
                                                       "cgroup2",
                                                       "cgroup2:ro",
                                                       "cgroup2:force",
                                                       "cgroup2:ro:force"};
  constexpr std::string_view kShared = "shmounts:";
  // Bare, it would name no folder to share.
  if (value.starts_with(kShared) && value.size() > kShared.size()) return std::string(value);
  if (!IsOneOf(value, kWords)) return Refused(value, "a word of lxc.mount.auto");
  return std::string(value);
}

Result<std::string> SeccompProxy(std::string_view value) {
  constexpr std::string_view kPrefix = "unix:";
  constexpr size_t kMostPath = sizeof(sockaddr_un::sun_path) - 1;
  if (!value.starts_with(kPrefix)) return Refused(value, "unix:<path>");
  const std::string_view address = value.substr(kPrefix.size());
  const bool named = address.size() > 1 && (address[0] == '/' || address[0] == '@');
  if (!named || address.size() > kMostPath) {
    return Refused(value, "unix:/<path> or unix:@<name> that fits a socket address");
  }
  return std::string(value);
}

Result<std::string> TimeOffset(std::string_view value) {
  constexpr int64_t kSecond = 1'000'000'000;
  struct Unit {
    std::string_view name;
    int64_t nanoseconds;
  };
  constexpr std::array<Unit, 6> kUnits = {Unit{"h", 3600 * kSecond}, Unit{"m", 60 * kSecond},
                                          Unit{"s", kSecond},        Unit{"ms", 1'000'000},
                                          Unit{"us", 1'000},         Unit{"ns", 1}};
  std::string_view rest = Trim(value);
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  int64_t total = 0;
  // The unit of the term before, and from then on smaller ones.
  const Unit* unit = nullptr;
  // time_namespace.sum
  while (true) {
    // time_namespace.key_refused
    if (rest.find_first_of("0123456789") != 0) break;
    int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const bool beyond = error == std::errc::result_out_of_range;
    rest = Trim(rest.substr(static_cast<size_t>(end - rest.data())));
    const std::string_view name = rest.substr(0, rest.find_first_of(" \t0123456789"));
    const Unit* const first = unit == nullptr ? kUnits.data() : unit + 1;
    const Unit* const last = kUnits.data() + kUnits.size();
    unit = std::find_if(first, last, [&](const Unit& one) { return one.name == name; });
    if (unit == last) break;
    rest = Trim(rest.substr(name.size()));
    // time_namespace.overflow_refused
    if (beyond || __builtin_mul_overflow(count, unit->nanoseconds, &count) ||
        __builtin_add_overflow(total, count, &total)) {
      return Failure(ERANGE, fmt::format("\"{}\" is beyond 64 bits of nanoseconds", value));
    }
    if (rest.empty()) {
      const int64_t signed_total = negative ? -total : total;
      // time_namespace.key_reads_back
      return fmt::format("{}{}", signed_total / unit->nanoseconds, unit->name);
    }
  }
  return Refused(value, "numbers with their units h, m, s, ms, us, ns");
}

Result<std::string> MountEntry(std::string_view value) {
  if (Words(value).size() < 3) return Refused(value, "a line of fstab(5)");
  return std::string(value);
}

}  // namespace lxcspec::runtime
