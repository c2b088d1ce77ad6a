// SPDX-License-Identifier: Apache-2.0
//
// The files that Debian ships for every container's configuration to include.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/clients/client_library.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr char kShipped[] = "/usr/share/lxc/config";

std::vector<fs::path> ShippedFiles() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kShipped)) {
    if (entry.path().extension() == ".conf") files.push_back(entry.path());
  }
  return files;
}

std::string ValueOf(const ClientContainer& container, const char* key) {
  const int size = container->get_config_item(container.get(), key, nullptr, 0);
  if (size < 0) return "(refused)";
  std::string value(static_cast<size_t>(size) + 1, '\0');
  container->get_config_item(container.get(), key, value.data(), size + 1);
  value.resize(static_cast<size_t>(size));
  return value;
}

class RealConfigurationTest : public ::testing::Test {
 protected:
  fs::path File(const std::string& text) const {
    fs::path path = fs::path(::testing::TempDir()) / "config";
    std::ofstream(path) << text;
    return path;
  }

  ClientContainer container_{"c", ::testing::TempDir()};
};

TEST_F(RealConfigurationTest, EveryShippedFileLoads) {
  const auto files = ShippedFiles();
  ASSERT_FALSE(files.empty());
  for (const fs::path& file : files) {
    container_->clear_config(container_.get());
    EXPECT_TRUE(container_->load_config(container_.get(), file.c_str())) << container_.error();
  }
}

TEST_F(RealConfigurationTest, EveryShippedFileIsIncluded) {
  for (const fs::path& file : ShippedFiles()) {
    EXPECT_TRUE(container_.Set("lxc.include", file.string())) << container_.error();
  }
  EXPECT_TRUE(container_.Set("lxc.include", kShipped)) << container_.error();
}

// What templates write into a container's file.
TEST_F(RealConfigurationTest, ATemplatesConfigurationHasWhatItIncludes) {
  const fs::path file = File(
      "lxc.include = /usr/share/lxc/config/common.conf\n"
      "lxc.include = /usr/share/lxc/config/userns.conf\n"
      "lxc.include = /usr/share/lxc/config/nesting.conf\n"
      "lxc.arch = linux64\n"
      "lxc.idmap = u 0 100000 65536\n"
      "lxc.idmap = g 0 100000 65536\n"
      "lxc.apparmor.profile = generated\n"
      "lxc.apparmor.allow_nesting = 1\n"
      "lxc.net.0.type = veth\n"
      "lxc.net.0.link = lxcbr0\n"
      "lxc.net.0.flags = up\n"
      "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n"
      "lxc.rootfs.path = dir:/var/lib/lxc/c/rootfs\n"
      "lxc.uts.name = c\n");
  ASSERT_TRUE(container_->load_config(container_.get(), file.c_str())) << container_.error();
  EXPECT_EQ(ValueOf(container_, "lxc.tty.max"), "4");
  EXPECT_EQ(ValueOf(container_, "lxc.pty.max"), "1024");
  EXPECT_EQ(ValueOf(container_, "lxc.seccomp.profile"), "/usr/share/lxc/config/common.seccomp");
  EXPECT_EQ(ValueOf(container_, "lxc.net.0.link"), "lxcbr0");
}

}  // namespace
}  // namespace lxcspec::runtime
