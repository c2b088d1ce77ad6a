// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests that mount something in running containers.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_MOUNT_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_MOUNT_TEST_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "conformance/harness/probed_container.h"  // IWYU pragma: export

namespace lxcspec {

// Where a container finds the folder through which mounts may be carried.
inline constexpr char kExchange[] = "/dev/.lxc-mounts";

// A line of mountinfo.
struct SeenMount {
  std::string root;         // what of the file system is mounted
  std::string point;        // unescaped
  std::string options;      // ",ro,nosuid,relatime,": of the mount, not of the file system
  std::string propagation;  // "shared", "master", "shared master", "unbindable", "" for private
  std::string type;
  std::string source;

  bool operator==(const SeenMount&) const = default;
  bool Has(const std::string& option) const;
  friend std::ostream& operator<<(std::ostream& out, const SeenMount& mount);
};

// Those of the process, in the kernel's order.
std::vector<SeenMount> MountsOf(pid_t process);

// Those of them at a path, or below it too. A later one covers an earlier one.
std::vector<SeenMount> MountsAt(pid_t process, const std::string& path);
std::vector<SeenMount> MountsBelow(pid_t process, const std::string& path);

// A file of the machine, as the kernel tells it from others.
using FileIdentity = std::tuple<dev_t, ino_t>;
Result<FileIdentity> IdentityOf(const std::filesystem::path& path);

// Everything in a folder, link and mount points not followed: path, type, inode, and size and
// content of files.
std::vector<std::string> TreeOf(const std::filesystem::path& folder);

Result<std::string> ContentOf(const std::filesystem::path& path);
Status WriteContent(const std::filesystem::path& path, const std::string& text);

class MountTest : public ProbedContainerTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The host's side of the folder through which mounts may be carried: a shared mount.
  std::filesystem::path exchange() const { return scratch() / "exchange"; }

  // A folder of the host, with a file `file` in it that holds "from the host".
  std::filesystem::path source() const { return scratch() / "source"; }

  // A folder of the host that no container is given, with a file and a folder in it.
  std::filesystem::path outside() const { return scratch() / "outside"; }

  // lxc.mount.auto with the exchange folder, in front of what else there is.
  ConfigItems Exchanging(const ConfigItems& config = {}) const;

  // A probed container that has the exchange folder.
  Result<ProbedContainer> StartReceiving(const ConfigItems& config = {},
                                         const std::string& name = "c");

  // A path of the container, as seen from outside.
  static std::filesystem::path Inside(const ProbedContainer& container, const std::string& path);

  // What of the host a call may not change: its mounts, and what is in the exchange folder, on
  // the host and in the container, and in the folder outside.
  std::vector<std::string> Traces(const ProbedContainer& container) const;

  // Has the container mount something of its own.
  static Status MountInside(ProbedContainer& container, const std::string& source,
                            const std::string& target, const std::string& type,
                            unsigned long flags);

  // Mounts a tmpfs on the host, until the test ends.
  Status MountOnHost(const std::filesystem::path& folder);

  // A bind of the source folder, at this path of the container.
  MountCall Bind(const std::string& target, unsigned long more_flags = 0) const;

 private:
  std::vector<std::string> mounted_;
};

// Beside the calling process: the system calls that make mounts by descriptor fail with ENOSYS, as
// on a kernel without them.
Status RefuseMountsByDescriptor();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_MOUNT_TEST_H_
