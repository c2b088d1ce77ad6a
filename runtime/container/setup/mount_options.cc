// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/mount_options.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

struct Flag {
  std::string_view name;
  unsigned long set;
  unsigned long cleared = 0;
};

constexpr std::array<Flag, 27> kFlags = {{{"async", 0, MS_SYNCHRONOUS},
                                          {"atime", 0, MS_NOATIME},
                                          {"bind", MS_BIND},
                                          {"defaults", 0},
                                          {"dev", 0, MS_NODEV},
                                          {"diratime", 0, MS_NODIRATIME},
                                          {"dirsync", MS_DIRSYNC},
                                          {"exec", 0, MS_NOEXEC},
                                          {"lazytime", MS_LAZYTIME},
                                          {"mand", MS_MANDLOCK},
                                          {"noatime", MS_NOATIME},
                                          {"nodev", MS_NODEV},
                                          {"nodiratime", MS_NODIRATIME},
                                          {"noexec", MS_NOEXEC},
                                          {"nolazytime", 0, MS_LAZYTIME},
                                          {"nomand", 0, MS_MANDLOCK},
                                          {"norelatime", 0, MS_RELATIME},
                                          {"nostrictatime", 0, MS_STRICTATIME},
                                          {"nosuid", MS_NOSUID},
                                          {"rbind", MS_BIND | MS_REC},
                                          {"relatime", MS_RELATIME},
                                          {"remount", MS_REMOUNT},
                                          {"ro", MS_RDONLY},
                                          {"rw", 0, MS_RDONLY},
                                          {"strictatime", MS_STRICTATIME},
                                          {"suid", 0, MS_NOSUID},
                                          {"sync", MS_SYNCHRONOUS}}};

constexpr std::array<Flag, 8> kPropagation = {{{"private", MS_PRIVATE},
                                               {"shared", MS_SHARED},
                                               {"slave", MS_SLAVE},
                                               {"unbindable", MS_UNBINDABLE},
                                               {"rprivate", MS_PRIVATE | MS_REC},
                                               {"rshared", MS_SHARED | MS_REC},
                                               {"rslave", MS_SLAVE | MS_REC},
                                               {"runbindable", MS_UNBINDABLE | MS_REC}}};

template <size_t N>
const Flag* Find(const std::array<Flag, N>& flags, std::string_view name) {
  const auto* found =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
  return found != flags.end() ? found : nullptr;
}

Status ApplyOption(const std::string& option, MountOptions& options) {
  constexpr std::string_view kCreate = "create=";
  constexpr std::string_view kIdmap = "idmap=";
  if (const Flag* flag = Find(kFlags, option)) {
    options.flags = (options.flags & ~flag->cleared) | flag->set;
  } else if (const Flag* propagation = Find(kPropagation, option)) {
    options.propagation.push_back(propagation->set);
  } else if (option == "optional") {
    options.optional = true;
  } else if (option == "relative") {
    options.relative = true;
  } else if (option == "create=dir") {
    options.create = CreateTarget::kFolder;
  } else if (option == "create=file") {
    options.create = CreateTarget::kFile;
  } else if (option.starts_with(kCreate)) {
    return Failure(EINVAL, fmt::format("{}: neither dir nor file", option));
  } else if (option.starts_with(kIdmap)) {
    options.wants_idmap = true;
    options.idmap = option.substr(kIdmap.size());
  } else {
    options.data += (options.data.empty() ? "" : ",") + option;
  }
  return {};
}

// Whether a path is a folder or below it.
bool IsBelow(std::string_view path, std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  if (folder.empty() || !path.starts_with(folder)) return false;
  return path.size() == folder.size() || path[folder.size()] == '/';
}

}  // namespace

Result<MountOptions> ParseMountOptions(std::string_view text) {
  MountOptions options;
  std::string option;
  // A comma that follows a backslash belongs to the option, for the file system to read.
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool escaped = i > 0 && text[i - 1] == '\\';
    if (i < text.size() && (text[i] != ',' || escaped)) {
      option += text[i];
      continue;
    }
    if (!option.empty()) TRY(ApplyOption(option, options));
    option.clear();
  }
  return options;
}

Result<MountRequest> ParseMountEntry(std::string_view line, std::string_view rootfs) {
  constexpr size_t kFewest = 3;
  constexpr size_t kMost = 6;
  const std::vector<std::string> fields = Words(line);
  if (fields.size() < kFewest || fields.size() > kMost) {
    return Failure(EINVAL, fmt::format("\"{}\" is not a line of fstab(5)", line));
  }
  auto options = ParseMountOptions(fields.size() > kFewest ? fields[kFewest] : "defaults");
  if (!options) {
    return Failure(options.error().code,
                   fmt::format("\"{}\": {}", line, options.error().attempted));
  }
  MountRequest entry{.source = UnescapeOctal(fields[0]),
                     .target = UnescapeOctal(fields[1]),
                     .type = UnescapeOctal(fields[2]),
                     .options = *std::move(options)};
  if (IsBelow(entry.target, rootfs)) {
    const size_t end = rootfs.find_last_not_of('/');
    entry.target = entry.target.substr(end + 1);
    if (entry.target.empty()) entry.target = "/";
  } else if (entry.target.starts_with('/')) {
    entry.options.optional = true;
  }
  return entry;
}

Result<std::vector<MountRequest>> ReadFstab(const std::string& path, std::string_view rootfs) {
  const auto text = ReadWhole(path);
  if (!text) return Forward(text.error());
  std::vector<MountRequest> entries;
  std::istringstream lines(*text);
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string_view content = Trim(line);
    if (content.empty() || content.starts_with('#')) continue;
    auto entry = ParseMountEntry(content, rootfs);
    if (!entry) {
      return Failure(entry.error().code,
                     fmt::format("{}:{}: {}", path, number, entry.error().attempted));
    }
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace lxcspec::runtime
