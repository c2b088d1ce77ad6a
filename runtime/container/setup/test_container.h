// SPDX-License-Identifier: Apache-2.0
//
// For tests: a process in new namespaces that goes through the set-up and runs `inspect`.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_TEST_CONTAINER_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_TEST_CONTAINER_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/config.h"
#include "runtime/container/setup/setup.h"

namespace lxcspec::runtime {

// A folder of its own with a root file system in it, which everybody may look into; removed at the
// end.
class TestRoot {
 public:
  TestRoot();
  ~TestRoot();
  TestRoot(const TestRoot&) = delete;
  TestRoot& operator=(const TestRoot&) = delete;

  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path rootfs() const { return folder_ / "rootfs"; }
  // Gives all of the root file system to a user and group of the host.
  void GiveTo(uint32_t id) const;

 private:
  std::filesystem::path folder_;
};

struct TestRun {
  // What a stage failed with; empty: the command ran.
  std::string error;
  int error_code = 0;
  // How the command ended.
  int status = -1;
  std::string output;
  // Lines that hooks printed.
  std::string hook_output;
  ChildDescriptors descriptors;
};

struct TestRequest {
  // Lines of a configuration, after lxc.rootfs.path.
  std::string config;
  // What to ask `inspect` for.
  std::vector<std::string> questions;
  // Beside mount, pid, ipc and uts.
  uint64_t namespaces = 0;
  // The slave side of a pty; -1: none.
  int console_peer = -1;
  // ChildContext::console_in_container.
  bool console_in_container = false;
  bool without_rootfs_path = false;
  // Without mount_setattr(2) and CLOSE_RANGE_CLOEXEC, as on Linux 5.10.
  bool older_kernel = false;
  // Standard input becomes the console.
  bool console_as_input = false;
};

// CLONE_NEW* that every run has.
uint64_t TestNamespaces();

// The configuration of a test; the test fails where it is refused.
Config TestConfig(const TestRoot& root, const TestRequest& request);

TestRun RunInContainer(const TestRoot& root, const TestRequest& request);

// Whether a text has a line.
bool HasLine(std::string_view text, std::string_view line);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_TEST_CONTAINER_H_
