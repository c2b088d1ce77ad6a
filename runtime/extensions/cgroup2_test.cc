// SPDX-License-Identifier: Apache-2.0
//
// Folders with plain files stand in for cgroups: what is written where, and what is refused.

#include "runtime/extensions/cgroup2.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace lxcspec::runtime {
namespace {

class Cgroup2Test : public ::testing::Test {
 protected:
  Cgroup2Test() : first_(Folder("first", 1)), second_(Folder("second", 2)) {
    std::ofstream(Path("first", "pids.max")) << "max";
    std::ofstream(Path("second", "pids.max")) << "max";
    std::ofstream(Path("second", "memory.max")) << "max";
  }

  static std::string Path(const std::string& folder, const std::string& file) {
    return testing::TempDir() + "/" + folder + "/" + file;
  }
  static Cgroup Folder(const std::string& name, int version) {
    const std::string path = testing::TempDir() + "/" + name;
    mkdir(path.c_str(), 0755);
    return Cgroup::Open(path, version).value();
  }
  static std::string Text(const std::string& path) {
    std::string text;
    std::getline(std::ifstream(path), text);
    return text;
  }

  Status Apply(std::initializer_list<std::pair<const char*, const char*>> items,
               CgroupLayout layout) const {
    Config config;
    for (const auto& [key, value] : items) EXPECT_TRUE(config.Set(key, value)) << key;
    std::vector<const Cgroup*> payloads;
    if (layout != CgroupLayout::kUnified) payloads.push_back(&first_);
    if (layout != CgroupLayout::kLegacy) payloads.push_back(&second_);
    return ApplyLimits(config, layout, payloads);
  }

  const Cgroup first_;
  const Cgroup second_;
};

TEST_F(Cgroup2Test, EachVersionsKeysGoToItsOwnFiles) {
  ASSERT_TRUE(Apply({{"lxc.cgroup2.memory.max", "64M"}, {"lxc.cgroup.pids.max", "117"}},
                    CgroupLayout::kHybrid));
  EXPECT_EQ(Text(Path("second", "memory.max")), "64M");
  EXPECT_EQ(Text(Path("first", "pids.max")), "117");
  EXPECT_EQ(Text(Path("second", "pids.max")), "max");
}

TEST_F(Cgroup2Test, TheLastOfSeveralValuesIsWrittenLast) {
  ASSERT_TRUE(Apply({{"lxc.cgroup2.pids.max", "100"}, {"lxc.cgroup2.pids.max", "200"}},
                    CgroupLayout::kUnified));
  EXPECT_EQ(Text(Path("second", "pids.max")), "200");
}

TEST_F(Cgroup2Test, KeysOfAVersionThatIsNotThereAreIgnored) {
  EXPECT_TRUE(
      Apply({{"lxc.cgroup.pids.max", "7"}, {"lxc.cgroup.nonsense", "7"}}, CgroupLayout::kUnified));
  EXPECT_TRUE(Apply({{"lxc.cgroup2.memory.max", "7"}, {"lxc.cgroup2.nonsense", "7"}},
                    CgroupLayout::kLegacy));
  EXPECT_EQ(Text(Path("first", "pids.max")), "max");
  EXPECT_EQ(Text(Path("second", "memory.max")), "max");
}

TEST_F(Cgroup2Test, AFileThatIsNotThereIsAnErrorThatNamesTheKey) {
  for (const CgroupLayout layout : {CgroupLayout::kUnified, CgroupLayout::kHybrid}) {
    const auto applied = Apply({{"lxc.cgroup2.cpu.max", "7"}}, layout);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, EOPNOTSUPP);
    EXPECT_NE(applied.error().attempted.find("lxc.cgroup2.cpu.max"), std::string::npos);
  }
  EXPECT_FALSE(Apply({{"lxc.cgroup.memory.max", "7"}}, CgroupLayout::kHybrid));
}

TEST_F(Cgroup2Test, AWayOutOfTheCgroupIsNoKey) {
  Config config;
  for (const char* key : {"lxc.cgroup2.../outside", "lxc.cgroup2.a/../../outside"}) {
    EXPECT_FALSE(config.Set(key, "7")) << key;
  }
}

TEST_F(Cgroup2Test, APathIsRefused) {
  const std::string outside = testing::TempDir() + "/outside";
  std::ofstream(outside) << "untouched";
  for (const std::string& file : {outside, std::string("below/pids.max")}) {
    const std::string key = "lxc.cgroup2." + file;
    const auto applied = Apply({{key.c_str(), "7"}}, CgroupLayout::kUnified);
    ASSERT_FALSE(applied) << key;
    EXPECT_EQ(applied.error().code, EINVAL);
  }
  EXPECT_EQ(Text(outside), "untouched");
}

TEST_F(Cgroup2Test, KeysThatAreNoLimitsAreLeftToOthers) {
  EXPECT_TRUE(Apply({{"lxc.cgroup.dir", "d"},
                     {"lxc.cgroup.relative", "1"},
                     {"lxc.cgroup2.devices.deny", "a"},
                     {"lxc.cgroup.devices.allow", "c 1:3 rwm"}},
                    CgroupLayout::kHybrid));
}

}  // namespace
}  // namespace lxcspec::runtime
