// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/personality.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "runtime/config/parser.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() : folder_(::testing::TempDir() + "plan") {
    fs::create_directories(folder_ / "rootfs");
    fs::create_directories(folder_ / "upper");
  }
  ~PlanTest() override { fs::remove_all(folder_); }

  Result<SetupPlan> Plan(const std::string& text, uint64_t namespaces = CLONE_NEWNS) {
    Config config;
    const Status loaded =
        LoadText("lxc.rootfs.mount = " + folder_.string() +
                     "\nlxc.rootfs.path = dir:" + (folder_ / "rootfs").string() + "\n" + text,
                 config);
    EXPECT_TRUE(loaded) << loaded.error().ToString();
    return PlanSetup(config, {.name = "c",
                              .lxcpath = folder_,
                              .config_file = folder_ / "config",
                              .namespaces = namespaces,
                              .command = {}});
  }

  // A plan that must be made.
  SetupPlan Good(const std::string& text, uint64_t namespaces = CLONE_NEWNS) {
    const auto plan = Plan(text, namespaces);
    EXPECT_TRUE(plan) << plan.error().ToString();
    return plan ? *plan : SetupPlan{};
  }

  void ExpectRefused(const std::string& text, int code, const std::string& named,
                     uint64_t namespaces = CLONE_NEWNS) {
    const auto plan = Plan(text, namespaces);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().code, code) << plan.error().ToString();
    EXPECT_THAT(plan.error().attempted, HasSubstr(named));
  }

  fs::path folder_;
};

TEST_F(PlanTest, DefaultsAreTheDocumentedOnes) {
  const SetupPlan plan = Good("");

  EXPECT_EQ(plan.rootfs.path.kind, RootfsKind::kDirectory);
  EXPECT_THAT(plan.command, ElementsAre("/sbin/init"));
  EXPECT_TRUE(plan.dev.autodev);
  EXPECT_EQ(plan.dev.tmpfs_size, 500000U);
  EXPECT_TRUE(plan.new_keyring);
  EXPECT_FALSE(plan.no_new_privs);
  EXPECT_FALSE(plan.capabilities);
  EXPECT_FALSE(plan.personality);
  EXPECT_THAT(plan.entries, IsEmpty());
}

TEST_F(PlanTest, MissingRootfsIsNamed) {
  ExpectRefused("lxc.rootfs.path = dir:/no/such/rootfs", ENOENT, "/no/such/rootfs");
  ExpectRefused("lxc.rootfs.path = /no/such/rootfs", ENOENT, "lxc.rootfs.path");
}

TEST_F(PlanTest, RootfsThatIsNoFolderIsRefused) {
  std::ofstream(folder_ / "image") << "image";

  ExpectRefused("lxc.rootfs.path = dir:" + (folder_ / "image").string(), ENOTSUP, "image");
  ExpectRefused("lxc.rootfs.path = loop:/x", ENOTSUP, "loop:/x");
  ExpectRefused("lxc.rootfs.path = /dev/null", ENOTDIR, "/dev/null");
}

TEST_F(PlanTest, TheHostsInitIsNotRunOnTheHostsRoot) {
  ExpectRefused("lxc.rootfs.path =\n", EINVAL, "lxc.rootfs.path");
  EXPECT_THAT(Good("lxc.rootfs.path =\nlxc.init.cmd = /bin/true\n").command,
              ElementsAre("/bin/true"));
}

TEST_F(PlanTest, OverlayIsTakenApart) {
  const std::string lower = (folder_ / "rootfs").string();
  const std::string upper = (folder_ / "upper").string();

  const RootfsPath path =
      Good("lxc.rootfs.path = overlay:" + lower + ":" + lower + ":" + upper).rootfs.path;

  EXPECT_EQ(path.kind, RootfsKind::kOverlay);
  EXPECT_THAT(path.lower, ElementsAre(lower, lower));
  EXPECT_EQ(path.path, upper);
  EXPECT_EQ(path.work, (folder_ / "olwork").string());
  ExpectRefused("lxc.rootfs.path = overlay:" + lower, EINVAL, "overlay");
  ExpectRefused("lxc.rootfs.path = overlayfs:/no/lower:" + upper, ENOENT, "/no/lower");
}

TEST_F(PlanTest, MissingMountPointIsNamed) {
  ExpectRefused("lxc.rootfs.mount = /no/such/place", ENOENT, "lxc.rootfs.mount: /no/such/place");
}

TEST_F(PlanTest, OptionsOfEntriesAreRefusedForTheRootfs) {
  ExpectRefused("lxc.rootfs.options = ro,optional", EINVAL, "lxc.rootfs.options");
}

TEST_F(PlanTest, BadMountsAreNamed) {
  ExpectRefused("lxc.mount.entry = a b none create=pipe", EINVAL, "create=pipe");
  ExpectRefused("lxc.mount.fstab = /no/such/fstab", ENOENT, "lxc.mount.fstab");
}

TEST_F(PlanTest, FstabComesBeforeEntries) {
  std::ofstream(folder_ / "fstab") << "first a tmpfs\n";

  const SetupPlan plan =
      Good("lxc.mount.entry = second b tmpfs\nlxc.mount.fstab = " + (folder_ / "fstab").string());

  ASSERT_EQ(plan.entries.size(), 2U);
  EXPECT_EQ(plan.entries[0].source, "first");
  EXPECT_EQ(plan.entries[1].source, "second");
}

TEST_F(PlanTest, UnknownCapabilitiesAreNamed) {
  ExpectRefused("lxc.cap.drop = sys_admin fly", EINVAL, "lxc.cap.drop: unknown capability \"fly\"");
  ExpectRefused("lxc.cap.keep = fly", EINVAL, "fly");
}

TEST_F(PlanTest, DroppingAndKeepingExcludeEachOther) {
  ExpectRefused("lxc.cap.keep = chown\nlxc.cap.drop = kill", EINVAL, "exclude");
}

TEST_F(PlanTest, CapabilitiesThatAreNotDroppedStay) {
  const SetupPlan plan = Good("lxc.cap.drop = CAP_SYS_TIME 16");

  EXPECT_FALSE(plan.keeps(CAP_SYS_TIME));
  EXPECT_FALSE(plan.keeps(CAP_SYS_MODULE));
  EXPECT_TRUE(plan.keeps(CAP_SYS_ADMIN));
}

TEST_F(PlanTest, LimitsAreRead) {
  const SetupPlan plan = Good("lxc.prlimit.nofile = 10:unlimited\nlxc.prlimit.core = 0");

  ASSERT_EQ(plan.resource_limits.size(), 2U);
  EXPECT_EQ(plan.resource_limits[0].resource, RLIMIT_CORE);
  EXPECT_EQ(plan.resource_limits[1].limit.rlim_cur, 10U);
  EXPECT_EQ(plan.resource_limits[1].limit.rlim_max, RLIM_INFINITY);
  ExpectRefused("lxc.prlimit.fun = 1", EINVAL, "lxc.prlimit.fun");
  ExpectRefused("lxc.prlimit.nofile = 2:1", EINVAL, "soft above hard");
}

TEST_F(PlanTest, NamesOfSysctlsBecomePaths) {
  EXPECT_THAT(Good("lxc.sysctl.net.ipv4.conf.eth0/1.forwarding = 1").sysctls,
              ElementsAre(Pair("net/ipv4/conf/eth0.1/forwarding", "1")));
  EXPECT_THAT(Good("lxc.sysctl.net/ipv4/conf/eth0.1/forwarding = 1").sysctls,
              ElementsAre(Pair("net/ipv4/conf/eth0.1/forwarding", "1")));
  ExpectRefused("lxc.sysctl.a.//.//.b = 1", EINVAL, "leads out");
}

TEST_F(PlanTest, IdMapsAreRead) {
  const SetupPlan plan =
      Good("lxc.idmap = u 0 1000 10\nlxc.idmap = g 0 2000 10", CLONE_NEWNS | CLONE_NEWUSER);

  ASSERT_EQ(plan.id_maps.size(), 2U);
  EXPECT_EQ(OutsideId(plan.id_maps, IdKind::kGroup, 3), 2003U);
  EXPECT_FALSE(OutsideId(plan.id_maps, IdKind::kUser, 10));
}

TEST_F(PlanTest, IdsThatInitNeedsMustBeMapped) {
  constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWUSER;

  ExpectRefused("lxc.idmap = u 1 1000 10\nlxc.idmap = g 0 1000 10", EINVAL, "user 0", kNamespaces);
  ExpectRefused("lxc.idmap = u 0 1000 10", EINVAL, "group 0", kNamespaces);
  ExpectRefused("lxc.init.uid = 10\nlxc.idmap = u 0 1000 10\nlxc.idmap = g 0 1000 10", EINVAL,
                "user 10", kNamespaces);
}

TEST_F(PlanTest, FolderOfTtysStaysBelowDev) {
  EXPECT_EQ(Good("lxc.tty.dir = /a//b/").dev.tty_folder, "a/b");
  ExpectRefused("lxc.tty.dir = ../etc", EINVAL, "lxc.tty.dir");
}

TEST_F(PlanTest, ArchitectureBecomesAPersonality) {
  EXPECT_EQ(Good("lxc.arch = i686").personality, PER_LINUX32);
  EXPECT_EQ(Good("lxc.arch = x86_64").personality, PER_LINUX);
}

TEST_F(PlanTest, EnvironmentIsSplitBetweenInitAndHooks) {
  const SetupPlan plan =
      Good("lxc.environment = A=1\nlxc.environment.hooks = B=2\nlxc.environment.runtime = C=3");

  EXPECT_THAT(plan.hooks.variables, ElementsAre("A=1", "B=2"));
  EXPECT_THAT(plan.environment, ElementsAre("A=1", "C=3"));
}

TEST_F(PlanTest, MountNamespaceOfTheHostIsRefused) {
  ExpectRefused("", ENOTSUP, "mount namespace", CLONE_NEWPID);
}

TEST_F(PlanTest, SharedMountsFolderIsAnEntryOfItsOwn) {
  const SetupPlan plan = Good("lxc.mount.auto = shmounts:/host:/mnt");

  ASSERT_EQ(plan.entries.size(), 1U);
  EXPECT_EQ(plan.entries[0].source, "/host");
  EXPECT_EQ(plan.entries[0].target, "/mnt");
}

}  // namespace
}  // namespace lxcspec::runtime
