// SPDX-License-Identifier: Apache-2.0
//
// The faulty testee itself: without a fault it is as good as its original, with one it differs in
// that alone. That each fault is caught is shown by `./lxcspec faults`.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "conformance/faults/fault.h"
#include "conformance/launcher/launcher_process.h"

namespace lxcspec::faults {
namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kAnnounced[] = "LxcConfigItemIsSupportedTest.IsAnnounced";
constexpr char kEmpty[] = "LxcConfigItemIsSupportedTest.TheEmptyKeyIsNotSupported";
constexpr char kLong[] = "LxcConfigItemIsSupportedTest.AKeyOfOneMebibyteIsNotSupported";

// The system's liblxc, by its path.
std::string Original() {
  void* handle = dlopen("liblxc.so.1", RTLD_LAZY | RTLD_LOCAL);
  link_map* found = nullptr;
  if (handle == nullptr || dlinfo(handle, RTLD_DI_LINKMAP, &found) != 0) return "";
  return found->l_name;
}

// What three tests find in the faulty testee of that name, by test.
std::map<std::string, json> ResultsWith(const std::string& fault) {
  const fs::path folder = fs::path(getenv("TEST_TMPDIR")) / fault;
  fs::create_directories(folder);
  fs::create_symlink(Original(), folder / "original");
  fs::copy_file("conformance/faults/faulty.so", folder / (fault + ".so"));
  launcher::LauncherProcess launcher({.launcher = "conformance/launcher/launcher",
                                      .suite = "conformance/tests/suite",
                                      .testee = folder / (fault + ".so"),
                                      .probe = "conformance/probes/probe"});
  const std::string tests = launcher.directory() + "/tests";
  std::ofstream(tests) << kAnnounced << "\n" << kEmpty << "\n" << kLong << "\n";
  EXPECT_EQ(launcher.Run({"--tests", tests, "--visible", folder}), 0) << launcher.Errors();
  auto results = launcher.Results();
  fs::remove_all(folder);
  return results;
}

std::map<std::string, std::string> VerdictsWith(const std::string& fault) {
  std::map<std::string, std::string> verdicts;
  for (const auto& [test, result] : ResultsWith(fault)) verdicts[test] = result["verdict"];
  return verdicts;
}

TEST(FaultyTesteeTest, WithoutAFaultItIsAsGoodAsItsOriginal) {
  EXPECT_THAT(
      VerdictsWith("none"),
      UnorderedElementsAre(Pair(kAnnounced, "pass"), Pair(kEmpty, "pass"), Pair(kLong, "pass")));
}

TEST(FaultyTesteeTest, AFaultIsSeenByTheTestOfItsRequirementAlone) {
  EXPECT_THAT(
      VerdictsWith("lxc_config_item_is_supported.long_key.truncated"),
      UnorderedElementsAre(Pair(kAnnounced, "pass"), Pair(kEmpty, "pass"), Pair(kLong, "fail")));
}

TEST(FaultyTesteeTest, AFaultThatDoesNotExistEndsEveryTest) {
  for (const auto& [test, result] : ResultsWith("lxc_log.nothing.such")) {
    EXPECT_EQ(result["verdict"], "crash");
    EXPECT_THAT(result["output"].get<std::string>(), HasSubstr("there is no fault"));
  }
}

TEST(FaultyTesteeTest, EveryFaultHasANameOfItsOwnThatAFileCanHave) {
  std::set<std::string> ids;
  for (const Fault& fault : AllFaults()) {
    EXPECT_TRUE(ids.insert(fault.Id()).second) << fault.Id();
    for (const char letter : fault.name) {
      EXPECT_TRUE(std::islower(static_cast<unsigned char>(letter)) != 0 || letter == '-' ||
                  std::isdigit(static_cast<unsigned char>(letter)) != 0)
          << fault.Id();
    }
    EXPECT_FALSE(fault.what.empty()) << fault.Id();
  }
  EXPECT_FALSE(ids.empty());
}

}  // namespace
}  // namespace lxcspec::faults
