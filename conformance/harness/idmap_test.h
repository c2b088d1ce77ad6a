// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about whose files are whose: files of known owners, and user namespaces with
// known maps.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_IDMAP_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_IDMAP_TEST_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/mappable_folder.h"
#include "conformance/harness/probed_container.h"  // IWYU pragma: export
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// A user namespace that exists as long as this does.
class UserNamespace {
 public:
  // `map` is what stands in uid_map and in gid_map.
  static Result<UserNamespace> Make(const std::string& map);

  UserNamespace(UserNamespace&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), keep_(std::move(other.keep_)) {}
  UserNamespace& operator=(UserNamespace&&) = delete;
  ~UserNamespace();

  // Its file below /proc.
  std::string path() const;

 private:
  UserNamespace(pid_t pid, UniqueFd keep) : pid_(pid), keep_(std::move(keep)) {}

  pid_t pid_;
  // The process that it is of ends when this is closed.
  UniqueFd keep_;
};

// What no map knows belongs to.
inline constexpr char kNobody[] = "65534 65534";

// The owners of what is in scratch() can be mapped, as far as the kernel can do that at all.
class IdMapTest : public ProbedContainerTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // As StartProbed(), of a container that is to have what is in scratch() mapped: where nothing
  // could be, that is the error.
  Result<ProbedContainer> StartMapped(const ConfigItems& config);

  // The keys that map a container's ids, and a root folder that belongs to the host's root.
  Result<ConfigItems> MapIdsOnly();

  // A new folder with the files `root`, `user` (of 1000) and `far`, whose owner no map here knows.
  static Status MakeOwnedFiles(const std::filesystem::path& folder);

  // "1000 1000", on the host.
  static Result<std::string> OwnerOf(const std::filesystem::path& file);

  // A file system over a folder, which the test's end takes away again.
  Status Mount(const std::string& type, const std::filesystem::path& folder);
  // One that can be id-mapped.
  Status MountMappable(const std::filesystem::path& folder);
  // One that cannot be id-mapped.
  Status MountUnmappable(const std::filesystem::path& folder) { return Mount("ramfs", folder); }
  // A file over another one.
  Status Bind(const std::string& source, const std::filesystem::path& file);

  // Whether the keys are refused, or a start with them fails and leaves the container STOPPED.
  void ExpectRefusedOrNoStart(const ConfigItems& config);

 private:
  std::vector<MappableFolder> mappable_;
  Status scratch_is_mappable_;
  std::vector<std::string> covered_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_IDMAP_TEST_H_
