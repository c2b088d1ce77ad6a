// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "runtime/config/writer.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ParserTest : public ::testing::Test {
 protected:
  ParserTest() {
    std::string name = ::testing::TempDir() + "/parser.XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~ParserTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const fs::path file = folder_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }

  static std::string Contents(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::vector<std::string> FileNames() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

TEST_F(ParserTest, ReadsAssignmentsAndSkipsTheRest) {
  Config config;
  ASSERT_TRUE(
      LoadText("# a comment\n\n  lxc.uts.name=a \n\tlxc.tty.max = 4\r\n # another\n", config));
  EXPECT_THAT(config.Values("lxc.uts.name"), ElementsAre("a"));
  EXPECT_THAT(config.Values("lxc.tty.max"), ElementsAre("4"));
}

TEST_F(ParserTest, OnlyTheFirstEqualsSignSeparates) {
  Config config;
  ASSERT_TRUE(LoadText("lxc.environment = A=b=c\nlxc.init.cmd = /x # y\n", config));
  EXPECT_THAT(config.Values("lxc.environment"), ElementsAre("A=b=c"));
  EXPECT_THAT(config.Values("lxc.init.cmd"), ElementsAre("/x # y"));
}

TEST_F(ParserTest, TakesQuotesAway) {
  Config config;
  ASSERT_TRUE(LoadText("lxc.uts.name = \"a\"\nlxc.init.cmd = 'x y'\n", config));
  EXPECT_THAT(config.Values("lxc.uts.name"), ElementsAre("a"));
  EXPECT_THAT(config.Values("lxc.init.cmd"), ElementsAre("x y"));
}

TEST_F(ParserTest, AnErrorNamesFileAndLine) {
  const std::string file = Write("c", "lxc.uts.name = a\nlxc.tty.max = many\n");
  Config config;
  const auto loaded = LoadFile(file, config);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().attempted, HasSubstr(file + ":2: lxc.tty.max: \"many\""));
}

TEST_F(ParserTest, AFailedLoadChangesNothing) {
  Config config;
  ASSERT_TRUE(LoadText("lxc.uts.name = old\n", config));
  EXPECT_FALSE(LoadText("lxc.uts.name = new\nnonsense\n", config));
  EXPECT_THAT(config.Values("lxc.uts.name"), ElementsAre("old"));
}

TEST_F(ParserTest, AMissingFileFailsWithEnoent) {
  Config config;
  EXPECT_EQ(LoadFile("/nonexistent/c", config).error().code, ENOENT);
}

TEST_F(ParserTest, ADirectoryIsNoFile) {
  Config config;
  EXPECT_EQ(LoadFile(folder(), config).error().code, EISDIR);
}

TEST_F(ParserTest, IncludesFilesAndFolders) {
  Write("inc/b.conf", "lxc.group = b\n");
  Write("inc/a.conf", "lxc.group = a\n");
  Write("inc/ignored", "nonsense\n");
  Write("one", "lxc.tty.max = 4\n");
  Config config;
  ASSERT_TRUE(LoadText("lxc.include = " + (folder() / "inc").string() +
                           "\nlxc.include = " + (folder() / "one").string() + "\n",
                       config));
  EXPECT_THAT(config.Values("lxc.group"), ElementsAre("a", "b"));
  EXPECT_THAT(config.Values("lxc.tty.max"), ElementsAre("4"));
}

TEST_F(ParserTest, AFolderThatIsNotThereIncludesNothing) {
  Config config;
  EXPECT_TRUE(LoadText("lxc.include = " + (folder() / "missing").string() + "/\n", config));
  EXPECT_FALSE(LoadText("lxc.include = " + (folder() / "missing").string() + "\n", config));
}

TEST_F(ParserTest, AnIncludeOfItselfEndsWithEloop) {
  const std::string file = Write("loop", "lxc.include = " + (folder() / "loop").string() + "\n");
  Config config;
  EXPECT_EQ(LoadFile(file, config).error().code, ELOOP);
}

TEST_F(ParserTest, IncludesAreSavedAndTheirContentsAreNot) {
  const std::string file = Write("inc", "lxc.cap.drop = mknod\nlxc.tty.max = 4\n");
  Config config;
  ASSERT_TRUE(LoadText("lxc.include = " + file + "\nlxc.uts.name = a\n", config));
  EXPECT_EQ(config.Saved(), "lxc.include = " + file + "\nlxc.uts.name = a\n");
}

TEST_F(ParserTest, ClearingAnIncludedValueIsSaved) {
  const std::string file = Write("inc", "lxc.cap.drop = mknod\n");
  Config config;
  ASSERT_TRUE(LoadText("lxc.include = " + file + "\n", config));
  ASSERT_TRUE(config.Clear("lxc.cap.drop"));
  Config loaded;
  ASSERT_TRUE(LoadText(config.Saved(), loaded));
  EXPECT_EQ(loaded, config);
}

TEST_F(ParserTest, SavingReplacesTheFileWhole) {
  const std::string file = Write("c", "old\n");
  Config config;
  ASSERT_TRUE(LoadText("lxc.uts.name = a\n", config));
  ASSERT_TRUE(SaveFile(config, file));
  EXPECT_EQ(Contents(file), "lxc.uts.name = a\n");
  EXPECT_THAT(FileNames(), ElementsAre("c"));
}

TEST_F(ParserTest, SavingIntoAMissingFolderFailsWithEnoent) {
  EXPECT_EQ(SaveFile(Config(), folder() / "missing" / "c").error().code, ENOENT);
}

TEST_F(ParserTest, AFailedSaveLeavesTheOldFileAndNoOther) {
  const fs::path target = folder() / "c";
  fs::create_directories(target / "occupied");
  EXPECT_FALSE(SaveFile(Config(), target));
  EXPECT_THAT(FileNames(), ElementsAre("c"));
  EXPECT_TRUE(fs::exists(target / "occupied"));
}

TEST_F(ParserTest, DistributionConfigurationsLoad) {
  if (!fs::is_directory("/usr/share/lxc/config")) return;  // without Debian's liblxc-common
  int loaded = 0;
  for (const auto& entry : fs::directory_iterator("/usr/share/lxc/config")) {
    if (entry.path().extension() != ".conf") continue;
    Config config;
    const auto result = LoadFile(entry.path(), config);
    EXPECT_TRUE(result) << result.error().attempted;
    ++loaded;
  }
  EXPECT_GT(loaded, 0);
}

// Whatever stands in a file: no crash, and what was taken can be saved and loaded back.
TEST_F(ParserTest, RandomTextIsRefusedOrRoundTrips) {
  const std::vector<std::string> pieces = {"lxc.net.0.type",
                                           "lxc.net.0.veth.mode",
                                           "lxc.cgroup2.x",
                                           "lxc.cap.drop",
                                           "lxc.tty.max",
                                           "lxc.",
                                           "=",
                                           " = ",
                                           "veth",
                                           "4",
                                           "\n",
                                           "#",
                                           "\"",
                                           "'",
                                           "router",
                                           "mknod",
                                           "lxc.mount.auto",
                                           "proc:mixed",
                                           "\xff",
                                           "lxc.net",
                                           "lxc.namespace.clone",
                                           "net",
                                           "lxc.environment",
                                           "A=b",
                                           " "};
  std::mt19937 random(20261124);  // NOLINT(cert-msc51-cpp): the same texts in every run
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t i = random() % 12; i > 0; --i) text += pieces[random() % pieces.size()];
    Config config;
    if (!LoadText(text, config)) continue;
    Config again;
    ASSERT_TRUE(LoadText(config.Saved(), again)) << text;
    ASSERT_EQ(again, config) << text;
  }
}

TEST_F(ParserTest, QuotesAndBlanksOfAValueAreReadBackAsTheyWere) {
  for (const char* value : {"\"quoted\"", "'quoted'", " blanks ", "\"", "a\"b", "\"\"\""}) {
    Config config;
    ASSERT_TRUE(config.Set("lxc.proc.oom_score_adj", value)) << value;
    Config again;
    ASSERT_TRUE(LoadText(config.Saved(), again)) << config.Saved();
    EXPECT_TRUE(again == config) << config.Saved();
  }
}

}  // namespace
}  // namespace lxcspec::runtime
