// SPDX-License-Identifier: Apache-2.0
//
// Offsets that are no offsets, and containers that cannot have theirs.

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <string>

#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

constexpr char kBoot[] = "lxc.time.offset.boot";
constexpr char kMonotonic[] = "lxc.time.offset.monotonic";
const ConfigItems kOffsets = {{kBoot, "1000h"}, {kMonotonic, "1000h"}};

class TimeNamespaceRefusalTest : public ProbedContainerTest {
 protected:
  // The key has kept its value after another one was refused.
  void ExpectRefused(const std::string& value) {
    ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
    for (const std::string key : {kBoot, kMonotonic}) {
      ASSERT_OK(container->SetConfigItem(key, "5s"));
      ASSERT_OK_AND_ASSIGN(const std::string before, container->GetConfigItem(key));

      EXPECT_THAT(container->SetConfigItem(key, value), Fails()) << key;

      EXPECT_THAT(container->GetConfigItem(key), SucceedsWith(before)) << key;
    }
  }

  // The seconds by which a process's boot clock is shifted.
  static int64_t BootSeconds(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/timens_offsets", process));
    std::string clock;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    while (file >> clock >> seconds >> nanoseconds) {
      if (clock == "boottime") return seconds;
    }
    return 0;
  }

  // Whether a start with these keys fails, and leaves the container STOPPED.
  void ExpectNoStart(const ConfigItems& config) {
    ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));
    RunningContainer owned(std::move(container));

    EXPECT_THAT(owned->Start({}), Fails());

    EXPECT_EQ(owned->State(), "STOPPED");
  }
};

struct Refused {
  std::string name;
  std::string value;
};

class TimeNamespaceRefusedTest : public TimeNamespaceRefusalTest,
                                 public ::testing::WithParamInterface<Refused> {};

TEST_P(TimeNamespaceRefusedTest, KeysKeepTheirValues) {
  COVERS(spec::time_namespace::kKeyRefused);

  ExpectRefused(GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceRefusedTest,
                         ::testing::Values(Refused{"NoUnit", "5"}, Refused{"NoNumber", "h"},
                                           Refused{"Days", "2d"}, Refused{"UnknownUnit", "5ks"},
                                           Refused{"Word", "now"}, Refused{"TextBehind", "5sx"},
                                           Refused{"TextBefore", "x5s"},
                                           Refused{"Fraction", "1.5s"}, Refused{"TwoSigns", "--5s"},
                                           Refused{"SumThatEndsInANumber", "1h30"},
                                           Refused{"SumFromTheSmallest", "5s1h"},
                                           Refused{"SumOfOneUnit", "1h1h"},
                                           Refused{"SignWithinASum", "1h-30m"}),
                         [](const auto& each) { return each.param.name; });

class TimeNamespaceOverflowTest : public TimeNamespaceRefusalTest,
                                  public ::testing::WithParamInterface<Refused> {};

TEST_P(TimeNamespaceOverflowTest, KeysKeepTheirValues) {
  COVERS(spec::time_namespace::kOverflowRefused);

  ExpectRefused(GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceOverflowTest,
                         ::testing::Values(Refused{"Number", "9223372036854775808ns"},
                                           Refused{"Hours", "9223372036854775807h"},
                                           Refused{"Minutes", "9223372036854775807m"},
                                           Refused{"Seconds", "9223372037s"},
                                           Refused{"Milliseconds", "9223372036854775807ms"},
                                           Refused{"Negative", "-9223372036854775807h"},
                                           Refused{"Sum", "2562047h48m"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(TimeNamespaceRefusalTest, ClockBeforeItsBeginningFailsTheStart) {
  COVERS(spec::time_namespace::kBeforeTheBeginning);

  // A hundred years.
  ExpectNoStart({{kBoot, "-3155760000s"}});
  ExpectNoStart({{kMonotonic, "-3155760000s"}});
}

struct Contradiction {
  std::string name;
  ConfigItems config;
};

class TimeNamespaceContradictionTest : public TimeNamespaceRefusalTest,
                                       public ::testing::WithParamInterface<Contradiction> {};

TEST_P(TimeNamespaceContradictionTest, ContainerHasItsOffsetsOrDoesNotRun) {
  COVERS(spec::time_namespace::kNotWithoutOffsets);
  ConfigItems config = GetParam().config;
  config.insert(config.end(), kOffsets.begin(), kOffsets.end());

  auto container = StartProbed(config);

  if (container) {
    EXPECT_EQ(BootSeconds(container->init()), 3600000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TimeNamespaceContradictionTest,
    ::testing::Values(Contradiction{"Keep", {{"lxc.namespace.keep", "time"}}},
                      Contradiction{"Share", {{"lxc.namespace.share.time", "/proc/1/ns/time"}}},
                      Contradiction{"CloneOthers",
                                    {{"lxc.namespace.clone", "mnt pid net ipc uts cgroup"}}}),
    [](const auto& each) { return each.param.name; });

TEST_F(TimeNamespaceRefusalTest, WithoutTimeNamespacesAContainerWithOffsetsDoesNotStart) {
  COVERS(spec::time_namespace::kKernelWithout);
  ASSERT_OK(RefuseTimeNamespaces());

  for (const char* key : {kBoot, kMonotonic}) ExpectNoStart({{key, "5s"}});
}

TEST_F(TimeNamespaceRefusalTest, WithoutTimeNamespacesAContainerWithoutOffsetsStarts) {
  COVERS(spec::time_namespace::kKernelWithout);
  ASSERT_OK(RefuseTimeNamespaces());

  EXPECT_OK(StartSilent());
}

}  // namespace
}  // namespace lxcspec
