// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/leak.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/launcher/audit.h"
#include "conformance/launcher/leak_policy.h"

namespace lxcspec::launcher {

void PrintTo(const Leak& leak, std::ostream* out) { *out << leak.leak_class << ":" << leak.what; }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StableNameTest, ReplacesNumbersThatVary) {
  EXPECT_EQ(StableName("/run/testee.1234"), "/run/testee.<n>");
  EXPECT_EQ(StableName("/run/7/fd/12"), "/run/<n>/fd/<n>");
  EXPECT_EQ(StableName("lxc.monitor.c1-2"), "lxc.monitor.c1-<n>");
  EXPECT_EQ(StableName("monitor4711"), "monitor<n>");
}

TEST(StableNameTest, KeepsNumbersThatBelongToAName) {
  for (const char* name :
       {"eth0", "cgroup2 on /sys/fs/cgroup", "lxc.payload.c1", "br10", "x86_64"}) {
    EXPECT_EQ(StableName(name), name);
  }
}

TEST(StableNameTest, ReplacesRandomSuffixes) {
  EXPECT_EQ(StableName("vethA1b2C3"), "veth<random>");
  EXPECT_EQ(StableName("mcQwErTy"), "mc<random>");
  EXPECT_EQ(StableName("/tmp/lxc.Xy12zQ"), "/tmp/lxc.<random>");
}

TEST(StableNameTest, KeepsWordsOfSixLetters) {
  for (const char* name :
       {"/run/lxc/config", "my.config", "/run/a1B2c3", "console_buffer.socket"}) {
    EXPECT_EQ(StableName(name), name);
  }
}

TEST(NormalisedTest, SortsAndJoinsWhatHasOneName) {
  EXPECT_THAT(Normalised({{"process", "x 12"}, {"mount", "b"}, {"process", "x 7"}}),
              ElementsAre(Leak{"mount", "b"}, Leak{"process", "x <n>"}));
}

TEST(NormalisedTest, CutsNamesThatNobodyReads) {
  EXPECT_LT(Normalised({{"file", std::string(5000, 'x')}})[0].what.size(), 300U);
}

TEST(DifferenceTest, IsWhatThereIsMoreOf) {
  const Snapshot before = {{{"mount", "tmpfs on /run"}, 1}, {{"netdev", "lo"}, 1}};
  const Snapshot after = {
      {{"mount", "tmpfs on /run"}, 2}, {{"netdev", "lo"}, 1}, {{"cgroup", "lxc.monitor.c"}, 1}};
  EXPECT_THAT(Difference(before, after),
              ElementsAre(Leak{"cgroup", "lxc.monitor.c"}, Leak{"mount", "tmpfs on /run"}));
  EXPECT_THAT(Difference(after, after), IsEmpty());
}

TEST(DifferenceTest, AMountThatIsGoneIsALeakAndWhatItHidIsNone) {
  const Snapshot before = {{{"mount", "tmpfs on /run"}, 1}};
  const Snapshot after = {{{"file", "/run/host"}, 1}};
  EXPECT_THAT(Difference(before, after), ElementsAre(Leak{"mount", "gone: tmpfs on /run"}));
}

TEST(DifferenceTest, FilesThatAreGoneAreNoLeak) {
  EXPECT_THAT(Difference({{{"file", "/run/x"}, 1}}, {}), IsEmpty());
}

TEST(LeakPolicyTest, AllowsOnlyWhatItLists) {
  EXPECT_THAT(WithoutAllowedResidue({{"file", "/tmp/lxcspec/scratch/c/config"},
                                     {"file", "/tmp/lxcspec/scratchy"},
                                     {"file", "/tmp/other"},
                                     {"mount", "/tmp/lxcspec/scratch/c"}}),
              ElementsAre(Leak{"file", "/tmp/lxcspec/scratchy"}, Leak{"file", "/tmp/other"},
                          Leak{"mount", "/tmp/lxcspec/scratch/c"}));
}

}  // namespace
}  // namespace lxcspec::launcher
