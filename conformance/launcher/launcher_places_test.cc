// SPDX-License-Identifier: Apache-2.0
//
// Machines that are not as this one: their cgroups, their files, where the suite is.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "conformance/launcher/launcher_fixture.h"

namespace lxcspec::launcher {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class LauncherPlacesTest : public LauncherTest {};

void Must(int returned, const char* what) {
  if (returned >= 0) return;
  perror(what);
  _exit(99);
}

// A mount namespace of its own, whose mounts reach nobody.
void UnshareMounts() {
  Must(unshare(CLONE_NEWNS), "unshare");
  Must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private");
}

const std::vector<std::string>& TestsOfEveryLayout() {
  static const std::vector<std::string> tests = {"Fake.Passes",
                                                 "Hostile.LeakCgroupWithProcess",
                                                 "Hostile.LeakChild",
                                                 "Hostile.LeakFile",
                                                 "Sandbox.CgroupMountsShowTheNamespaceRoot",
                                                 "Sandbox.HostIsReadOnly",
                                                 "Sandbox.OnlyLoopbackAndItIsUp",
                                                 "Sandbox.StateDirectoriesAreEmpty"};
  return tests;
}

// As in a VM or on a current distribution, whatever this machine has.
TEST_F(LauncherPlacesTest, WorksWhereCgroup2IsAllThereIs) {
  launcher_.Prepare([] {
    UnshareMounts();
    Must(mount("none", "/sys/fs/cgroup", "cgroup2", 0, nullptr), "mount cgroup2");
  });
  ASSERT_EQ(RunTests(TestsOfEveryLayout()), 0) << launcher_.Errors();
  EXPECT_EQ(launcher_.Records()[0]["machine"]["cgroup"], "unified");
  for (const auto& [name, result] : launcher_.Results()) {
    EXPECT_EQ(result["verdict"], "pass") << name << ": " << result["message"];
  }
  EXPECT_THAT(LeaksOf(launcher_.Results().at("Hostile.LeakCgroupWithProcess")),
              ElementsAre("cgroup lxc.payload.c1", "process fake_suite"));
}

// As in a VM's initramfs: no shell, no libraries, none of the directories that tests have of their
// own.
TEST_F(LauncherPlacesTest, WorksInARootWithNothingElseInIt) {
  const std::string root = launcher_.directory() + "/root";
  ASSERT_EQ(mkdir(root.c_str(), 0755), 0);
  const LauncherPaths outside = FakePaths();
  const std::string tests = TestsFile(TestsOfEveryLayout());
  launcher_.Prepare([&] {
    UnshareMounts();
    Must(mount("none", root.c_str(), "tmpfs", 0, nullptr), "mount tmpfs");
    for (const char* name : {"/proc", "/sys", "/dev", "/x", "/out"}) {
      Must(mkdir((root + name).c_str(), 0755), name);
    }
    const auto bind = [&](const std::string& from, const std::string& to, unsigned long flags) {
      Must(mount(from.c_str(), (root + to).c_str(), nullptr, MS_BIND | flags, nullptr), to.c_str());
    };
    for (const char* name : {"/proc", "/sys", "/dev"}) bind(name, name, MS_REC);
    bind(launcher_.directory(), "/out", 0);
    for (const auto& [from, to] : {std::pair(outside.launcher, std::string("/x/launcher")),
                                   std::pair(outside.suite, std::string("/x/fake_suite")),
                                   std::pair(outside.testee, std::string("/x/testee.so")),
                                   std::pair(tests, std::string("/x/tests"))}) {
      Must(open((root + to).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0755), to.c_str());
      bind(from, to, 0);
    }
    Must(chroot(root.c_str()), "chroot");
    Must(chdir("/"), "chdir");
  });
  launcher_.paths() = {.launcher = "/x/launcher",
                       .suite = "/x/fake_suite",
                       .testee = "/x/testee.so",
                       .probe = "/x/fake_suite"};
  ASSERT_EQ(
      launcher_.Run({"--results", "/out/results.jsonl", "--tests", "/x/tests", "--speed", kSpeed}),
      0)
      << launcher_.Errors();
  EXPECT_THAT(launcher_.Results(), SizeIs(TestsOfEveryLayout().size()));
  for (const auto& [name, result] : launcher_.Results()) {
    EXPECT_EQ(result["verdict"], "pass") << name << ": " << result["reason"] << result["message"];
  }
}

// A suite below a directory that tests find empty is still there for them.
TEST_F(LauncherPlacesTest, SuiteAndTesteeMayBeBelowPrivateDirectories) {
  LauncherProcess elsewhere(FakePaths());
  const std::string folder = "/tmp/lxcspec-launcher-test." + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
  const auto copy = [&](const std::string& from, const std::string& name) {
    std::ofstream(folder + "/" + name, std::ios::binary)
        << std::ifstream(from, std::ios::binary).rdbuf();
    chmod((folder + "/" + name).c_str(), 0755);
    return folder + "/" + name;
  };
  launcher_.paths().suite = copy(FakePaths().suite, "suite");
  launcher_.paths().testee = copy(FakePaths().testee, "testee.so");
  EXPECT_EQ(ResultOf("Sandbox.StateDirectoriesAreEmpty")["verdict"], "pass");
  EXPECT_EQ(ResultOf("Hostile.LeakFile")["verdict"], "pass");
  for (const char* name : {"/suite", "/testee.so"}) unlink((folder + name).c_str());
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

}  // namespace
}  // namespace lxcspec::launcher
