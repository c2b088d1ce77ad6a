// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;

TEST(DefinedContainersTest, AreTheFoldersWithAConfigurationInOrder) {
  std::string name = ::testing::TempDir() + "/listing.XXXXXX";
  const fs::path path = mkdtemp(name.data());
  for (const char* container : {"b", "a", "undefined"}) fs::create_directories(path / container);
  std::ofstream(path / "a" / "config") << "";
  std::ofstream(path / "b" / "config") << "";
  std::ofstream(path / "file") << "";
  EXPECT_THAT(DefinedContainers(path).value(), ElementsAre("a", "b"));
  fs::remove_all(path);
}

TEST(DefinedContainersTest, APathThatIsNotThereFailsWithEnoent) {
  EXPECT_EQ(DefinedContainers("/nonexistent").error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::runtime
