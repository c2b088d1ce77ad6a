// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/kernel/socket.h"

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

constexpr char kSockets[] =
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0: 00000002 00000000 00010000 0001 01 100 @/l/b/command\n"
    "0: 00000003 00000000 00000000 0001 03 101 @/l/connected/command\n"
    "0: 00000002 00000000 00010000 0001 01 102 @/l/a b/command\n"
    "0: 00000002 00000000 00010000 0001 01 103 @/l/deeper/c/command\n"
    "0: 00000002 00000000 00010000 0001 01 104 @/other/d/command\n"
    "0: 00000002 00000000 00010000 0001 01 105 @/l/command\n"
    "0: 00000002 00000000 00010000 0001 01 106 /l/file/command\n"
    "0: 00000002 00000000 00000000 0002 01 107\n";

TEST(ActiveContainersTest, AreThoseWhoseMonitorListens) {
  EXPECT_THAT(ActiveContainersIn(kSockets, "/l", {}), ElementsAre("a b", "b"));
}

TEST(ActiveContainersTest, DefinedOnesAreFoundByTheHashOfALongPath) {
  const std::string path = "/" + std::string(200, 'x');
  const std::string line = "0: 00000002 00000000 00010000 0001 01 100 @" +
                           CommandAddress({.lxcpath = path, .name = "c"}) + "\n";
  EXPECT_THAT(ActiveContainersIn(line, path, {"b", "c"}), ElementsAre("c"));
}

TEST(ActiveContainersTest, AListenerMakesItsContainerActive) {
  const Place place{.lxcpath = "/nonexistent/" + std::to_string(getpid()), .name = "c"};
  EXPECT_FALSE(IsActive(place));
  const auto listener = ListenAbstract(CommandAddress(place));
  ASSERT_TRUE(listener);
  EXPECT_TRUE(IsActive(place));
  EXPECT_THAT(AllContainers(place.lxcpath).value(), ElementsAre("c"));
}

}  // namespace
}  // namespace lxcspec::runtime
