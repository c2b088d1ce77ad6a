// SPDX-License-Identifier: Apache-2.0
//
// Containers and their limits where version 2 is the only hierarchy: what its files say, and
// whether the kernel holds the container to it.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conformance/harness/attached_probe.h"
#include "conformance/harness/cgroup_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPidsMax[] = "lxc.cgroup2.pids.max";

class Cgroup2Test : public CgroupTest {
 protected:
  // Puts a container's init, which has one thread, into a threaded cgroup below the container's
  // own, as a program does that limits its threads. Returns the container's own.
  static Result<std::string> MoveToThreadedCgroup(const ProbedContainer& container) {
    ASSIGN_OR_RETURN(const std::string own, FolderOf(container.init()));
    const std::string threaded = own + "/threaded";
    if (mkdir(threaded.c_str(), 0755) != 0) return FailErrno("mkdir(" + threaded + ")");
    RETURN_IF_ERROR(WriteCgroupFile(threaded + "/cgroup.type", "threaded"));
    RETURN_IF_ERROR(
        WriteCgroupFile(threaded + "/cgroup.threads", std::to_string(container.init())));
    return own;
  }
};

TEST_F(Cgroup2Test, IsAnnounced) {
  COVERS(spec::cgroup2::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("cgroup2"));
}

TEST_F(Cgroup2Test, KeyReadsAsAllThatItWasSetTo) {
  COVERS(spec::cgroup2::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  for (const char* value : {"max", "100", "7"}) {
    ASSERT_OK(container->SetConfigItem(kPidsMax, value));
  }
  ASSERT_OK(container->SetConfigItem("lxc.cgroup2.cpu.max", "50000 100000"));

  EXPECT_THAT(container->GetConfigItem(kPidsMax), SucceedsWith("max\n100\n7\n"));
  EXPECT_THAT(container->GetConfigItem("lxc.cgroup2.cpu.max"), SucceedsWith("50000 100000\n"));
}

TEST_F(Cgroup2Test, ClearingOneFileLeavesTheOthers) {
  COVERS(spec::cgroup2::kKeyCleared);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem(kPidsMax, "7"));
  ASSERT_OK(container->SetConfigItem("lxc.cgroup2.memory.max", "64M"));

  ASSERT_OK(container->ClearConfigItem(kPidsMax));

  EXPECT_THAT(container->GetConfigItem(kPidsMax), SucceedsWith(""));
  EXPECT_THAT(container->GetConfigItem("lxc.cgroup2.memory.max"), SucceedsWith("64M\n"));
}

TEST_F(Cgroup2Test, ClearingTheFamilyLeavesNone) {
  COVERS(spec::cgroup2::kKeyCleared);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem(kPidsMax, "7"));
  ASSERT_OK(container->SetConfigItem("lxc.cgroup2.memory.max", "64M"));

  ASSERT_OK(container->ClearConfigItem("lxc.cgroup2"));

  EXPECT_THAT(container->GetConfigItem(kPidsMax), SucceedsWith(""));
  EXPECT_THAT(container->GetConfigItem("lxc.cgroup2.memory.max"), SucceedsWith(""));
}

TEST_F(Cgroup2Test, ContainerIsInACgroupOfItsOwn) {
  COVERS(spec::cgroup2::kOwnCgroup);
  const std::vector<std::string> before = CgroupsOfContainers();

  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  ASSERT_OK_AND_ASSIGN(const std::string own, FolderOf(container.init()));
  EXPECT_THAT(before, Not(::testing::Contains(own)));
  EXPECT_THAT(FolderOf(getpid()), SucceedsWith(Not(own)));
  ASSERT_OK_AND_ASSIGN(const pid_t monitor, ParentOf(container.init()));
  EXPECT_THAT(FolderOf(monitor), SucceedsWith(Not(own)));
}

struct Limit {
  std::string name;
  std::string file;
  std::string value;
  // As the kernel shows it.
  std::string shown;
};

class Cgroup2LimitTest : public Cgroup2Test, public ::testing::WithParamInterface<Limit> {};

TEST_P(Cgroup2LimitTest, StandsInTheContainersCgroup) {
  COVERS(spec::cgroup2::kLimitSet);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed({{"lxc.cgroup2." + GetParam().file, GetParam().value}}));

  EXPECT_THAT(ReadFileOf(container, GetParam().file), SucceedsWith(GetParam().shown));
}

INSTANTIATE_TEST_SUITE_P(All, Cgroup2LimitTest,
                         ::testing::Values(Limit{"Pids", "pids.max", "7", "7"},
                                           Limit{"Memory", "memory.max", "64M", "67108864"},
                                           Limit{"MemoryHigh", "memory.high", "32M", "33554432"},
                                           Limit{"Cpu", "cpu.max", "50000 100000", "50000 100000"},
                                           Limit{"CpuWeight", "cpu.weight", "42", "42"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2Test, ContainerHasNoMoreProcessesThanItsLimit) {
  COVERS(spec::cgroup2::kLimitHolds);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kPidsMax, "4"}}));

  // The init is one of the four.
  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(3));
}

TEST_F(Cgroup2Test, FileOfNoControllerIsSet) {
  COVERS(spec::cgroup2::kCoreFile);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.cgroup2.cgroup.max.depth", "3"},
                                                    {"lxc.cgroup2.cgroup.max.descendants", "5"}}));

  EXPECT_THAT(ReadFileOf(container, "cgroup.max.depth"), SucceedsWith("3"));
  EXPECT_THAT(ReadFileOf(container, "cgroup.max.descendants"), SucceedsWith("5"));
}

TEST_F(Cgroup2Test, LastOfSeveralValuesHolds) {
  COVERS(spec::cgroup2::kLastValue);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed({{kPidsMax, "9"}, {kPidsMax, "max"}, {kPidsMax, "6"}}));

  EXPECT_THAT(ReadFileOf(container, "pids.max"), SucceedsWith("6"));
}

TEST_F(Cgroup2Test, ItemReadsAsTheFile) {
  COVERS(spec::cgroup2::kItemRead);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kPidsMax, "6"}}));

  EXPECT_THAT(container->GetCgroupItem("pids.max"), SucceedsWith("6"));
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(container.init()));
  ASSERT_OK(WriteCgroupFile(folder + "/pids.max", "11"));
  EXPECT_THAT(container->GetCgroupItem("pids.max"), SucceedsWith("11"));
}

TEST_F(Cgroup2Test, WrittenItemHolds) {
  COVERS(spec::cgroup2::kItemWritten);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  ASSERT_OK(container->SetCgroupItem("pids.max", "3"));

  EXPECT_THAT(ReadFileOf(container, "pids.max"), SucceedsWith("3"));
  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(2));
}

TEST_F(Cgroup2Test, ContainersOfOneNameAreApart) {
  COVERS(spec::cgroup2::kNameTaken);
  ASSERT_OK_AND_ASSIGN(auto first, Start({"pause"}));
  ASSERT_OK_AND_ASSIGN(auto model, Configure({"pause"}, {}, "model"));
  ASSERT_OK(model->SaveConfig((scratch() / "config").string()));
  std::filesystem::create_directories(scratch() / "other");
  ASSERT_OK_AND_ASSIGN(auto namesake, testee().NewContainer("c", (scratch() / "other").string()));
  ASSERT_OK(namesake->LoadConfig((scratch() / "config").string()));

  ASSERT_OK(namesake->Start({}));

  RunningContainer second(std::move(namesake));
  ASSERT_OK_AND_ASSIGN(const pid_t one, first->InitPid());
  ASSERT_OK_AND_ASSIGN(const pid_t other, second->InitPid());
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(one));
  EXPECT_THAT(FolderOf(other), SucceedsWith(Not(folder)));
  EXPECT_EQ(first->State(), "RUNNING");
}

TEST_F(Cgroup2Test, FrozenContainersCgroupIsFrozen) {
  COVERS(spec::cgroup2::kFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  using ::testing::HasSubstr;
  const auto events = [&] { return ReadFileOf(container, "cgroup.events"); };

  ASSERT_OK(container->Freeze());
  EXPECT_TRUE(Eventually(events, SucceedsWith(HasSubstr("frozen 1"))));
  ASSERT_OK(container->Unfreeze());
  EXPECT_TRUE(Eventually(events, SucceedsWith(HasSubstr("frozen 0"))));
}

TEST_F(Cgroup2Test, CgroupIsGoneAfterAStop) {
  COVERS(spec::cgroup2::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(container.init()));
  ASSERT_EQ(mkdir((folder + "/below").c_str(), 0755), 0);

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return access(folder.c_str(), F_OK); }, -1));
}

TEST_F(Cgroup2Test, ProgramIsAttachedToAThreadedCgroup) {
  COVERS(spec::cgroup2::kThreaded);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const std::string own, MoveToThreadedCgroup(container));
  ASSERT_THAT(FolderOf(container.init()), SucceedsWith(own + "/threaded"));

  ASSERT_OK_AND_ASSIGN(auto attached, AttachedProbe::Start(*container, rootfs()));

  // Another container's may begin with the same letters.
  EXPECT_THAT(FolderOf(attached.pid()),
              SucceedsWith(::testing::AnyOf(own, ::testing::StartsWith(own + "/"))));
}

TEST_F(Cgroup2Test, ThreadedCgroupIsGoneAfterAStop) {
  COVERS(spec::cgroup2::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const std::string own, MoveToThreadedCgroup(container));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return access(own.c_str(), F_OK); }, -1));
}

TEST_F(Cgroup2Test, CgroupIsGoneAfterInitWasKilled) {
  COVERS(spec::cgroup2::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(container.init()));
  ASSERT_EQ(mkdir((folder + "/below").c_str(), 0755), 0);

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(Eventually([&] { return access(folder.c_str(), F_OK); }, -1));
}

TEST_F(Cgroup2Test, LegacyLimitHolds) {
  COVERS(spec::cgroup2::kLegacyKeySet);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.cgroup.pids.max", "4"}}));

  EXPECT_THAT(ReadFileOf(container, "pids.max", "pids"), SucceedsWith("4"));
  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(3));
}

// Refusals.

TEST_F(Cgroup2Test, KeyWithoutAFileIsRefused) {
  COVERS(spec::cgroup2::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_THAT(container->SetConfigItem("lxc.cgroup2", "1"), Fails());
  EXPECT_THAT(container->SetConfigItem("lxc.cgroup2.", "1"), Fails());
}

TEST_F(Cgroup2Test, FileThatIsNotThereFailsTheStart) {
  COVERS(spec::cgroup2::kUnknownFile);
  const std::vector<std::string> before = CgroupsOfContainers();

  EXPECT_OK(ErrorsOfFailingStart({{"lxc.cgroup2.lxcspec.max", "1"}}));

  EXPECT_TRUE(Eventually([&] { return CgroupsOfContainers(); }, before));
}

TEST_F(Cgroup2Test, ValueThatTheKernelRefusesFailsTheStart) {
  COVERS(spec::cgroup2::kBadValue);

  EXPECT_OK(ErrorsOfFailingStart({{kPidsMax, "many"}}));
}

TEST_F(Cgroup2Test, LogNamesTheFile) {
  COVERS(spec::cgroup2::kFailureNamed);

  EXPECT_THAT(ErrorsOfFailingStart({{kPidsMax, "many"}}),
              SucceedsWith(::testing::HasSubstr("pids.max")));
}

TEST_F(Cgroup2Test, LegacyFileThatIsNotThereFailsTheStart) {
  COVERS(spec::cgroup2::kLegacyUnknownFile);

  EXPECT_OK(ErrorsOfFailingStart({{"lxc.cgroup.pids.lxcspec", "1"}}));
}

TEST_F(Cgroup2Test, FileOfAnotherCgroupIsLeftAlone) {
  COVERS(spec::cgroup2::kStaysInside);
  ASSERT_OK_AND_ASSIGN(auto victim, StartProbed({{kPidsMax, "20"}}, {}, "victim"));
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(victim.init()));
  const std::string name = folder.substr(folder.rfind('/') + 1);

  for (const std::string& way : {"../" + name, folder}) {
    static_cast<void>(StartBriefly({{"lxc.cgroup2." + way + "/pids.max", "3"}}));

    EXPECT_THAT(ReadFileOf(victim, "pids.max"), SucceedsWith("20")) << way;
  }
}

TEST_F(Cgroup2Test, StoppedContainerHasNoItems) {
  COVERS(spec::cgroup2::kStoppedItem);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  EXPECT_THAT(container->GetCgroupItem("pids.max"), Fails());
  EXPECT_THAT(container->SetCgroupItem("pids.max", "7"), Fails());
}

// The other version's keys.

TEST_F(Cgroup2Test, LegacyKeyIsIgnoredOnTheUnifiedLayout) {
  COVERS(spec::cgroup2::kLegacyIgnored);
  ASSERT_OK_AND_ASSIGN(
      auto container, StartProbed({{"lxc.cgroup.pids.max", "2"}, {"lxc.cgroup.lxcspec.max", "1"}}));

  EXPECT_THAT(CountChildren(container, 4), SucceedsWith(4));
}

TEST_F(Cgroup2Test, UnifiedKeyIsIgnoredOnTheLegacyLayout) {
  COVERS(spec::cgroup2::kUnifiedIgnored);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed({{kPidsMax, "2"}, {"lxc.cgroup2.lxcspec.max", "1"}}));

  EXPECT_THAT(CountChildren(container, 4), SucceedsWith(4));
}

}  // namespace
}  // namespace lxcspec
