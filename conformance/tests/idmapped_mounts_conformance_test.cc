// SPDX-License-Identifier: Apache-2.0
//
// Whose files are whose in a container whose root file system is id-mapped, and on the host.

#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "conformance/harness/idmap_test.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr char kOptions[] = "lxc.rootfs.options";

class IdmappedMountsTest : public IdMapTest {
 protected:
  // A container with id maps and this option, in whose root are files of several owners.
  Result<ProbedContainer> StartWith(const std::string& options, const ConfigItems& more = {}) {
    ASSIGN_OR_RETURN(ConfigItems config, MapIdsOnly());
    // Only now: what is there before belongs to the host's root.
    RETURN_IF_ERROR(MakeOwnedFiles(rootfs() / "owned"));
    config.emplace_back(kOptions, options);
    config.insert(config.end(), more.begin(), more.end());
    return StartMapped(config);
  }
};

TEST_F(IdmappedMountsTest, IsAnnounced) {
  COVERS(spec::idmapped_mounts::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("idmapped_mounts"));
}

TEST_F(IdmappedMountsTest, KeyReadsAsItWasSet) {
  COVERS(spec::idmapped_mounts::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  for (const char* value :
       {"idmap=container", "ro,idmap=container,nosuid", "idmap=/proc/self/ns/user"}) {
    ASSERT_OK(container->SetConfigItem(kOptions, value));
    EXPECT_THAT(container->GetConfigItem(kOptions), SucceedsWith(value));
  }
}

TEST_F(IdmappedMountsTest, FilesBelongToTheSameIdsInside) {
  COVERS(spec::idmapped_mounts::kOwnersInside);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith("idmap=container"));

  EXPECT_THAT(container.Ask({"owner", "/owned/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/owned/user"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"owner", "/owned/far"}), SucceedsWith(kNobody));
}

TEST_F(IdmappedMountsTest, MadeFilesBelongToTheSameIdsOutside) {
  COVERS(spec::idmapped_mounts::kOwnersOutside);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith("idmap=container"));

  ASSERT_OK(container.Ask({"make", "/made", "text"}));
  ASSERT_OK(container.Ask({"make", "/folder", "/"}));
  ASSERT_OK(container.Ask({"make", "/given", "text"}));
  ASSERT_OK(container.Ask({"give", "/given", "1000", "1001"}));

  EXPECT_THAT(OwnerOf(rootfs() / "made"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(rootfs() / "folder"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(rootfs() / "given"), SucceedsWith("1000 1001"));
  EXPECT_THAT(container.Ask({"read-from", "/made"}), SucceedsWith("text"));
}

// Root is who it is in the container, and the user of the file system is number five there.
constexpr char kOtherMap[] = "0 100000 1\n1000 100005 1\n";

TEST_F(IdmappedMountsTest, MapIsThatOfTheNamespaceThatThePathNames) {
  COVERS(spec::idmapped_mounts::kPath);
  ASSERT_OK_AND_ASSIGN(const UserNamespace other, UserNamespace::Make(kOtherMap));

  ASSERT_OK_AND_ASSIGN(auto container, StartWith("idmap=" + other.path()));

  EXPECT_THAT(container.Ask({"owner", "/owned/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/owned/user"}), SucceedsWith("5 5"));
  ASSERT_OK(container.Ask({"make", "/made", "text"}));
  ASSERT_OK(container.Ask({"give", "/made", "5", "5"}));
  EXPECT_THAT(OwnerOf(rootfs() / "made"), SucceedsWith("1000 1000"));
}

TEST_F(IdmappedMountsTest, WhatIsMountedBelowIsMappedToo) {
  COVERS(spec::idmapped_mounts::kRecursive);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIdsOnly());
  ASSERT_OK(MountMappable(rootfs() / "below"));
  ASSERT_OK(MakeOwnedFiles(rootfs() / "below/owned"));
  config.emplace_back(kOptions, "idmap=container");

  ASSERT_OK_AND_ASSIGN(auto container, StartMapped(config));

  EXPECT_THAT(container.Ask({"owner", "/below/owned/root"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner", "/below/owned/user"}), SucceedsWith("1000 1000"));
}

TEST_F(IdmappedMountsTest, HostSeesItsOwnOwners) {
  COVERS(spec::idmapped_mounts::kHostUnchanged);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith("idmap=container"));

  EXPECT_THAT(OwnerOf(rootfs() / "owned/root"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(rootfs() / "owned/user"), SucceedsWith("1000 1000"));
  EXPECT_THAT(OwnerOf(rootfs() / "probe"), SucceedsWith("0 0"));
  ASSERT_OK(container->Stop());
  EXPECT_TRUE(Eventually([&] { return container->State(); }, std::string("STOPPED")));
  EXPECT_THAT(OwnerOf(rootfs() / "owned/user"), SucceedsWith("1000 1000"));
  EXPECT_THAT(OwnerOf(rootfs() / "probe"), SucceedsWith("0 0"));
  EXPECT_THAT(OwnerOf(rootfs()), SucceedsWith("0 0"));
}

TEST_F(IdmappedMountsTest, NestedUserNamespaceMapsOnceMore) {
  COVERS(spec::idmapped_mounts::kNested);
  // Maps are written by way of /proc.
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWith("idmap=container", {{"lxc.mount.auto", "proc:rw"}}));

  EXPECT_THAT(container.Ask({"owner-in-userns", "/owned/user", "1000"}), SucceedsWith("0 0"));
  EXPECT_THAT(container.Ask({"owner-in-userns", "/owned/root", "1000"}), SucceedsWith(kNobody));
  EXPECT_THAT(container.Ask({"owner-in-userns", "/owned/root", "0"}), SucceedsWith("0 0"));
}

TEST_F(IdmappedMountsTest, RootIsReadOnlyWithThatOptionBeside) {
  COVERS(spec::idmapped_mounts::kWithOtherOptions);
  ASSERT_OK_AND_ASSIGN(auto container, StartWith("ro,idmap=container"));

  EXPECT_THAT(container.Ask({"owner", "/owned/user"}), SucceedsWith("1000 1000"));
  EXPECT_THAT(container.Ask({"make", "/owned/made", "text"}), FailsWithErrno(EROFS));
}

TEST_F(IdmappedMountsTest, PathMayContainNamesOfOtherOptions) {
  COVERS(spec::idmapped_mounts::kNameIsWhole);
  ASSERT_OK_AND_ASSIGN(const UserNamespace other, UserNamespace::Make(kOtherMap));
  const fs::path named = scratch() / "optional-create-relative";
  ASSERT_OK(Bind(other.path(), named));

  ASSERT_OK_AND_ASSIGN(auto container, StartWith("idmap=" + named.string()));

  EXPECT_THAT(container.Ask({"owner", "/owned/user"}), SucceedsWith("5 5"));
}

TEST_F(IdmappedMountsTest, OptionThatOnlyEndsWithTheNameMapsNothing) {
  COVERS(spec::idmapped_mounts::kNameIsWhole);

  auto container = StartWith("xidmap=container");

  // A bind mount has no use for an unknown option: whether it is refused is left open.
  if (container) {
    EXPECT_THAT(container->Ask({"owner", "/owned/root"}), SucceedsWith(kNobody));
  }
}

struct BadValue {
  std::string name;
  std::string value;
};

class IdmappedMountsBadValueTest : public IdmappedMountsTest,
                                   public ::testing::WithParamInterface<BadValue> {};

TEST_P(IdmappedMountsBadValueTest, IsRefusedOrFailsTheStart) {
  COVERS(spec::idmapped_mounts::kNoNamespace);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIdsOnly());
  config.emplace_back(kOptions, "idmap=" + GetParam().value);

  ExpectRefusedOrNoStart(config);
}

INSTANTIATE_TEST_SUITE_P(All, IdmappedMountsBadValueTest,
                         ::testing::Values(BadValue{"Missing", "/nonexistent/ns"},
                                           BadValue{"RegularFile", "/proc/version"},
                                           BadValue{"OtherNamespace", "/proc/self/ns/net"},
                                           BadValue{"OtherWord", "host"}, BadValue{"Empty", ""}),
                         [](const auto& each) { return each.param.name; });

TEST_F(IdmappedMountsTest, RefusedValueLeavesTheOneBefore) {
  COVERS(spec::idmapped_mounts::kRefusedValueKept);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem(kOptions, "ro,idmap=container"));

  for (const char* value : {"idmap=/nonexistent/ns", "idmap=", "create=dir", "optional"}) {
    if (container->SetConfigItem(kOptions, value)) {
      ASSERT_OK(container->SetConfigItem(kOptions, "ro,idmap=container"));
    }
    EXPECT_THAT(container->GetConfigItem(kOptions), SucceedsWith("ro,idmap=container")) << value;
  }
}

TEST_F(IdmappedMountsTest, WithoutAUserNamespaceThereIsNoStart) {
  COVERS(spec::idmapped_mounts::kWithoutUserNamespace);

  ExpectRefusedOrNoStart({{kOptions, "idmap=container"}});
}

TEST_F(IdmappedMountsTest, KernelWithoutIdMappedMountsFailsTheStart) {
  COVERS(spec::idmapped_mounts::kKernelWithout);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIdsOnly());
  config.emplace_back(kOptions, "idmap=container");
  ASSERT_OK(RefuseSystemCalls({SYS_mount_setattr}, ENOSYS));

  ExpectRefusedOrNoStart(config);
}

TEST_F(IdmappedMountsTest, FileSystemThatCannotFailsTheStart) {
  COVERS(spec::idmapped_mounts::kFileSystemWithout);
  const fs::path aside = scratch() / "copy";
  std::error_code error;
  fs::copy(rootfs(), aside, fs::copy_options::recursive, error);
  ASSERT_FALSE(error) << error.message();
  ASSERT_OK(MountUnmappable(rootfs()));
  fs::copy(aside, rootfs(), fs::copy_options::recursive, error);
  ASSERT_FALSE(error) << error.message();
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIdsOnly());
  config.emplace_back(kOptions, "idmap=container");

  ExpectRefusedOrNoStart(config);
}

TEST_F(IdmappedMountsTest, FileSystemBelowThatCannotFailsTheStart) {
  COVERS(spec::idmapped_mounts::kFileSystemWithout);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIdsOnly());
  ASSERT_OK(MountUnmappable(rootfs() / "below"));
  config.emplace_back(kOptions, "idmap=container");

  ExpectRefusedOrNoStart(config);
}

}  // namespace
}  // namespace lxcspec
