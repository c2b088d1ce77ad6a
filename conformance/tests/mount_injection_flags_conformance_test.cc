// SPDX-License-Identifier: Apache-2.0
//
// Flags that hold, and propagation.

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr uid_t kUser = 1000;

constexpr unsigned long kAllFlags =
    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME;

struct FlagCase {
  std::string name;
  unsigned long flags;
  std::vector<std::string> options;
};

const std::vector<FlagCase> kFlagCases = {
    {"ReadOnly", MS_RDONLY, {"ro"}},
    {"NoSuid", MS_NOSUID, {"nosuid"}},
    {"NoDev", MS_NODEV, {"nodev"}},
    {"NoExec", MS_NOEXEC, {"noexec"}},
    {"NoAtime", MS_NOATIME, {"noatime"}},
    {"NoDirAtime", MS_NODIRATIME, {"nodiratime"}},
    {"All", kAllFlags, {"ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime"}},
};

// Options that the mount should have and has not.
std::vector<std::string> Missing(const std::vector<std::string>& options, const SeenMount& mount) {
  std::vector<std::string> missing;
  for (const std::string& option : options) {
    if (!mount.Has(option)) missing.push_back(option);
  }
  return missing;
}

class MountInjectionFlagsTest : public MountTest {};

class MountInjectionEachFlagTest : public MountTest,
                                   public ::testing::WithParamInterface<FlagCase> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionEachFlagTest, ::testing::ValuesIn(kFlagCases),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionEachFlagTest, FileSystemHasIt) {
  COVERS(spec::mount_injection::kFilesystemFlags);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target",
                              .type = "tmpfs",
                              .flags = GetParam().flags,
                              .data = std::nullopt}));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_THAT(Missing(GetParam().options, mounts[0]), IsEmpty()) << mounts[0];
}

TEST_P(MountInjectionEachFlagTest, BindHasIt) {
  COVERS(spec::mount_injection::kBindFlags);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target", GetParam().flags)));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_THAT(Missing(GetParam().options, mounts[0]), IsEmpty()) << mounts[0];
}

TEST_F(MountInjectionFlagsTest, DevicesOfANoDevBindCannotBeOpened) {
  COVERS(spec::mount_injection::kBindFlags);
  // What reads as the end of the file at once.
  ASSERT_EQ(mknod((source() / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/free")));
  ASSERT_OK(container->Mount(Bind("/bound", MS_NODEV)));

  EXPECT_THAT(container.Ask({"read-from", "/free/null"}), SucceedsWith(""));
  EXPECT_THAT(container.Ask({"read-from", "/bound/null"}), FailsWithErrno(EACCES));
}

TEST_F(MountInjectionFlagsTest, ProgramsOfANoExecBindCannotBeRun) {
  COVERS(spec::mount_injection::kBindFlags);
  std::error_code error;
  std::filesystem::copy_file(TestEnvironment().probe, source() / "probe", error);
  ASSERT_FALSE(error) << error.message();
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/free")));
  ASSERT_OK(container->Mount(Bind("/bound", MS_NOEXEC)));

  EXPECT_THAT(container->AttachRunWait({"/free/probe", "exit", "0"}), SucceedsWith(0));
  EXPECT_THAT(container->AttachRunWait({"/bound/probe", "exit", "0"}), Not(SucceedsWith(0)));
}

TEST_F(MountInjectionFlagsTest, ProgramsOfANoSuidBindGainNoRights) {
  COVERS(spec::mount_injection::kBindFlags);
  std::error_code error;
  std::filesystem::copy_file(TestEnvironment().probe, source() / "probe", error);
  ASSERT_FALSE(error) << error.message();
  ASSERT_EQ(chmod((source() / "probe").c_str(), S_ISUID | 0755), 0);
  ASSERT_TRUE(std::filesystem::create_directory(rootfs() / "made"));
  ASSERT_EQ(chmod((rootfs() / "made").c_str(), 0777), 0);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/free")));
  ASSERT_OK(container->Mount(Bind("/bound", MS_NOSUID)));
  // Whose rights a program has is seen by whose the files are that it makes.
  const auto make_as_user = [&](const char* program, const char* file) {
    return container->AttachWait([=] {
      // The library's would ask threads, too, which this copy of the process may not have.
      if (syscall(SYS_setgid, kUser) == 0 && syscall(SYS_setuid, kUser) == 0) {
        execl(program, program, "make", file, "", "then", "exit", "0", nullptr);
      }
      return errno;
    });
  };

  EXPECT_THAT(make_as_user("/free/probe", "/made/free"), SucceedsWith(0));
  EXPECT_THAT(make_as_user("/bound/probe", "/made/bound"), SucceedsWith(0));

  EXPECT_THAT(container.Ask({"owner", "/made/free"}), SucceedsWith("0 1000"));
  EXPECT_THAT(container.Ask({"owner", "/made/bound"}), SucceedsWith("1000 1000"));
}

TEST_F(MountInjectionFlagsTest, ReadOnlyBindCannotBeWritten) {
  COVERS(spec::mount_injection::kBindReadOnly);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target", MS_RDONLY)));

  EXPECT_THAT(container.Ask({"write-to", "/target/file", "overwritten"}), FailsWithErrno(EROFS));

  EXPECT_THAT(ContentOf(source() / "file"), SucceedsWith("from the host"));
}

TEST_F(MountInjectionFlagsTest, ReadOnlyBindLeavesTheSourceWritable) {
  COVERS(spec::mount_injection::kSourceKeepsFlags);
  ASSERT_OK(MountOnHost(source()));
  ASSERT_OK(WriteContent(source() / "file", "first"));
  const std::vector<SeenMount> before = MountsAt(getpid(), source());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target", kAllFlags)));

  EXPECT_EQ(MountsAt(getpid(), source()), before);
  EXPECT_OK(WriteContent(source() / "file", "second"));
}

TEST_F(MountInjectionFlagsTest, ReadOnlyReachesWhatIsMountedBelow) {
  COVERS(spec::mount_injection::kRecursiveFlags);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK(MountOnHost(source() / "below"));
  ASSERT_OK(WriteContent(source() / "below" / "deep", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target", MS_REC | MS_RDONLY)));

  EXPECT_THAT(container.Ask({"write-to", "/target/below/deep", "overwritten"}),
              FailsWithErrno(EROFS));

  EXPECT_THAT(ContentOf(source() / "below" / "deep"), SucceedsWith("kept"));
}

struct PropagationCase {
  std::string name;
  unsigned long flags;
  std::vector<std::string> seen;  // which of these mountinfo may show
  bool receives;
};

const std::vector<PropagationCase> kPropagationCases = {
    {"Shared", MS_SHARED, {"shared", "shared master"}, true},
    {"Slave", MS_SLAVE, {"master"}, true},
    {"Private", MS_PRIVATE, {""}, false},
    {"Unbindable", MS_UNBINDABLE, {"unbindable"}, false},
};

class MountInjectionPropagationTest : public MountTest,
                                      public ::testing::WithParamInterface<PropagationCase> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionPropagationTest, ::testing::ValuesIn(kPropagationCases),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionPropagationTest, BindHasIt) {
  COVERS(spec::mount_injection::kPropagation);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target", GetParam().flags)));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_THAT(mounts[0].propagation, ::testing::AnyOfArray(GetParam().seen));
}

class MountInjectionReceivingTest : public MountTest,
                                    public ::testing::WithParamInterface<PropagationCase> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionReceivingTest,
                         ::testing::Values(kPropagationCases[1], kPropagationCases[2],
                                           kPropagationCases[3]),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionReceivingTest, LaterMountsOfTheHostFollowIt) {
  COVERS(spec::mount_injection::kPropagation);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target", GetParam().flags)));

  ASSERT_OK(MountOnHost(source() / "below"));

  EXPECT_THAT(MountsAt(container.init(), "/target/below"), SizeIs(GetParam().receives ? 1 : 0));
}

}  // namespace
}  // namespace lxcspec
