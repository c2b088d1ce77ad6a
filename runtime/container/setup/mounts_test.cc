// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "runtime/container/setup/test_container.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kMapped = 231072;
constexpr std::string_view kMaps = "lxc.idmap = u 0 231072 65536\nlxc.idmap = g 0 231072 65536\n";

class MountsTest : public ::testing::Test {
 protected:
  TestRun Run(const std::string& config, const std::vector<std::string>& questions,
              uint64_t namespaces = 0) {
    return RunInContainer(root_,
                          {.config = config, .questions = questions, .namespaces = namespaces});
  }

  // The same in a user namespace, which the root file system then belongs to.
  TestRun RunMapped(const std::string& config, const std::vector<std::string>& questions) {
    root_.GiveTo(kMapped);
    return Run(std::string(kMaps) + config, questions, CLONE_NEWUSER | CLONE_NEWNET);
  }

  // A folder of the host beside the root file system, with a file in it.
  std::string HostFolder() {
    const fs::path folder = root_.folder() / "host";
    fs::create_directories(folder);
    std::ofstream(folder / "file") << "of the host\n";
    return folder;
  }

  TestRoot root_;
};

TEST_F(MountsTest, RootIsTheConfiguredFolderAndNothingOfTheHostIsLeft) {
  std::ofstream(root_.rootfs() / "etc/motd") << "inside\n";

  const TestRun run = Run("lxc.mount.auto = proc:rw", {"read:/etc/motd", "read:/proc/self/mounts"});

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output, HasSubstr("inside\n"));
  EXPECT_THAT(run.output, Not(HasSubstr("cgroup")));
  EXPECT_THAT(run.output, Not(HasSubstr(root_.folder().string())));
}

TEST_F(MountsTest, ReadOnlyBindMountIsReadOnly) {
  const std::string host = HostFolder();

  const TestRun run = Run(fmt::format("lxc.mount.entry = {} mnt none bind,ro 0 0", host),
                          {"read:/mnt/file", "write:/mnt/file", "write:/mnt/other"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
  EXPECT_TRUE(HasLine(run.output, "write /mnt/file: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "write /mnt/other: EROFS"));
}

TEST_F(MountsTest, ReadOnlyRemountOfABindMountHolds) {
  const std::string host = HostFolder();

  const TestRun run = Run(fmt::format("lxc.mount.entry = {} mnt none bind 0 0\n"
                                      "lxc.mount.entry = {} mnt none bind,remount,ro 0 0",
                                      host, host),
                          {"write:/mnt/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "write /mnt/file: EROFS"));
}

TEST_F(MountsTest, RecursiveReadOnlyBindMountIsReadOnlyBelowToo) {
  const TestRun run =
      Run("lxc.mount.entry = tmpfs mnt tmpfs create=dir 0 0\n"
          "lxc.mount.entry = tmpfs mnt/below tmpfs create=dir 0 0\n"
          "lxc.mount.entry = mnt copy none rbind,ro,relative,create=dir 0 0",
          {"write:/mnt/below/file", "write:/copy/below/file", "write:/copy/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "write /mnt/below/file: ok"));
  EXPECT_TRUE(HasLine(run.output, "write /copy/below/file: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "write /copy/file: EROFS"));
}

TEST_F(MountsTest, SymbolicLinkAsTargetStaysInside) {
  const std::string host = HostFolder();
  const fs::path victim = root_.folder() / "victim";
  fs::create_directories(victim);
  fs::create_symlink(victim, root_.rootfs() / "evil");
  fs::create_symlink("../../../../../../.." + victim.string(), root_.rootfs() / "evil2");

  const TestRun run = Run(fmt::format("lxc.mount.entry = {0} evil none bind,create=dir 0 0\n"
                                      "lxc.mount.entry = {0} evil2/x none bind,create=dir 0 0",
                                      host),
                          {"list:/"});

  // Inside, the links lead nowhere.
  EXPECT_THAT(run.error, HasSubstr("evil"));
  EXPECT_EQ(run.error_code, ENOENT);
  EXPECT_TRUE(fs::is_empty(victim));
}

TEST_F(MountsTest, AbsoluteLinkAsTargetMeansTheContainersRoot) {
  const std::string host = HostFolder();
  fs::create_symlink("/mnt", root_.rootfs() / "link");

  const TestRun run =
      Run(fmt::format("lxc.mount.entry = {} link none bind 0 0", host), {"read:/mnt/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
}

TEST_F(MountsTest, RelativeSourceLinkStaysInside) {
  const std::string host = HostFolder();
  fs::create_symlink(host, root_.rootfs() / "evil");

  const TestRun run = Run("lxc.mount.entry = evil mnt none bind,relative 0 0", {"read:/mnt/file"});

  EXPECT_EQ(run.error_code, ENOENT);
}

TEST_F(MountsTest, DevThatIsALinkOutsideIsRefused) {
  const fs::path victim = root_.folder() / "victim";
  fs::create_directories(victim);
  fs::remove(root_.rootfs() / "dev");
  fs::create_symlink(victim, root_.rootfs() / "dev");

  const TestRun run = Run("", {"list:/dev"});

  EXPECT_EQ(run.error_code, ENOENT);
  EXPECT_THAT(run.error, HasSubstr("/dev"));
  EXPECT_TRUE(fs::is_empty(victim));
}

TEST_F(MountsTest, MissingTargetFailsUnlessOptionalOrCreated) {
  const std::string host = HostFolder();
  const auto entry = [&](std::string_view options) {
    return fmt::format("lxc.mount.entry = {} a/b none bind{} 0 0", host, options);
  };

  const TestRun missing = Run(entry(""), {"read:/a/b/file"});
  EXPECT_EQ(missing.error_code, ENOENT);
  EXPECT_THAT(missing.error, HasSubstr("a/b"));

  EXPECT_EQ(Run(entry(",optional"), {"read:/a/b/file"}).output, "read /a/b/file: ENOENT\n");
  EXPECT_TRUE(HasLine(Run(entry(",create=dir"), {"read:/a/b/file"}).output, "of the host"));
}

TEST_F(MountsTest, FileIsBoundOverACreatedFile) {
  const std::string host = HostFolder();

  const TestRun run = Run(
      fmt::format("lxc.mount.entry = {}/file a/b none bind,create=file 0 0", host), {"read:/a/b"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
}

TEST_F(MountsTest, FstabIsMountedBeforeEntriesAndBlanksAreUnescaped) {
  const std::string host = HostFolder();
  std::ofstream(root_.folder() / "fstab")
      << "# of the test\n\ntmpfs with\\040blank tmpfs create=dir,size=64k 0 0\n";

  const TestRun run = Run(fmt::format("lxc.mount.fstab = {}/fstab\nlxc.mount.entry = {} "
                                      "with\\040blank/sub none bind,create=dir 0 0",
                                      root_.folder().string(), host),
                          {"read:/with blank/sub/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
}

TEST_F(MountsTest, AbsoluteTargetBelowTheRootfsIsMeantInside) {
  const std::string host = HostFolder();

  const TestRun run =
      Run(fmt::format("lxc.mount.entry = {} {}/mnt none bind 0 0", host, root_.rootfs().string()),
          {"read:/mnt/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
}

TEST_F(MountsTest, UnknownOptionOfAFileSystemFailsWithItsMessage) {
  const TestRun run = Run("lxc.mount.entry = tmpfs mnt tmpfs nonsense=1 0 0", {"list:/"});

  EXPECT_EQ(run.error_code, EINVAL);
  EXPECT_THAT(run.error, HasSubstr("nonsense"));
}

TEST_F(MountsTest, MixedProcHasReadOnlySettings) {
  const TestRun run = Run("lxc.mount.auto = proc:mixed",
                          {"open:/proc/sys/kernel/panic", "open:/proc/self/oom_score_adj",
                           "open:/proc/sys/net/ipv4/ip_forward"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /proc/sys/kernel/panic: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "open /proc/self/oom_score_adj: ok"));
  // This container's network is the host's.
  EXPECT_TRUE(HasLine(run.output, "open /proc/sys/net/ipv4/ip_forward: EROFS"));
}

TEST_F(MountsTest, MixedProcLeavesTheSettingsOfAnOwnNetworkWritable) {
  const TestRun run =
      Run("lxc.mount.auto = proc:mixed",
          {"open:/proc/sys/net/ipv4/ip_forward", "open:/proc/sys/kernel/panic"}, CLONE_NEWNET);

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /proc/sys/net/ipv4/ip_forward: ok"));
  EXPECT_TRUE(HasLine(run.output, "open /proc/sys/kernel/panic: EROFS"));
}

TEST_F(MountsTest, SysIsAsWritableAsAskedFor) {
  constexpr const char* kSetting = "write:/sys/class/net/lo/ifalias";
  for (const auto& [word, result] :
       {std::pair("sys:ro", "EROFS"), std::pair("sys:mixed", "ok"), std::pair("sys:rw", "ok")}) {
    const TestRun run = Run(fmt::format("lxc.mount.auto = {}", word),
                            {kSetting, "write:/sys/kernel/mm/ksm/run"}, CLONE_NEWNET);
    ASSERT_EQ(run.error, "");
    EXPECT_TRUE(HasLine(run.output, fmt::format("write /sys/class/net/lo/ifalias: {}", result)))
        << word << "\n"
        << run.output;
    if (std::string_view(word) != "sys:rw") {
      EXPECT_THAT(run.output, Not(HasSubstr("write /sys/kernel/mm/ksm/run: ok"))) << word;
    }
  }
}

TEST_F(MountsTest, CgroupsAreMountedOnlyByForceWhereTheContainerHasANamespaceForThem) {
  const std::string questions = "list:/sys/fs/cgroup";

  const TestRun plain =
      Run("lxc.mount.auto = sys cgroup:mixed", {questions}, CLONE_NEWCGROUP | CLONE_NEWNET);
  ASSERT_EQ(plain.error, "");
  const TestRun forced =
      Run("lxc.mount.auto = sys cgroup:ro:force", {questions, "read:/proc/self/mountinfo"},
          CLONE_NEWCGROUP | CLONE_NEWNET);
  ASSERT_EQ(forced.error, "");

  struct statfs host = {};
  ASSERT_EQ(statfs("/sys/fs/cgroup", &host), 0);
  constexpr decltype(host.f_type) kCgroup2 = 0x63677270;
  if (host.f_type == kCgroup2) {
    EXPECT_THAT(plain.output, HasSubstr("entry cgroup.procs"));
    EXPECT_THAT(forced.output, HasSubstr("entry cgroup.procs"));
  } else {
    EXPECT_EQ(plain.output, "");
    EXPECT_THAT(forced.output, HasSubstr("entry "));
  }
}

TEST_F(MountsTest, CgroupsWithoutANamespaceShowTheOwnOneReadOnlyAbove) {
  const TestRun run = Run("lxc.mount.auto = proc sys cgroup:ro cgroup:mixed",
                          {"read:/proc/self/mountinfo"}, CLONE_NEWNET);

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output, HasSubstr(" /sys/fs/cgroup"));
  EXPECT_THAT(run.output, HasSubstr(" - cgroup"));
}

TEST_F(MountsTest, OverlayKeepsTheLowerFolderAsItIs) {
  const fs::path upper = root_.folder() / "upper";
  fs::create_directories(upper);

  const TestRun run =
      RunInContainer(root_, {.config = fmt::format("lxc.rootfs.path = overlay:{}:{}",
                                                   root_.rootfs().string(), upper.string()),
                             .questions = {"write:/etc/new", "kind:/etc/new"},
                             .without_rootfs_path = true});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "write /etc/new: ok"));
  EXPECT_FALSE(fs::exists(root_.rootfs() / "etc/new"));
  EXPECT_TRUE(fs::exists(upper / "etc/new"));
}

TEST_F(MountsTest, OverlayWorksInAUserNamespace) {
  const fs::path upper = root_.folder() / "upper";
  fs::create_directories(upper);
  root_.GiveTo(kMapped);

  const TestRun run =
      RunInContainer(root_, {.config = fmt::format("{}lxc.rootfs.path = overlay:{}:{}", kMaps,
                                                   root_.rootfs().string(), upper.string()),
                             .questions = {"write:/etc/new"},
                             .namespaces = CLONE_NEWUSER,
                             .without_rootfs_path = true});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "write /etc/new: ok"));
}

TEST_F(MountsTest, WithoutRootfsTheHostsRootIsSeenAndItsDevIsLeftAlone) {
  const std::string script = root_.rootfs() / "sbin/inspect";

  const TestRun run =
      RunInContainer(root_, {.config = fmt::format("lxc.init.cmd = {} list:/dev read:{}/host/file",
                                                   script, root_.folder().string()),
                             .questions = {},
                             .without_rootfs_path = true});
  HostFolder();

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "entry null"));
  EXPECT_FALSE(HasLine(run.output, "entry vda"));
}

TEST_F(MountsTest, UserNamespaceGetsProcSysAndMounts) {
  const std::string host = HostFolder();

  const TestRun run =
      RunMapped(fmt::format("lxc.mount.auto = proc:mixed sys:mixed\n"
                            "lxc.mount.entry = {} mnt none bind,ro 0 0\n"
                            "lxc.mount.entry = tmpfs tmp tmpfs rw 0 0\n",
                            host),
                {"read:/mnt/file", "write:/mnt/file", "write:/tmp/x", "open:/proc/sys/kernel/panic",
                 "list:/sys/class/net", "kind:/etc"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
  EXPECT_TRUE(HasLine(run.output, "write /mnt/file: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "write /tmp/x: ok"));
  EXPECT_THAT(run.output, Not(HasSubstr("open /proc/sys/kernel/panic: ok")));
  EXPECT_TRUE(HasLine(run.output, "entry lo"));
  EXPECT_TRUE(HasLine(run.output, "kind /etc: folder 755 0:0 owner 0:0"));
}

TEST_F(MountsTest, ReadOnlyHoldsOnOlderKernelsToo) {
  const TestRun run = RunInContainer(
      root_, {.config = "lxc.mount.auto = proc:mixed sys:ro\n"
                        "lxc.mount.entry = tmpfs mnt tmpfs nosuid,nodev 0 0\n"
                        "lxc.mount.entry = tmpfs mnt/with\\040blank tmpfs create=dir 0 0\n"
                        "lxc.mount.entry = mnt copy none rbind,ro,relative,create=dir 0 0",
              .questions = {"write:/mnt/with blank/file", "write:/copy/with blank/file",
                            "write:/copy/file", "open:/proc/sys/kernel/panic",
                            "read:/proc/self/mounts", "list:/proc/self/fd"},
              .namespaces = CLONE_NEWNET,
              .older_kernel = true});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "write /mnt/with blank/file: ok"));
  EXPECT_TRUE(HasLine(run.output, "write /copy/with blank/file: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "write /copy/file: EROFS"));
  EXPECT_TRUE(HasLine(run.output, "open /proc/sys/kernel/panic: EROFS"));
  EXPECT_THAT(run.output, HasSubstr("tmpfs /copy tmpfs ro,nosuid,nodev,"));
  EXPECT_THAT(run.output, HasSubstr("sysfs /sys sysfs ro,nosuid,nodev,noexec,"));
  EXPECT_TRUE(HasLine(run.output, "entry 3"));
  EXPECT_FALSE(HasLine(run.output, "entry 4"));
}

TEST_F(MountsTest, SharedMountsFolderIsBound) {
  const std::string host = HostFolder();

  const TestRun run =
      Run(fmt::format("lxc.mount.auto = shmounts:{}", host), {"read:/dev/.lxc-mounts/file"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "of the host"));
}

}  // namespace
}  // namespace lxcspec::runtime
