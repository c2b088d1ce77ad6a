// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

class ContainerTest : public ::testing::Test {
 protected:
  ContainerTest() {
    std::string name = ::testing::TempDir() + "/container.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~ContainerTest() override { fs::remove_all(path_); }

  Container Opened(const std::string& name = "c") const {
    return Container::Open(name, path_.string()).value();
  }

  void Define(const std::string& name, const std::string& text) const {
    fs::create_directories(path_ / name);
    std::ofstream(path_ / name / "config") << text;
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST_F(ContainerTest, OneThatIsNotDefinedHasAnEmptyConfiguration) {
  const Container container = Opened();
  EXPECT_FALSE(container.IsDefined());
  EXPECT_EQ(container.config(), Config());
}

TEST_F(ContainerTest, ADefinedOneHasItsConfiguration) {
  Define("c", "lxc.uts.name = host\n");
  const Container container = Opened();
  EXPECT_TRUE(container.IsDefined());
  EXPECT_EQ(container.config().Get("lxc.uts.name").value(), "host");
}

TEST_F(ContainerTest, AConfigurationThatIsNotUnderstoodFails) {
  Define("c", "lxc.nonsense = 1\n");
  EXPECT_EQ(Container::Open("c", path().string()).error().code, EINVAL);
}

TEST_F(ContainerTest, ANameIsOneFoldersName) {
  for (const char* name : {"", ".", "..", "a/b", "../c"}) {
    EXPECT_EQ(Container::Open(name, path().string()).error().code, EINVAL) << name;
  }
}

TEST_F(ContainerTest, SavingDefines) {
  Container container = Opened();
  ASSERT_TRUE(container.SetItem("lxc.uts.name", "host"));
  ASSERT_TRUE(container.Save(std::nullopt));
  EXPECT_TRUE(container.IsDefined());
  EXPECT_EQ(Opened().config(), container.config());
}

TEST_F(ContainerTest, AFailedSaveLeavesNoFolder) {
  Container container = Container::Open("c", (path() / "file").string()).value();
  std::ofstream(path() / "file") << "in the way\n";
  EXPECT_EQ(container.Save(std::nullopt).error().code, ENOTDIR);
  EXPECT_FALSE(container.IsDefined());
}

TEST_F(ContainerTest, MovesToAnotherPathWithItsConfiguration) {
  Define("sub/c", "lxc.uts.name = other\n");
  Container container = Opened();
  ASSERT_TRUE(container.MoveTo((path() / "sub").string()));
  EXPECT_EQ(container.config().Get("lxc.uts.name").value(), "other");
  Define("broken/c", "nonsense\n");
  EXPECT_FALSE(container.MoveTo((path() / "broken").string()));
  EXPECT_EQ(container.lxcpath(), (path() / "sub").string());
}

}  // namespace
}  // namespace lxcspec::runtime
