// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>
#include <vector>

#include "runtime/config/network_codecs.h"

namespace lxcspec::runtime {
namespace {

using enum Shape;
using enum Print;

constexpr std::array kKeys = {
    Key{"lxc.apparmor.allow_incomplete", Boolean, kValue, kLines, "0"},
    Key{"lxc.apparmor.allow_nesting", Boolean, kValue, kLines, "0"},
    Key{"lxc.apparmor.profile", Text},
    Key{"lxc.apparmor.raw", Text, kList},
    Key{"lxc.arch", Architecture},
    Key{"lxc.autodev", Boolean, kValue, kLines, "1"},
    Key{"lxc.autodev.tmpfs.size", Unsigned, kValue, kLines, "500000"},
    Key{"lxc.cap.drop", Text, kWordList},
    Key{"lxc.cap.keep", Text, kWordList},
    Key{"lxc.cgroup.dir", CgroupPath},
    Key{"lxc.cgroup.dir.container", CgroupPath},
    Key{"lxc.cgroup.dir.container.inner", CgroupName},
    Key{"lxc.cgroup.dir.monitor", CgroupPath},
    Key{"lxc.cgroup.dir.monitor.pivot", CgroupPath},
    Key{"lxc.cgroup.relative", Boolean, kValue, kLines, "0"},
    Key{"lxc.cgroup.*", Text, kList},
    Key{"lxc.cgroup2.*", Text, kList},
    Key{"lxc.console.buffer.size", BufferSize, kValue, kLines, "0"},
    Key{"lxc.console.logfile", Path},
    Key{"lxc.console.path", Path},
    Key{"lxc.console.rotate", Boolean, kValue, kLines, "0"},
    Key{"lxc.console.size", BufferSize, kValue, kLines, "0"},
    Key{"lxc.environment", EnvironmentVariable, kList},
    Key{"lxc.environment.hooks", EnvironmentVariable, kList},
    Key{"lxc.environment.runtime", EnvironmentVariable, kList},
    Key{"lxc.ephemeral", Boolean, kValue, kLines, "0"},
    Key{"lxc.execute.cmd", Text},
    Key{"lxc.group", Text, kWordList},
    Key{"lxc.hook.autodev", Text, kList},
    Key{"lxc.hook.clone", Text, kList},
    Key{"lxc.hook.destroy", Text, kList},
    Key{"lxc.hook.mount", Text, kList},
    Key{"lxc.hook.post-stop", Text, kList},
    Key{"lxc.hook.pre-mount", Text, kList},
    Key{"lxc.hook.pre-start", Text, kList},
    Key{"lxc.hook.start", Text, kList},
    Key{"lxc.hook.start-host", Text, kList},
    Key{"lxc.hook.stop", Text, kList},
    Key{"lxc.hook.version", Boolean, kValue, kLines, "0"},
    Key{"lxc.idmap", IdMap, kList},
    Key{"lxc.init.cmd", Text},
    Key{"lxc.init.cwd", Path},
    Key{"lxc.init.gid", Unsigned, kValue, kLines, "0"},
    Key{"lxc.init.groups", GroupIds},
    Key{"lxc.init.uid", Unsigned, kValue, kLines, "0"},
    Key{"lxc.keyring.session", Boolean, kValue, kLines, "1"},
    Key{"lxc.log.file", Path},
    Key{"lxc.log.level", LogLevel, kValue, kLines, "ERROR"},
    Key{"lxc.log.syslog", SyslogFacility},
    Key{"lxc.monitor.signal.pdeath", Signal, kValue, kLines, "9"},
    Key{"lxc.monitor.unshare", Boolean, kValue, kLines, "0"},
    Key{"lxc.mount.auto", AutoMount, kWordList, kSpaces},
    Key{"lxc.mount.entry", MountEntry, kList},
    Key{"lxc.mount.fstab", Path},
    Key{"lxc.namespace.clone", NamespaceName, kWordSet, kSpaces},
    Key{"lxc.namespace.keep", NamespaceName, kWordSet, kSpaces},
    Key{"lxc.namespace.share.cgroup", Text},
    Key{"lxc.namespace.share.ipc", Text},
    Key{"lxc.namespace.share.mnt", Text},
    Key{"lxc.namespace.share.net", Text},
    Key{"lxc.namespace.share.pid", Text},
    Key{"lxc.namespace.share.time", Text},
    Key{"lxc.namespace.share.user", Text},
    Key{"lxc.namespace.share.uts", Text},
    Key{"lxc.net.#.flags", DeviceFlags},
    Key{"lxc.net.#.hwaddr", HardwareAddress},
    Key{"lxc.net.#.ipv4.address", Ipv4Address, kList, kBetween},
    Key{"lxc.net.#.ipv4.gateway", Ipv4Gateway},
    Key{"lxc.net.#.ipv6.address", Ipv6Address, kList, kBetween},
    Key{"lxc.net.#.ipv6.gateway", Ipv6Gateway},
    Key{"lxc.net.#.ipvlan.isolation", IpvlanIsolation, kValue, kLines, "bridge", "ipvlan"},
    Key{"lxc.net.#.ipvlan.mode", IpvlanMode, kValue, kLines, "l3", "ipvlan"},
    Key{"lxc.net.#.l2proxy", Boolean, kValue, kLines, "0"},
    Key{"lxc.net.#.link", DeviceName},
    Key{"lxc.net.#.macvlan.mode", MacvlanMode, kValue, kLines, "private", "macvlan"},
    Key{"lxc.net.#.mtu", Mtu},
    Key{"lxc.net.#.name", DeviceName},
    Key{"lxc.net.#.script.down", Text},
    Key{"lxc.net.#.script.up", Text},
    Key{"lxc.net.#.type", NetworkType},
    Key{"lxc.net.#.veth.ipv4.route", Ipv4Route, kList, kBetween, "", "veth"},
    Key{"lxc.net.#.veth.ipv6.route", Ipv6Route, kList, kBetween, "", "veth"},
    Key{"lxc.net.#.veth.mode", VethMode, kValue, kLines, "bridge", "veth"},
    Key{"lxc.net.#.veth.n_rxqueues", Unsigned, kValue, kLines, "", "veth"},
    Key{"lxc.net.#.veth.n_txqueues", Unsigned, kValue, kLines, "", "veth"},
    Key{"lxc.net.#.veth.pair", DeviceName, kValue, kLines, "", "veth"},
    Key{"lxc.net.#.veth.vlan.id", VlanIdOrNone, kValue, kLines, "", "veth"},
    Key{"lxc.net.#.veth.vlan.tagged.id", VlanId, kList, kBetween, "", "veth"},
    Key{"lxc.net.#.vlan.id", VlanId, kValue, kLines, "0", "vlan"},
    Key{"lxc.no_new_privs", Boolean, kValue, kLines, "0"},
    Key{"lxc.prlimit.*", ResourceLimit},
    Key{"lxc.proc.*", Text},
    Key{"lxc.pty.max", Unsigned, kValue, kLines, "0"},
    Key{"lxc.rootfs.managed", Boolean, kValue, kLines, "1"},
    Key{"lxc.rootfs.mount", Path},
    Key{"lxc.rootfs.options", Text},
    Key{"lxc.rootfs.path", Path},
    Key{"lxc.sched.core", Boolean, kValue, kLines, "0"},
    Key{"lxc.seccomp.allow_nesting", Boolean, kValue, kLines, "0"},
    Key{"lxc.seccomp.notify.cookie", Text},
    Key{"lxc.seccomp.notify.proxy", SeccompProxy},
    Key{"lxc.seccomp.profile", Path},
    Key{"lxc.selinux.context", Text},
    Key{"lxc.selinux.context.keyring", Text},
    Key{"lxc.signal.halt", Signal},
    Key{"lxc.signal.reboot", Signal},
    Key{"lxc.signal.stop", Signal},
    Key{"lxc.start.auto", Boolean, kValue, kLines, "0"},
    Key{"lxc.start.delay", Unsigned, kValue, kLines, "0"},
    Key{"lxc.start.order", Signed, kValue, kLines, "0"},
    Key{"lxc.sysctl.*", Text},
    Key{"lxc.time.offset.boot", TimeOffset, kValue, kLines, "0ns"},
    Key{"lxc.time.offset.monotonic", TimeOffset, kValue, kLines, "0ns"},
    Key{"lxc.tty.dir", Path},
    Key{"lxc.tty.max", Unsigned, kValue, kLines, "0"},
    Key{"lxc.uts.name", HostName},
};

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// How many characters at the front are an index: up to nine digits, without leading zeros.
size_t IndexLength(std::string_view text) {
  constexpr size_t kMost = 9;
  const size_t length =
      static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  if (length > kMost || (length > 1 && text.front() == '0')) return 0;
  return length;
}

// What a free last part may be: printable, no blank, and not what separates a key from its value.
bool IsFreePart(std::string_view text) {
  if (text.empty() || text.starts_with('.') || text.ends_with('.')) return false;
  if (text.find("..") != text.npos) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isgraph(c) != 0 && c != '=' && c != '#'; });
}

// The table by what a lookup has in hand, because every line of every configuration is looked up.
class KeyIndex {
 public:
  KeyIndex() {
    for (const Key& key : kKeys) {
      if (key.pattern.starts_with(kNetworkPattern)) {
        network_.emplace(key.pattern.substr(kNetworkPattern.size()), &key);
      } else if (key.pattern.ends_with('*')) {
        families_.push_back(&key);
      } else {
        exact_.emplace(key.pattern, &key);
      }
    }
  }

  // A key that is written out comes before a family that it is in too.
  const Key* Find(std::string_view concrete) const {
    const auto exact = exact_.find(concrete);
    if (exact != exact_.end()) return exact->second;
    if (concrete.starts_with(kNetworkPrefix)) return FindNetwork(concrete);
    for (const Key* family : families_) {
      const std::string_view prefix = family->pattern.substr(0, family->pattern.size() - 1);
      if (!concrete.starts_with(prefix)) continue;
      return IsFreePart(concrete.substr(prefix.size())) ? family : nullptr;
    }
    return nullptr;
  }

 private:
  static constexpr std::string_view kNetworkPattern = "lxc.net.#";
  static constexpr std::string_view kNetworkPrefix = "lxc.net.";

  const Key* FindNetwork(std::string_view concrete) const {
    const std::string_view rest = concrete.substr(kNetworkPrefix.size());
    const size_t index = IndexLength(rest);
    if (index == 0) return nullptr;
    const auto found = network_.find(rest.substr(index));
    return found != network_.end() ? found->second : nullptr;
  }

  std::unordered_map<std::string_view, const Key*> exact_;
  std::unordered_map<std::string_view, const Key*> network_;
  std::vector<const Key*> families_;
};

// Whether the text is the beginning of the pattern, up to one of its dots.
bool IsFamilyOf(std::string_view text, std::string_view pattern) {
  const size_t special = std::min(pattern.find('#'), pattern.size());
  if (text.size() <= special) return pattern.starts_with(text) && pattern[text.size()] == '.';
  if (!text.starts_with(pattern.substr(0, special))) return false;
  const std::string_view index = text.substr(special);
  return IndexLength(index) == index.size();
}

}  // namespace

std::span<const Key> AllKeys() { return kKeys; }

const Key* FindKey(std::string_view concrete) {
  static const KeyIndex kIndex;
  return kIndex.Find(concrete);
}

bool IsFamily(std::string_view text) {
  if (!text.starts_with("lxc")) return false;
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](const Key& key) { return IsFamilyOf(text, key.pattern); });
}

bool IsAssignable(std::string_view text) {
  return FindKey(text) != nullptr || text == kIncludeDirective || text == kAllNetworks;
}

std::optional<std::string> NetworkSlot(std::string_view concrete) {
  constexpr std::string_view kNetwork = "lxc.net.";
  if (!concrete.starts_with(kNetwork)) return std::nullopt;
  const size_t index = IndexLength(concrete.substr(kNetwork.size()));
  if (index == 0) return std::nullopt;
  return std::string(concrete.substr(0, kNetwork.size() + index));
}

}  // namespace lxcspec::runtime
