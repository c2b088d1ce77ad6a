// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/plan.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/config/keys.h"
#include "runtime/container/setup/automount_words.h"
#include "runtime/extensions/environment_runtime_hooks.h"
#include "runtime/extensions/idmapped_mounts.h"
#include "runtime/extensions/idmapped_mounts_v2.h"

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kDefaultInit = "/sbin/init";

std::string First(const Config& config, std::string_view key, std::string_view unset = "") {
  const auto& values = config.Values(key);
  return std::string(values.empty() ? unset : std::string_view(values.front()));
}

uint32_t Number(const Config& config, std::string_view key, uint32_t unset = 0) {
  const auto number = ParseUnsigned(First(config, key));
  return number ? static_cast<uint32_t>(*number) : unset;
}

bool Flag(const Config& config, std::string_view key, bool unset) {
  return Number(config, key, unset ? 1 : 0) != 0;
}

Status RequireFolder(std::string_view key, const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoFailure(fmt::format("{}: {}", key, path));
  if (S_ISDIR(status.st_mode)) return {};
  if (S_ISBLK(status.st_mode) || S_ISREG(status.st_mode)) {
    return Failure(ENOTSUP, fmt::format("{}: {} is a device or an image", key, path));
  }
  return Failure(ENOTDIR, fmt::format("{}: {}", key, path));
}

Result<RootfsPlan> PlanRootfs(const Config& config, bool has_user_namespace) {
  constexpr std::string_view kPath = "lxc.rootfs.path";
  constexpr std::string_view kOptions = "lxc.rootfs.options";
  auto path = ParseRootfsPath(First(config, kPath));
  if (!path) return Forward(std::move(path).error());
  auto options = ParseMountOptions(First(config, kOptions));
  if (!options) {
    return Failure(options.error().code,
                   fmt::format("{}: {}", kOptions, options.error().attempted));
  }
  if (options->create != CreateTarget::kNo || options->optional || options->relative) {
    return Failure(
        EINVAL, fmt::format("{}: create, optional and relative are for mount entries", kOptions));
  }
  if (options->wants_idmap) TRY(CheckRootfsIdMap(options->idmap, has_user_namespace));
  RootfsPlan plan{.path = *std::move(path),
                  .mount_point = RootfsMountPoint(config),
                  .options = *std::move(options)};
  if (!plan.path.path.empty()) TRY(RequireFolder(kPath, plan.path.path));
  for (const std::string& lower : plan.path.lower) TRY(RequireFolder(kPath, lower));
  TRY(RequireFolder("lxc.rootfs.mount", plan.mount_point));
  return plan;
}

Result<std::vector<MountRequest>> PlanEntries(const Config& config, const std::string& rootfs,
                                              bool has_user_namespace) {
  std::vector<MountRequest> entries;
  const std::string fstab = First(config, "lxc.mount.fstab");
  if (!fstab.empty()) {
    auto read = ReadFstab(fstab, rootfs);
    if (!read) {
      return Failure(read.error().code, fmt::format("lxc.mount.fstab: {}", read.error().attempted));
    }
    entries = *std::move(read);
  }
  for (const std::string& line : config.Values("lxc.mount.entry")) {
    auto entry = ParseMountEntry(line, rootfs);
    if (!entry) {
      return Failure(entry.error().code,
                     fmt::format("lxc.mount.entry: {}", entry.error().attempted));
    }
    entries.push_back(*std::move(entry));
  }
  for (const MountRequest& entry : entries) {
    const MountOptions& options = entry.options;
    // Where an optional one fails, that is seen when it is made. idmapped_mounts_v2.optional
    if (!options.wants_idmap || options.optional) continue;
    TRY(CheckEntryIdMap({.target = entry.target, .idmap = options.idmap, .flags = options.flags},
                        has_user_namespace));
  }
  return entries;
}

Result<CapabilitySet> NamedCapabilities(std::string_view key, const std::vector<std::string>& names,
                                        std::string_view clearing) {
  CapabilitySet set;
  for (const std::string& name : names) {
    if (name == clearing) {
      set.reset();
      continue;
    }
    const auto number = CapabilityNumber(name);
    if (!number) return Failure(EINVAL, fmt::format("{}: unknown capability \"{}\"", key, name));
    set.set(static_cast<size_t>(*number));
  }
  return set;
}

std::vector<IdRange> PlanIdMaps(const Config& config) {
  std::vector<IdRange> ranges;
  for (const std::string& value : config.Values("lxc.idmap")) {
    const std::vector<std::string> words = Words(value);
    const auto number = [&](size_t i) {
      return static_cast<uint32_t>(ParseUnsigned(words.at(i)).value_or(0));
    };
    IdRange range{
        .kind = IdKind::kUser, .inside = number(1), .outside = number(2), .count = number(3)};
    if (words[0] != "g") ranges.push_back(range);
    range.kind = IdKind::kGroup;
    if (words[0] != "u") ranges.push_back(range);
  }
  return ranges;
}

Status CheckIds(const SetupPlan& plan) {
  if (plan.id_maps.empty()) return {};
  const std::array<std::pair<IdKind, uint32_t>, 4> kNeeded = {{{IdKind::kUser, 0},
                                                               {IdKind::kGroup, 0},
                                                               {IdKind::kUser, plan.uid},
                                                               {IdKind::kGroup, plan.gid}}};
  for (const auto& [kind, id] : kNeeded) {
    if (OutsideId(plan.id_maps, kind, id)) continue;
    return Failure(EINVAL, fmt::format("lxc.idmap: {} {} of the container is not mapped",
                                       kind == IdKind::kUser ? "user" : "group", id));
  }
  return {};
}

// What stands behind the prefix of each set key of a family, and its value.
std::vector<std::pair<std::string, std::string>> Family(const Config& config,
                                                        std::string_view family) {
  std::vector<std::pair<std::string, std::string>> found;
  const auto keys = config.Keys(family);
  if (!keys) return found;
  for (const std::string& name : Words(*keys, "\n")) {
    const std::string value = First(config, fmt::format("{}.{}", family, name));
    if (!value.empty()) found.emplace_back(name, value);
  }
  return found;
}

Result<std::vector<ResourceLimitSetting>> PlanLimits(const Config& config) {
  std::vector<ResourceLimitSetting> limits;
  const auto amount = [](const std::string& text) {
    return text == "unlimited" ? RLIM_INFINITY
                               : static_cast<rlim_t>(ParseUnsigned(text).value_or(0));
  };
  for (const auto& [name, value] : Family(config, "lxc.prlimit")) {
    const auto resource = ResourceNumber(name);
    if (!resource) return Failure(EINVAL, fmt::format("lxc.prlimit.{}: unknown limit", name));
    const std::vector<std::string> parts = Words(value, ":");
    const rlimit limit{.rlim_cur = amount(parts.front()), .rlim_max = amount(parts.back())};
    if (limit.rlim_cur > limit.rlim_max) {
      return Failure(EINVAL, fmt::format("lxc.prlimit.{}: {}: soft above hard", name, value));
    }
    limits.push_back({.name = name, .resource = *resource, .limit = limit});
  }
  return limits;
}

// Dots become slashes, as sysctl(8) has it: and, where the name has slashes already, or between
// them, a slash stands for a dot, so that interfaces may have dots in their names.
std::string ProcPath(std::string name) {
  const size_t separator = name.find_first_of("./");
  if (separator == name.npos || name[separator] == '/') return name;
  for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return name;
}

Result<std::vector<std::pair<std::string, std::string>>> PlanProcFiles(const Config& config,
                                                                       std::string_view family) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [name, value] : Family(config, family)) {
    const std::string path = ProcPath(name);
    const std::vector<std::string> parts = Words(path, "/");
    if (path.starts_with('/') || std::find(parts.begin(), parts.end(), "..") != parts.end()) {
      return Failure(EINVAL, fmt::format("{}.{}: leads out of its folder", family, name));
    }
    files.emplace_back(path, value);
  }
  return files;
}

Result<DevPlan> PlanDev(const Config& config, const SetupContext& context) {
  constexpr uint32_t kTmpfsSize = 500000;
  DevPlan dev{.autodev = Flag(config, "lxc.autodev", context.default_autodev),
              .tmpfs_size = Number(config, "lxc.autodev.tmpfs.size", kTmpfsSize),
              .tty_folder = "",
              .tty_count = Number(config, "lxc.tty.max"),
              .pty_count = Number(config, "lxc.pty.max")};
  const std::string folder = First(config, "lxc.tty.dir");
  for (const std::string& part : Words(folder, "/")) {
    if (part == "." || part == "..") {
      return Failure(EINVAL, fmt::format("lxc.tty.dir: {} leads out of /dev", folder));
    }
    dev.tty_folder += (dev.tty_folder.empty() ? "" : "/") + part;
  }
  return dev;
}

Result<std::vector<std::string>> PlanCommand(const Config& config, const SetupContext& context,
                                             RootfsKind kind) {
  if (!context.command.empty()) return context.command;
  // At blanks and nothing else: quotes mean nothing here.
  std::vector<std::string> words = Words(First(config, "lxc.init.cmd", kDefaultInit), " ");
  if (words.empty()) words.emplace_back(kDefaultInit);
  // The host's own init would take the host for its own: it empties /tmp, for one.
  if (kind == RootfsKind::kHost && config.Values("lxc.init.cmd").empty()) {
    return Failure(EINVAL, "lxc.rootfs.path: not set, and no command for the host's root");
  }
  return words;
}

void PlanHooks(const Config& config, const SetupContext& context, SetupPlan& plan) {
  plan.hooks = MakeHookContext(config, context.name, context.config_file);
  plan.pre_mount_hooks = config.Values("lxc.hook.pre-mount");
  plan.mount_hooks = config.Values("lxc.hook.mount");
  plan.autodev_hooks = config.Values("lxc.hook.autodev");
  plan.start_hooks = config.Values("lxc.hook.start");
  plan.environment = RuntimeVariables(ReadEnvironmentKeys(config));
}

void PlanIdentity(const Config& config, SetupPlan& plan) {
  plan.uid = Number(config, "lxc.init.uid");
  plan.gid = Number(config, "lxc.init.gid");
  for (const std::string& group : Words(First(config, "lxc.init.groups"), ",")) {
    plan.groups.push_back(static_cast<uint32_t>(ParseUnsigned(group).value_or(0)));
  }
  if (plan.has_user_namespace()) plan.id_maps = PlanIdMaps(config);
  plan.host_name = First(config, "lxc.uts.name");
  plan.personality = PlanPersonality(config);
  plan.new_keyring = Flag(config, "lxc.keyring.session", true);
  plan.no_new_privs = Flag(config, "lxc.no_new_privs", false);
  plan.core_domain = Flag(config, "lxc.sched.core", false);
  plan.working_folder = First(config, "lxc.init.cwd");
}

}  // namespace

Result<std::optional<CapabilitySet>> PlanCapabilities(const Config& config) {
  const auto& dropped = config.Values("lxc.cap.drop");
  const auto& kept = config.Values("lxc.cap.keep");
  if (!dropped.empty() && !kept.empty()) {
    return Failure(EINVAL, "lxc.cap.drop and lxc.cap.keep exclude each other");
  }
  if (!kept.empty()) {
    auto set = NamedCapabilities("lxc.cap.keep", kept, "none");
    if (!set) return Forward(std::move(set).error());
    return std::optional(*set);
  }
  if (dropped.empty()) return std::optional<CapabilitySet>();
  auto set = NamedCapabilities("lxc.cap.drop", dropped, "");
  if (!set) return Forward(std::move(set).error());
  return std::optional(~*set);
}

std::optional<unsigned long> PlanPersonality(const Config& config) {
  constexpr std::array<std::string_view, 12> kNarrow = {
      "i686", "arm", "armel", "armhf", "armv7l", "armv8l", "mips", "mipsel", "ppc", "powerpc"};
  const std::string architecture = First(config, "lxc.arch");
  if (architecture.empty()) return std::nullopt;
  const bool narrow = std::find(kNarrow.begin(), kNarrow.end(), architecture) != kNarrow.end();
  return narrow ? PER_LINUX32 : PER_LINUX;
}

bool SetupPlan::has_user_namespace() const { return (namespaces & CLONE_NEWUSER) != 0; }

bool SetupPlan::keeps(int capability) const {
  return !capabilities || capabilities->test(static_cast<size_t>(capability));
}

Result<SetupPlan> PlanSetup(const Config& config, const SetupContext& context) {
  SetupPlan plan{.namespaces = context.namespaces};
  if ((plan.namespaces & CLONE_NEWNS) == 0) {
    return Failure(ENOTSUP, "lxc.namespace: a container without its own mount namespace");
  }
  const auto take = [](auto result, auto& into) -> Status {
    if (!result) return Forward(std::move(result).error());
    into = *std::move(result);
    return {};
  };
  TRY(take(PlanRootfs(config, plan.has_user_namespace()), plan.rootfs));
  TRY(take(PlanEntries(config, plan.rootfs.path.path, plan.has_user_namespace()), plan.entries));
  TRY(take(PlanCapabilities(config), plan.capabilities));
  TRY(take(ParseAutoMounts(config.Values("lxc.mount.auto"), plan.keeps(CAP_SYS_ADMIN)),
           plan.automounts));
  if (!plan.automounts.shared_source.empty()) {
    plan.entries.push_back(SharedMountsEntry(plan.automounts));
  }
  TRY(take(PlanDev(config, context), plan.dev));
  TRY(take(PlanLimits(config), plan.resource_limits));
  TRY(take(PlanProcFiles(config, "lxc.proc"), plan.proc_files));
  TRY(take(PlanProcFiles(config, "lxc.sysctl"), plan.sysctls));
  TRY(take(PlanConfinement(config, ReadLsmState(), HasAppArmorProfile), plan.confinement));
  PlanIdentity(config, plan);
  TRY(CheckIds(plan));
  PlanHooks(config, context, plan);
  TRY(take(PlanCommand(config, context, plan.rootfs.path.kind), plan.command));
  return plan;
}

}  // namespace lxcspec::runtime
