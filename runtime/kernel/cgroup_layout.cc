// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/cgroup_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

struct Mount {
  std::string id;
  std::string parent;
  std::string root;
  std::string point;
  // 0 for what is no cgroup file system.
  int version = 0;
  // Of version 1: all options of the superblock, the controllers among them.
  std::vector<std::string> options;
};

// proc(5): blanks, tabs, newlines and backslashes of paths are octal escapes.
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 3);
    const bool escaped =
        text[i] == '\\' && digits.size() == 3 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '7'; });
    if (!escaped) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += 3;
  }
  return plain;
}

std::optional<Mount> ParseMount(std::string_view line) {
  const std::vector<std::string> words = Words(line);
  const auto separator = std::find(words.begin(), words.end(), "-");
  if (words.size() < 6 || words.end() - separator < 4) return std::nullopt;
  const std::string& type = separator[1];
  return Mount{.id = words[0],
               .parent = words[1],
               .root = Unescaped(words[3]),
               .point = Unescaped(words[4]),
               .version = type == "cgroup2" ? 2 : (type == "cgroup" ? 1 : 0),
               .options = Words(separator[3], ",")};
}

// Whether another mount is in the way to this one: over it, or over a folder above it.
bool IsHidden(const Mount& mount, const std::vector<Mount>& all) {
  const auto in_the_way = [&](const Mount& other, const Mount& to) {
    return other.parent == to.parent && other.id != to.id &&
           to.point.starts_with(other.point == "/" ? "/" : other.point + "/");
  };
  const auto over = [&](const Mount& other) {
    return other.parent == mount.id && other.id != mount.id && other.point == mount.point;
  };
  if (std::any_of(all.begin(), all.end(), over)) return true;
  const Mount* to = &mount;
  // There are no more steps to the root than there are mounts.
  for (size_t steps = 0; steps < all.size(); ++steps) {
    if (std::any_of(all.begin(), all.end(),
                    [&](const Mount& other) { return in_the_way(other, *to); })) {
      return true;
    }
    const auto parent = std::find_if(all.begin(), all.end(),
                                     [&](const Mount& other) { return other.id == to->parent; });
    if (parent == all.end()) return false;
    to = &*parent;
  }
  return false;
}

// The folder of a cgroup that the kernel calls `path`; nothing where the mount does not show it.
std::optional<std::string> Folder(const Mount& mount, std::string_view path) {
  if (path.starts_with("/..") || mount.root.starts_with("/..")) return std::nullopt;
  std::string_view below = path;
  if (mount.root != "/") {
    if (!path.starts_with(mount.root)) return std::nullopt;
    below.remove_prefix(mount.root.size());
    if (!below.empty() && below.front() != '/') return std::nullopt;
  }
  return mount.point + (below == "/" ? "" : std::string(below));
}

bool Serves(const Mount& mount, int version, const std::vector<std::string>& controllers) {
  if (mount.version != version) return false;
  return std::all_of(controllers.begin(), controllers.end(), [&](const std::string& controller) {
    return std::find(mount.options.begin(), mount.options.end(), controller) != mount.options.end();
  });
}

CgroupLayout LayoutOf(const std::vector<CgroupHierarchy>& all) {
  const auto has = [&](int version) {
    return std::any_of(all.begin(), all.end(), [&](const CgroupHierarchy& hierarchy) {
      return hierarchy.version == version;
    });
  };
  if (has(2)) return has(1) ? CgroupLayout::kHybrid : CgroupLayout::kUnified;
  return has(1) ? CgroupLayout::kLegacy : CgroupLayout::kNone;
}

Result<std::string> Contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Failure(errno != 0 ? errno : EIO, fmt::format("open({})", path));
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string_view Name(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::kUnified:
      return "unified";
    case CgroupLayout::kHybrid:
      return "hybrid";
    case CgroupLayout::kLegacy:
      return "legacy";
    case CgroupLayout::kNone:
      break;
  }
  return "none";
}

CgroupHierarchies FindCgroups(std::string_view mountinfo, std::string_view membership) {
  std::vector<Mount> mounts;
  for (const std::string& line : Words(mountinfo, "\n")) {
    if (auto mount = ParseMount(line)) mounts.push_back(*std::move(mount));
  }
  CgroupHierarchies found;
  // <id>:<controllers>:<path>; 0 and no controllers for version 2.
  for (const std::string& line : Words(membership, "\n")) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    CgroupHierarchy hierarchy;
    hierarchy.controllers = Words(line.substr(first + 1, second - first - 1), ",");
    hierarchy.version = hierarchy.controllers.empty() ? 2 : 1;
    for (const Mount& mount : mounts) {
      if (!Serves(mount, hierarchy.version, hierarchy.controllers)) continue;
      if (IsHidden(mount, mounts)) continue;
      auto folder = Folder(mount, line.substr(second + 1));
      if (!folder) continue;
      hierarchy.folder = *std::move(folder);
      found.all.push_back(std::move(hierarchy));
      break;
    }
  }
  found.layout = LayoutOf(found.all);
  return found;
}

Result<std::string> OwnMounts() { return Contents("/proc/self/mountinfo"); }

Result<CgroupHierarchies> CgroupsOf(const std::string& process) {
  const auto mountinfo = OwnMounts();
  if (!mountinfo) return Forward(mountinfo.error());
  return CgroupsOf(process, *mountinfo);
}

Result<CgroupHierarchies> CgroupsOf(const std::string& process, std::string_view mountinfo) {
  const auto membership = Contents(fmt::format("/proc/{}/cgroup", process));
  if (!membership) return Forward(membership.error());
  return FindCgroups(mountinfo, *membership);
}

bool HasUnifiedHierarchy() {
  const auto own = CgroupsOf("self");
  return own && (own->layout == CgroupLayout::kUnified || own->layout == CgroupLayout::kHybrid);
}

}  // namespace lxcspec::runtime
