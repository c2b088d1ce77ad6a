// SPDX-License-Identifier: Apache-2.0
//
// Whose files are whose in folders that are mounted into a container with other owners.

#include <fmt/format.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "conformance/harness/idmap_test.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr char kEntry[] = "lxc.mount.entry";

class IdmappedMountsV2Test : public IdMapTest {
 protected:
  // A folder of the host with files of several owners.
  fs::path source() const { return scratch() / "source"; }

  // An entry that mounts the source at /target.
  std::pair<std::string, std::string> Entry(const std::string& options,
                                            const std::string& target = "target") const {
    return {kEntry, fmt::format("{} {} none {} 0 0", source().string(), target, options)};
  }

  // A container with id maps and these entries.
  Result<ProbedContainer> StartWith(const ConfigItems& entries) {
    ASSIGN_OR_RETURN(const ConfigItems config, ConfigWith(entries));
    return StartMapped(config);
  }

  // The same, where none of them can be mapped.
  Result<ProbedContainer> StartWithout(const ConfigItems& entries) {
    ASSIGN_OR_RETURN(const ConfigItems config, ConfigWith(entries));
    return StartProbed(config);
  }

  // The same entries fail the start, or are refused.
  void ExpectNoStartWith(const ConfigItems& entries) {
    ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIds());
    config.insert(config.end(), entries.begin(), entries.end());
    ExpectRefusedOrNoStart(config);
  }

 private:
  Result<ConfigItems> ConfigWith(const ConfigItems& entries) {
    RETURN_IF_ERROR(MakeOwnedFiles(source()));
    ASSIGN_OR_RETURN(ConfigItems config, MapIds());
    config.insert(config.end(), entries.begin(), entries.end());
    return config;
  }
};

TEST_F(IdmappedMountsV2Test, IsAnnounced) {
  COVERS(spec::idmapped_mounts_v2::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("idmapped_mounts_v2"));
}

TEST_F(IdmappedMountsV2Test, FilesBelongToTheSameIdsInside) {
  COVERS(spec::idmapped_mounts_v2::kOwnersInside);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("bind,create=dir,idmap=container")}));

  EXPECT_THAT(container.Ask({"owner", "/target/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/target/user"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"owner", "/target/far"}), SucceedsWith(kNobody));
}

TEST_F(IdmappedMountsV2Test, MadeFilesBelongToTheSameIdsOutside) {
  COVERS(spec::idmapped_mounts_v2::kOwnersOutside);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("bind,create=dir,idmap=container")}));

  ASSERT_OK(container.Ask({"make", "/target/made", "text"}));
  ASSERT_OK(container.Ask({"make", "/target/given", "text"}));
  ASSERT_OK(container.Ask({"give", "/target/given", "1000", "1001"}));

  EXPECT_THAT(OwnerOf(source() / "made"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(source() / "given"), SucceedsWith("1000 1001"));
}

TEST_F(IdmappedMountsV2Test, EachEntryHasTheMapOfTheNamespaceThatItNames) {
  COVERS(spec::idmapped_mounts_v2::kPath);
  ASSERT_OK_AND_ASSIGN(const UserNamespace five,
                       UserNamespace::Make("0 100000 1\n1000 100005 1\n"));
  ASSERT_OK_AND_ASSIGN(const UserNamespace six, UserNamespace::Make("0 100006 1\n1000 100000 1\n"));

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWith({Entry("bind,create=dir,idmap=" + five.path(), "five"),
                                  Entry("bind,create=dir,idmap=" + six.path(), "six")}));

  EXPECT_THAT(container.Ask({"owner", "/five/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/five/user"}), SucceedsWith("5 5"));
  EXPECT_THAT(container.Ask({"owner", "/six/root"}), SucceedsWith("6 6"));
  EXPECT_THAT(container.Ask({"owner", "/six/user"}), SucceedsWith("0 0"));
}

TEST_F(IdmappedMountsV2Test, OtherEntriesAndTheHostSeeTheOwnersAsTheyAre) {
  COVERS(spec::idmapped_mounts_v2::kOnlyThisEntry);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("bind,create=dir", "before"),
                                                  Entry("bind,create=dir,idmap=container"),
                                                  Entry("bind,create=dir", "behind")}));

  EXPECT_THAT(container.Ask({"owner", "/target/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/before/root"}), SucceedsWith(kNobody));
  EXPECT_THAT(container.Ask({"owner", "/behind/root"}), SucceedsWith(kNobody));
  EXPECT_THAT(OwnerOf(source() / "root"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(source() / "user"), SucceedsWith("1000 1000"));
}

TEST_F(IdmappedMountsV2Test, SingleFileIsMapped) {
  COVERS(spec::idmapped_mounts_v2::kFile);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartWith({{kEntry, fmt::format("{} file none bind,create=file,idmap=container 0 0",
                                      (source() / "user").string())}}));

  EXPECT_THAT(container.Ask({"owner", "/file"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"read-from", "/file"}), SucceedsWith("user"));
}

TEST_F(IdmappedMountsV2Test, WhatIsMountedBelowIsMappedToo) {
  COVERS(spec::idmapped_mounts_v2::kRecursive);
  ASSERT_OK(MakeOwnedFiles(source()));
  ASSERT_OK(MountMappable(source() / "below"));
  ASSERT_OK(MakeOwnedFiles(source() / "below"));

  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("rbind,create=dir,idmap=container")}));

  EXPECT_THAT(container.Ask({"owner", "/target/user"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"owner", "/target/below/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/target/below/user"}), SucceedsWith("1000 1000"));
}

TEST_F(IdmappedMountsV2Test, NestedUserNamespaceMapsOnceMore) {
  COVERS(spec::idmapped_mounts_v2::kNested);
  // Maps are written by way of /proc.
  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("bind,create=dir,idmap=container"),
                                                  {"lxc.mount.auto", "proc:rw"}}));

  EXPECT_THAT(container.Ask({"owner-in-userns", "/target/user", "1000"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner-in-userns", "/target/root", "1000"}), SucceedsWith(kNobody));
  EXPECT_THAT(container.Ask({"owner-in-userns", "/target/root", "0"}), SucceedsWith("0 0"));
}

TEST_F(IdmappedMountsV2Test, MountIsReadOnlyWithThatOptionBeside) {
  COVERS(spec::idmapped_mounts_v2::kWithOtherOptions);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith({Entry("bind,ro,create=dir,idmap=container")}));

  EXPECT_THAT(container.Ask({"owner", "/target/user"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"make", "/target/made", "text"}), FailsWithErrno(EROFS));
}

TEST_F(IdmappedMountsV2Test, NewFileSystemCannotBeMapped) {
  COVERS(spec::idmapped_mounts_v2::kBindsOnly);

  ExpectNoStartWith({{kEntry, "tmpfs target tmpfs create=dir,idmap=container 0 0"}});
}

TEST_F(IdmappedMountsV2Test, FolderThatIsNotBoundCannotBeMapped) {
  COVERS(spec::idmapped_mounts_v2::kBindsOnly);
  ASSERT_OK(MakeOwnedFiles(source()));

  ExpectNoStartWith({Entry("create=dir,idmap=container")});
}

struct BadValue {
  std::string name;
  std::string value;
};

class IdmappedMountsV2BadValueTest : public IdmappedMountsV2Test,
                                     public ::testing::WithParamInterface<BadValue> {};

TEST_P(IdmappedMountsV2BadValueTest, IsRefusedOrFailsTheStart) {
  COVERS(spec::idmapped_mounts_v2::kNoNamespace);
  ASSERT_OK(MakeOwnedFiles(source()));

  ExpectNoStartWith({Entry("bind,create=dir,idmap=" + GetParam().value)});
}

INSTANTIATE_TEST_SUITE_P(All, IdmappedMountsV2BadValueTest,
                         ::testing::Values(BadValue{"Missing", "/nonexistent/ns"},
                                           BadValue{"RegularFile", "/proc/version"},
                                           BadValue{"OtherNamespace", "/proc/self/ns/net"},
                                           BadValue{"OtherWord", "host"}, BadValue{"Empty", ""}),
                         [](const auto& each) { return each.param.name; });

TEST_F(IdmappedMountsV2Test, WithoutAUserNamespaceThereIsNoStart) {
  COVERS(spec::idmapped_mounts_v2::kWithoutUserNamespace);
  ASSERT_OK(MakeOwnedFiles(source()));

  ExpectRefusedOrNoStart({Entry("bind,create=dir,idmap=container")});
}

TEST_F(IdmappedMountsV2Test, OptionalEntryIsLeftOutWhereTheKernelCannot) {
  COVERS(spec::idmapped_mounts_v2::kOptional);
  ASSERT_OK(RefuseSystemCalls({SYS_mount_setattr}, ENOSYS));

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWithout({Entry("bind,create=dir,optional,idmap=container")}));

  EXPECT_THAT(container.Ask({"owner", "/target/root"}), FailsWithErrno(ENOENT));
}

TEST_F(IdmappedMountsV2Test, OptionalEntryIsLeftOutWhereTheFileSystemCannot) {
  COVERS(spec::idmapped_mounts_v2::kOptional);
  ASSERT_OK(MountUnmappable(source()));

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWithout({Entry("bind,create=dir,optional,idmap=container")}));

  EXPECT_THAT(container.Ask({"owner", "/target/root"}), FailsWithErrno(ENOENT));
}

TEST_F(IdmappedMountsV2Test, OptionalEntryIsLeftOutWhereItsSourceIsMissing) {
  COVERS(spec::idmapped_mounts_v2::kOptional);
  const std::string missing = scratch() / "missing";

  EXPECT_OK(StartWithout({{kEntry, missing + " target none bind,optional,idmap=container 0 0"}}));
}

TEST_F(IdmappedMountsV2Test, OptionalEntryIsLeftOutWhereItsNamespaceIsMissing) {
  COVERS(spec::idmapped_mounts_v2::kOptional);

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWithout({Entry("bind,create=dir,optional,idmap=/nonexistent/ns")}));

  EXPECT_THAT(container.Ask({"owner", "/target/root"}), FailsWithErrno(ENOENT));
}

TEST_F(IdmappedMountsV2Test, KernelWithoutIdMappedMountsFailsTheStart) {
  COVERS(spec::idmapped_mounts_v2::kKernelWithout);
  ASSERT_OK(MakeOwnedFiles(source()));
  ASSERT_OK(RefuseSystemCalls({SYS_mount_setattr}, ENOSYS));

  ExpectNoStartWith({Entry("bind,create=dir,idmap=container")});
}

TEST_F(IdmappedMountsV2Test, FileSystemThatCannotFailsTheStart) {
  COVERS(spec::idmapped_mounts_v2::kFileSystemWithout);
  ASSERT_OK(MountUnmappable(source()));
  ASSERT_OK(MakeOwnedFiles(source()));

  ExpectNoStartWith({Entry("bind,create=dir,idmap=container")});
}

}  // namespace
}  // namespace lxcspec
