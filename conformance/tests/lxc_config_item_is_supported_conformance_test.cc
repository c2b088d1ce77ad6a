// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/harness/testee_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;

// Documented without a placeholder from LXC 4.0 to 7.0, each with a value that
// is valid for it.
constexpr std::array kDocumentedKeys = {
    std::pair("lxc.apparmor.allow_incomplete", "1"),
    std::pair("lxc.apparmor.allow_nesting", "1"),
    std::pair("lxc.apparmor.profile", "unconfined"),
    std::pair("lxc.apparmor.raw", "deny /x r,"),
    std::pair("lxc.arch", "x86_64"),
    std::pair("lxc.autodev", "1"),
    std::pair("lxc.autodev.tmpfs.size", "500000"),
    std::pair("lxc.cap.drop", "sys_module"),
    std::pair("lxc.cap.keep", "sys_chroot"),
    std::pair("lxc.cgroup.dir", "a/b"),
    std::pair("lxc.console.buffer.size", "auto"),
    std::pair("lxc.console.logfile", "/tmp/console.log"),
    std::pair("lxc.console.path", "none"),
    std::pair("lxc.console.rotate", "1"),
    std::pair("lxc.console.size", "auto"),
    std::pair("lxc.environment", "NAME=value"),
    std::pair("lxc.ephemeral", "1"),
    std::pair("lxc.execute.cmd", "/bin/true"),
    std::pair("lxc.group", "onboot"),
    std::pair("lxc.hook.autodev", "/bin/true"),
    std::pair("lxc.hook.clone", "/bin/true"),
    std::pair("lxc.hook.destroy", "/bin/true"),
    std::pair("lxc.hook.mount", "/bin/true"),
    std::pair("lxc.hook.post-stop", "/bin/true"),
    std::pair("lxc.hook.pre-mount", "/bin/true"),
    std::pair("lxc.hook.pre-start", "/bin/true"),
    std::pair("lxc.hook.start", "/bin/true"),
    std::pair("lxc.hook.start-host", "/bin/true"),
    std::pair("lxc.hook.stop", "/bin/true"),
    std::pair("lxc.hook.version", "1"),
    std::pair("lxc.idmap", "u 0 100000 65536"),
    std::pair("lxc.include", "/dev/null"),
    std::pair("lxc.init.cmd", "/sbin/init"),
    std::pair("lxc.init.cwd", "/"),
    std::pair("lxc.init.gid", "0"),
    std::pair("lxc.init.uid", "0"),
    std::pair("lxc.keyring.session", "1"),
    std::pair("lxc.log.file", "/dev/null"),
    std::pair("lxc.log.level", "debug"),
    std::pair("lxc.log.syslog", "daemon"),
    std::pair("lxc.monitor.signal.pdeath", "SIGKILL"),
    std::pair("lxc.monitor.unshare", "1"),
    std::pair("lxc.mount.auto", "proc:mixed"),
    std::pair("lxc.mount.entry", "tmpfs tmp tmpfs defaults 0 0"),
    std::pair("lxc.mount.fstab", "/etc/fstab"),
    std::pair("lxc.namespace.clone", "mnt net"),
    std::pair("lxc.namespace.keep", "net"),
    std::pair("lxc.net", ""),
    std::pair("lxc.no_new_privs", "1"),
    std::pair("lxc.pty.max", "16"),
    std::pair("lxc.rootfs.managed", "1"),
    std::pair("lxc.rootfs.mount", "/usr/lib/lxc/rootfs"),
    std::pair("lxc.rootfs.options", "ro"),
    std::pair("lxc.rootfs.path", "dir:/"),
    std::pair("lxc.seccomp.profile", "/dev/null"),
    std::pair("lxc.selinux.context", "system_u:system_r:lxc_t:s0"),
    std::pair("lxc.selinux.context.keyring", "system_u:system_r:lxc_t:s0"),
    std::pair("lxc.signal.halt", "SIGPWR"),
    std::pair("lxc.signal.reboot", "SIGINT"),
    std::pair("lxc.signal.stop", "SIGKILL"),
    std::pair("lxc.start.auto", "1"),
    std::pair("lxc.start.delay", "5"),
    std::pair("lxc.start.order", "3"),
    std::pair("lxc.tty.dir", "lxc"),
    std::pair("lxc.tty.max", "4"),
    std::pair("lxc.uts.name", "name"),
};

constexpr std::array kNetworkKeys = {
    "lxc.net.0.type",         "lxc.net.0.link",         "lxc.net.0.flags",
    "lxc.net.0.hwaddr",       "lxc.net.0.mtu",          "lxc.net.0.name",
    "lxc.net.0.ipv4.address", "lxc.net.0.ipv4.gateway", "lxc.net.0.ipv6.address",
    "lxc.net.0.ipv6.gateway", "lxc.net.0.script.up",    "lxc.net.0.script.down",
    "lxc.net.0.veth.pair",    "lxc.net.0.vlan.id",      "lxc.net.0.macvlan.mode",
    "lxc.net.17.type",
};

constexpr std::array kOpenEndedKeys = {
    "lxc.cgroup2.memory.max",   "lxc.cgroup2.devices.allow", "lxc.prlimit.nofile",
    "lxc.prlimit.memlock",      "lxc.sysctl.kernel.msgmax",  "lxc.sysctl.net.ipv4.ip_forward",
    "lxc.proc.oom_score_adj",   "lxc.namespace.share.net",   "lxc.namespace.share.pid",
    "lxc.namespace.share.user",
};

struct ExtensionKey {
  const char* extension;
  const char* key;
  const char* value;
};

// Keys that an extension added, but for those of network interfaces.
constexpr std::array kExtensionKeys = {
    ExtensionKey{"cgroup_relative", "lxc.cgroup.relative", "1"},
    ExtensionKey{"seccomp_allow_nesting", "lxc.seccomp.allow_nesting", "1"},
    ExtensionKey{"seccomp_notify", "lxc.seccomp.notify.proxy", "unix:/run/proxy.sock"},
    ExtensionKey{"seccomp_notify", "lxc.seccomp.notify.cookie", "cookie"},
    ExtensionKey{"cgroup_advanced_isolation", "lxc.cgroup.dir.monitor", "a"},
    ExtensionKey{"cgroup_advanced_isolation", "lxc.cgroup.dir.container", "b"},
    ExtensionKey{"cgroup_advanced_isolation", "lxc.cgroup.dir.container.inner", "c"},
    ExtensionKey{"time_namespace", "lxc.time.offset.boot", "1s"},
    ExtensionKey{"time_namespace", "lxc.time.offset.monotonic", "1s"},
    ExtensionKey{"core_scheduling", "lxc.sched.core", "1"},
    ExtensionKey{"environment_runtime_hooks", "lxc.environment.runtime", "NAME=value"},
    ExtensionKey{"environment_runtime_hooks", "lxc.environment.hooks", "NAME=value"},
};

constexpr std::array kNetworkExtensionKeys = {
    ExtensionKey{"network_veth_routes", "lxc.net.0.veth.ipv4.route", "192.0.2.0/24"},
    ExtensionKey{"network_veth_routes", "lxc.net.0.veth.ipv6.route", "2001:db8::/64"},
    ExtensionKey{"network_ipvlan", "lxc.net.0.ipvlan.mode", "l3"},
    ExtensionKey{"network_ipvlan", "lxc.net.0.ipvlan.isolation", "bridge"},
    ExtensionKey{"network_l2proxy", "lxc.net.0.l2proxy", "1"},
    ExtensionKey{"network_veth_router", "lxc.net.0.veth.mode", "router"},
    ExtensionKey{"network_bridge_vlan", "lxc.net.0.veth.vlan.id", "1"},
    ExtensionKey{"network_bridge_vlan", "lxc.net.0.veth.vlan.tagged.id", "2"},
};

// May be keys themselves or not.
constexpr std::array kFamilies = {"lxc.net",
                                  "lxc.prlimit",
                                  "lxc.sysctl",
                                  "lxc.proc",
                                  "lxc.cgroup",
                                  "lxc.cgroup2",
                                  "lxc.namespace.share",
                                  "lxc.hook",
                                  "lxc.time",
                                  "lxc.net.",
                                  "lxc.prlimit.",
                                  "lxc.sysctl.",
                                  "lxc.proc.",
                                  "lxc.time.",
                                  "lxc.cgroup.",
                                  "lxc.cgroup2.",
                                  "lxc.hook.",
                                  "lxc.net.0",
                                  "lxc.cap",
                                  "lxc.mount",
                                  "lxc.namespace.share."};

constexpr std::array kSystemKeys = {"lxc.lxcpath", "lxc.default_config", "lxc.bdev.lvm.vg",
                                    "lxc.bdev.lvm.thin_pool", "lxc.bdev.zfs.root"};

constexpr std::array kWithoutNetworkIndex = {
    "lxc.net.type",        "lxc.net.link",     "lxc.net.ipv4.address",
    "lxc.net.ipvlan.mode", "lxc.net.x.type",   "lxc.net..type",
    "lxc.net.-1.type",     "lxc.net. 0.type",  "lxc.net.0x.type",
    "lxc.net.[i].type",    "lxc.net.[0].type", "lxc.net.99999999999999999999.type"};

constexpr std::array kUnknownKeys = {
    "lxc.nonsense", "nonsense", "lxc", "lxc.", ".", "=", "lxc.rootfs.nonsense",
    "lxc.net.0.nonsense", "lxc.namespace.share.nonsense",
    // Renamed in LXC 2.1, gone since 3.0.
    "lxc.utsname", "lxc.rootfs", "lxc.network.type", "lxc.id_map", "lxc.console", "lxc.kmsg"};

constexpr std::array kNearMisses = {
    "lxc.arc",    "lxc.archx",  "lxc.arch.",      "lxc.arch.nonsense", "lxc.arch ", " lxc.arch",
    "\tlxc.arch", "lxc.arch\n", "lxc.arch=",      "lxc.arch = x86_64", "LXC.ARCH",  "Lxc.Arch",
    "lxc..arch",  "lxc.uts",    "lxc.uts.name.x", "lxc.uts.names"};

class LxcConfigItemIsSupportedTest : public TesteeTest {
 protected:
  // The keys that are not answered with `expected`.
  template <typename Keys>
  std::vector<std::string> AnsweredOtherThan(bool expected, const Keys& keys) {
    std::vector<std::string> others;
    for (const char* key : keys) {
      if (testee().ConfigItemIsSupported(key) != expected) others.emplace_back(key);
    }
    return others;
  }

  // Of the keys whose extension is announced, those that are not supported.
  template <typename Keys>
  std::vector<std::string> AnnouncedButUnsupported(const Keys& keys) {
    std::vector<std::string> unsupported;
    for (const ExtensionKey& item : keys) {
      if (testee().HasApiExtension(item.extension) && !testee().ConfigItemIsSupported(item.key)) {
        unsupported.push_back(fmt::format("{} of {}", item.key, item.extension));
      }
    }
    return unsupported;
  }

  // Of the items, those that can be set although the key is not supported.
  std::vector<std::string> AcceptedButUnsupported(
      const std::vector<std::pair<std::string, std::string>>& items) {
    std::vector<std::string> accepted;
    for (const auto& [key, value] : items) {
      if (testee().ConfigItemIsSupported(key)) continue;
      auto container = NewContainer();
      if (!container || (*container)->SetConfigItem(key, value)) accepted.push_back(key);
    }
    return accepted;
  }

  static std::vector<const char*> DocumentedKeys() {
    std::vector<const char*> keys;
    for (const auto& [key, value] : kDocumentedKeys) keys.push_back(key);
    return keys;
  }

  // One bit of the answer to each key, in order.
  std::string Answers() {
    std::string answers;
    for (const auto& [key, value] : kDocumentedKeys) {
      answers += testee().ConfigItemIsSupported(key) ? '1' : '0';
    }
    for (const char* key : kUnknownKeys) {
      answers += testee().ConfigItemIsSupported(key) ? '1' : '0';
    }
    return answers;
  }
};

TEST_F(LxcConfigItemIsSupportedTest, IsAnnounced) {
  COVERS(spec::lxc_config_item_is_supported::kAnnounced);
  EXPECT_TRUE(testee().HasApiExtension("lxc_config_item_is_supported"));
}

TEST_F(LxcConfigItemIsSupportedTest, DocumentedKeysAreSupported) {
  COVERS(spec::lxc_config_item_is_supported::kDocumentedKeys);
  EXPECT_THAT(AnsweredOtherThan(true, DocumentedKeys()), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, NetworkKeysWithAnIndexAreSupported) {
  COVERS(spec::lxc_config_item_is_supported::kNetworkKeys);
  EXPECT_THAT(AnsweredOtherThan(true, kNetworkKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, KeysOfAnnouncedExtensionsAreSupported) {
  COVERS(spec::lxc_config_item_is_supported::kAnnouncedExtensionKeys);
  EXPECT_THAT(AnnouncedButUnsupported(kExtensionKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, NetworkKeysOfAnnouncedExtensionsAreSupported) {
  COVERS(spec::lxc_config_item_is_supported::kAnnouncedExtensionKeys);
  EXPECT_THAT(AnnouncedButUnsupported(kNetworkExtensionKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, KeysWithAFreeLastPartAreSupported) {
  COVERS(spec::lxc_config_item_is_supported::kOpenEndedKeys);
  EXPECT_THAT(AnsweredOtherThan(true, kOpenEndedKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, SupportedKeysCanBeSetToAValidValue) {
  COVERS(spec::lxc_config_item_is_supported::kSupportedCanBeSet);
  for (const auto& [key, value] : kDocumentedKeys) {
    if (!testee().ConfigItemIsSupported(key)) continue;
    // Some keys exclude each other (lxc.cap.drop, lxc.cap.keep), so each has a
    // container of its own.
    ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
    EXPECT_OK(container->SetConfigItem(key, value)) << key;
  }
}

TEST_F(LxcConfigItemIsSupportedTest, SupportedKeysOfExtensionsCanBeSetToAValidValue) {
  COVERS(spec::lxc_config_item_is_supported::kSupportedCanBeSet);
  std::vector<ExtensionKey> items(kExtensionKeys.begin(), kExtensionKeys.end());
  items.insert(items.end(), kNetworkExtensionKeys.begin(), kNetworkExtensionKeys.end());
  for (const ExtensionKey& item : items) {
    if (!testee().ConfigItemIsSupported(item.key)) continue;
    ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
    // Some keys of an interface can only be set once its type is.
    const bool is_ipvlan = std::string_view(item.key).find("ipvlan") != std::string_view::npos;
    ASSERT_OK(container->SetConfigItem("lxc.net.0.type", is_ipvlan ? "ipvlan" : "veth"));
    EXPECT_OK(container->SetConfigItem(item.key, item.value)) << item.key;
  }
}

TEST_F(LxcConfigItemIsSupportedTest, SupportedNamesOfFamiliesCanBeCleared) {
  COVERS(spec::lxc_config_item_is_supported::kSupportedCanBeSet);
  std::vector<std::string> refused;
  for (const char* family : kFamilies) {
    if (!testee().ConfigItemIsSupported(family)) continue;
    ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
    if (!container->SetConfigItem(family, "")) refused.emplace_back(family);
  }
  EXPECT_THAT(refused, IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, AnswersAsTheFirstCallOfAProcess) {
  COVERS(spec::lxc_config_item_is_supported::kNeedsNoContainer);
  const bool first = testee().ConfigItemIsSupported("lxc.arch");
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  EXPECT_TRUE(first);
  EXPECT_TRUE(testee().ConfigItemIsSupported("lxc.arch"));
}

TEST_F(LxcConfigItemIsSupportedTest, ConfiguringAContainerChangesNoAnswer) {
  COVERS(spec::lxc_config_item_is_supported::kAnswerIsStable);
  const std::string before = Answers();
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.uts.name", "name"));
  ASSERT_THAT(container->SetConfigItem("lxc.nonsense", "1"), Fails());
  EXPECT_EQ(Answers(), before);
}

TEST_F(LxcConfigItemIsSupportedTest, UnknownKeysAreNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kUnknownKey);
  EXPECT_THAT(AnsweredOtherThan(false, kUnknownKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, NearMissesOfASupportedKeyAreNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kExactMatch);
  ASSERT_TRUE(testee().ConfigItemIsSupported("lxc.arch"));
  ASSERT_TRUE(testee().ConfigItemIsSupported("lxc.uts.name"));
  EXPECT_THAT(AnsweredOtherThan(false, kNearMisses), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, KeysOfLxcItselfAreNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kSystemKeys);
  EXPECT_THAT(AnsweredOtherThan(false, kSystemKeys), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, NetworkKeysWithoutAnIndexAreNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kNetworkIndex);
  EXPECT_THAT(AnsweredOtherThan(false, kWithoutNetworkIndex), IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, UnsupportedKeysAreRefusedWhenSet) {
  COVERS(spec::lxc_config_item_is_supported::kUnsupportedCannotBeSet);
  EXPECT_THAT(AcceptedButUnsupported({{"lxc.nonsense", "1"},
                                      {"lxc.rootfs.nonsense", "1"},
                                      {"lxc.utsname", "name"},
                                      {"lxc.network.type", "empty"},
                                      {"lxc.lxcpath", "/tmp"},
                                      {"lxc.net.type", "empty"},
                                      {"lxc.net.x.type", "empty"},
                                      {"LXC.ARCH", "x86_64"},
                                      {"", "1"}}),
              IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, UnsupportedMembersOfFamiliesAreRefusedWhenSet) {
  COVERS(spec::lxc_config_item_is_supported::kUnsupportedCannotBeSet);
  EXPECT_THAT(AcceptedButUnsupported({{"lxc.net.0.type", "empty"},
                                      {"lxc.net.0.flags", "up"},
                                      {"lxc.prlimit.nofile", "1024"},
                                      {"lxc.cgroup2.pids.max", "5"},
                                      {"lxc.sysctl.kernel.msgmax", "65536"},
                                      {"lxc.proc.oom_score_adj", "10"}}),
              IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, UnsupportedNearMissesAreRefusedWhenSet) {
  COVERS(spec::lxc_config_item_is_supported::kUnsupportedCannotBeSet);
  EXPECT_THAT(AcceptedButUnsupported({{"lxc.archx", "x86_64"},
                                      {"lxc.arch.nonsense", "x86_64"},
                                      {"lxc.arch ", "x86_64"},
                                      {"lxc.uts.name.x", "name"},
                                      {"lxc.autodevx", "1"},
                                      {"lxc.start.auto.x", "1"},
                                      {"lxc.environment.x", "NAME=value"},
                                      {"lxc.cap.drop.x", "sys_module"}}),
              IsEmpty());
}

TEST_F(LxcConfigItemIsSupportedTest, TheEmptyKeyIsNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kEmptyKey);
  EXPECT_FALSE(testee().ConfigItemIsSupported(""));
}

TEST_F(LxcConfigItemIsSupportedTest, NullIsNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kNullKey);
  EXPECT_FALSE(testee().ConfigItemIsSupported(std::nullopt));
}

TEST_F(LxcConfigItemIsSupportedTest, AKeyOfOneMebibyteIsNotSupported) {
  COVERS(spec::lxc_config_item_is_supported::kLongKey);
  EXPECT_FALSE(testee().ConfigItemIsSupported(std::string(1 << 20, 'x')));
  EXPECT_FALSE(testee().ConfigItemIsSupported("lxc.arch" + std::string(1 << 20, 'x')));
}

TEST_F(LxcConfigItemIsSupportedTest, AProcessWithoutPrivilegesGetsTheSameAnswers) {
  COVERS(spec::lxc_config_item_is_supported::kIndependentOfPrivilege);
  constexpr uid_t kNobody = 65534;
  const std::string as_root = Answers();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool dropped = setgid(kNobody) == 0 && setuid(kNobody) == 0;
    _exit(dropped && Answers() == as_root ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child could not drop its privileges, or was answered otherwise";
}

}  // namespace
}  // namespace lxcspec
