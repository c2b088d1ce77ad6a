// SPDX-License-Identifier: Apache-2.0
//
// What a container with offsets has for clocks, by what the kernel tells of its time namespace.

#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>

#include "conformance/harness/attached_probe.h"
#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Ne;

constexpr char kBoot[] = "lxc.time.offset.boot";
constexpr char kMonotonic[] = "lxc.time.offset.monotonic";

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kMillisecond = 1000 * kMicrosecond;
constexpr int64_t kSecond = 1000 * kMillisecond;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

// In nanoseconds.
struct Offsets {
  int64_t boot = 0;
  int64_t monotonic = 0;

  bool operator==(const Offsets&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Offsets& offsets) {
    return out << "boot " << offsets.boot << "ns, monotonic " << offsets.monotonic << "ns";
  }
};

Result<Offsets> OffsetsOf(pid_t process) {
  const std::string path = fmt::format("/proc/{}/timens_offsets", process);
  std::ifstream file(path);
  Offsets offsets;
  std::string clock;
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int clocks = 0;
  while (file >> clock >> seconds >> nanoseconds) {
    int64_t& offset = clock == "monotonic" ? offsets.monotonic : offsets.boot;
    offset = seconds * kSecond + nanoseconds;
    ++clocks;
  }
  if (clocks != 2) return Fail(EPROTO, path);
  return offsets;
}

// The namespace itself, whoever shows it.
Result<ino_t> TimeNamespaceOf(pid_t process) {
  struct stat found = {};
  const std::string path = fmt::format("/proc/{}/ns/time", process);
  if (stat(path.c_str(), &found) != 0) return FailErrno(fmt::format("stat({})", path));
  return found.st_ino;
}

// What a key reads as, which is a number with a unit right behind it and nothing else.
Result<int64_t> NanosecondsIn(const Result<std::string>& value) {
  if (!value) return Propagate(value.error());
  const size_t end = value->find_first_not_of("-0123456789");
  const std::string unit = value->substr(std::min(end, value->size()));
  for (const auto& [name, length] : {std::pair<std::string, int64_t>{"h", kHour},
                                     {"m", kMinute},
                                     {"s", kSecond},
                                     {"ms", kMillisecond},
                                     {"us", kMicrosecond},
                                     {"ns", 1}}) {
    if (unit == name && end > 0) return std::stoll(value->substr(0, end)) * length;
  }
  return Fail(EPROTO, "no number and unit: \"" + *value + "\"");
}

int64_t Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

class TimeNamespaceTest : public ProbedContainerTest {
 protected:
  // The offsets of a container that is started with these keys.
  Result<Offsets> OffsetsWith(const ConfigItems& config) {
    ASSIGN_OR_RETURN(auto container, StartProbed(config));
    return OffsetsOf(container.init());
  }

  // What a container's init sees of a clock, less what the test sees of it.
  static Result<int64_t> AheadOfTheTest(ProbedContainer& container, clockid_t clock) {
    const int64_t before = Now(clock);
    ASSIGN_OR_RETURN(const std::string inside, container.Ask({"clock", std::to_string(clock)}));
    return std::stoll(inside) - before;
  }
};

TEST_F(TimeNamespaceTest, IsAnnounced) {
  COVERS(spec::time_namespace::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("time_namespace"));
}

struct OneKey {
  std::string name;
  std::string key;
};

class TimeNamespaceKeyTest : public TimeNamespaceTest,
                             public ::testing::WithParamInterface<OneKey> {};

TEST_P(TimeNamespaceKeyTest, ReadsAsItWasSet) {
  COVERS(spec::time_namespace::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  for (const auto& [value, nanoseconds] : {std::pair<std::string, int64_t>{"5s", 5 * kSecond},
                                           {"-5s", -5 * kSecond},
                                           {"2h", 2 * kHour},
                                           {"90m", 90 * kMinute},
                                           {"7ms", 7 * kMillisecond},
                                           {"9us", 9 * kMicrosecond},
                                           {"11ns", 11},
                                           {"-2h", -2 * kHour},
                                           {"-90m", -90 * kMinute},
                                           {"-7ms", -7 * kMillisecond},
                                           {"-9us", -9 * kMicrosecond},
                                           {"-11ns", -11}}) {
    ASSERT_OK(container->SetConfigItem(GetParam().key, value));
    EXPECT_THAT(NanosecondsIn(container->GetConfigItem(GetParam().key)), SucceedsWith(nanoseconds));
  }
}

TEST_P(TimeNamespaceKeyTest, ReadsAsZeroWhereUnset) {
  COVERS(spec::time_namespace::kUnsetReadsZero);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("0ns"));

  ASSERT_OK(container->SetConfigItem(GetParam().key, "5s"));
  ASSERT_OK(container->ClearConfigItem(GetParam().key));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("0ns"));

  ASSERT_OK(container->SetConfigItem(GetParam().key, "5s"));
  ASSERT_OK(container->SetConfigItem(GetParam().key, ""));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("0ns"));
}

TEST_P(TimeNamespaceKeyTest, OfTwoValuesTheSecondIsRead) {
  COVERS(spec::time_namespace::kSetAgain);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  for (const char* value : {"5s", "7ms", "9us", "3h"}) {
    ASSERT_OK(container->SetConfigItem(GetParam().key, value));
  }

  EXPECT_THAT(NanosecondsIn(container->GetConfigItem(GetParam().key)), SucceedsWith(3 * kHour));
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceKeyTest,
                         ::testing::Values(OneKey{"Boot", kBoot}, OneKey{"Monotonic", kMonotonic}),
                         [](const auto& each) { return each.param.name; });

TEST_F(TimeNamespaceTest, OfTwoValuesTheSecondHolds) {
  COVERS(spec::time_namespace::kSetAgain);

  EXPECT_THAT(OffsetsWith({{kBoot, "5s"}, {kBoot, "7ms"}, {kMonotonic, "7ms"}, {kMonotonic, "2s"}}),
              SucceedsWith(Offsets{.boot = 7 * kMillisecond, .monotonic = 2 * kSecond}));
}

struct Amount {
  std::string name;
  std::string value;
  int64_t nanoseconds;
};

class TimeNamespaceUnitTest : public TimeNamespaceTest,
                              public ::testing::WithParamInterface<Amount> {};

TEST_P(TimeNamespaceUnitTest, ShiftsBootTime) {
  COVERS(spec::time_namespace::kUnits);

  EXPECT_THAT(OffsetsWith({{kBoot, GetParam().value}}),
              SucceedsWith(Offsets{.boot = GetParam().nanoseconds}));
}

TEST_P(TimeNamespaceUnitTest, ShiftsMonotonicTime) {
  COVERS(spec::time_namespace::kUnits);

  EXPECT_THAT(OffsetsWith({{kMonotonic, GetParam().value}}),
              SucceedsWith(Offsets{.monotonic = GetParam().nanoseconds}));
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceUnitTest,
                         ::testing::Values(Amount{"Hours", "3h", 3 * kHour},
                                           Amount{"Minutes", "90m", 90 * kMinute},
                                           Amount{"Seconds", "5s", 5 * kSecond},
                                           Amount{"Milliseconds", "7ms", 7 * kMillisecond},
                                           Amount{"Microseconds", "9us", 9 * kMicrosecond},
                                           Amount{"Nanoseconds", "11ns", 11}),
                         [](const auto& each) { return each.param.name; });

class TimeNamespaceNegativeTest : public TimeNamespaceTest,
                                  public ::testing::WithParamInterface<Amount> {};

// In hours and minutes the clocks of a machine that was just booted would be before their
// beginning, so those are zero here.
TEST_P(TimeNamespaceNegativeTest, ShiftsBackwards) {
  COVERS(spec::time_namespace::kNegative);

  EXPECT_THAT(
      OffsetsWith({{kBoot, GetParam().value}, {kMonotonic, GetParam().value}}),
      SucceedsWith(Offsets{.boot = GetParam().nanoseconds, .monotonic = GetParam().nanoseconds}));
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceNegativeTest,
                         ::testing::Values(Amount{"Hours", "-0h", 0}, Amount{"Minutes", "-0m", 0},
                                           Amount{"Second", "-1s", -kSecond},
                                           Amount{"Milliseconds", "-7ms", -7 * kMillisecond},
                                           Amount{"Microseconds", "-9us", -9 * kMicrosecond},
                                           Amount{"Nanoseconds", "-11ns", -11}),
                         [](const auto& each) { return each.param.name; });

class TimeNamespaceBeyondASecondTest : public TimeNamespaceTest,
                                       public ::testing::WithParamInterface<Amount> {};

TEST_P(TimeNamespaceBeyondASecondTest, ShiftsBothClocks) {
  COVERS(spec::time_namespace::kBeyondASecond);

  EXPECT_THAT(
      OffsetsWith({{kBoot, GetParam().value}, {kMonotonic, GetParam().value}}),
      SucceedsWith(Offsets{.boot = GetParam().nanoseconds, .monotonic = GetParam().nanoseconds}));
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceBeyondASecondTest,
                         ::testing::Values(Amount{"Milliseconds", "1500ms", 1500 * kMillisecond},
                                           Amount{"Microseconds", "2000001us",
                                                  2000001 * kMicrosecond},
                                           Amount{"Nanoseconds", "3000000007ns", 3 * kSecond + 7},
                                           Amount{"Negative", "-1001ms", -1001 * kMillisecond}),
                         [](const auto& each) { return each.param.name; });

class TimeNamespaceSumTest : public TimeNamespaceTest,
                             public ::testing::WithParamInterface<Amount> {};

TEST_P(TimeNamespaceSumTest, IsTheOffset) {
  COVERS(spec::time_namespace::kSum);

  EXPECT_THAT(
      OffsetsWith({{kBoot, GetParam().value}, {kMonotonic, GetParam().value}}),
      SucceedsWith(Offsets{.boot = GetParam().nanoseconds, .monotonic = GetParam().nanoseconds}));
}

TEST_P(TimeNamespaceSumTest, ReadsAsOneOffset) {
  COVERS(spec::time_namespace::kSum);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  for (const char* key : {kBoot, kMonotonic}) {
    ASSERT_OK(container->SetConfigItem(key, GetParam().value));
    EXPECT_THAT(NanosecondsIn(container->GetConfigItem(key)), SucceedsWith(GetParam().nanoseconds));
  }
}

INSTANTIATE_TEST_SUITE_P(All, TimeNamespaceSumTest,
                         ::testing::Values(Amount{"AllUnits", "1h2m3s4ms5us6ns",
                                                  kHour + 2 * kMinute + 3 * kSecond +
                                                      4 * kMillisecond + 5 * kMicrosecond + 6},
                                           Amount{"SomeUnits", "1h30m500ms",
                                                  90 * kMinute + 500 * kMillisecond},
                                           Amount{"Negative", "-1s1ms", -kSecond - kMillisecond}),
                         [](const auto& each) { return each.param.name; });

TEST_F(TimeNamespaceTest, InitSeesEachClockShiftedByItsOffset) {
  COVERS(spec::time_namespace::kBoth);
  constexpr int64_t kSlack = 10 * kMinute;
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kBoot, "1000h"}, {kMonotonic, "500h"}}));

  for (const auto& [clock, offset] : {std::pair<clockid_t, int64_t>{CLOCK_BOOTTIME, 1000 * kHour},
                                      {CLOCK_MONOTONIC, 500 * kHour},
                                      {CLOCK_MONOTONIC_RAW, 500 * kHour},
                                      {CLOCK_REALTIME, 0}}) {
    EXPECT_THAT(AheadOfTheTest(container, clock),
                SucceedsWith(AllOf(Ge(offset), Le(offset + kSlack))))
        << "clock " << clock;
  }
}

TEST_F(TimeNamespaceTest, StarterKeepsItsClocks) {
  COVERS(spec::time_namespace::kStarterUnchanged);
  ASSERT_OK_AND_ASSIGN(const ino_t before, TimeNamespaceOf(getpid()));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kBoot, "1000h"}, {kMonotonic, "500h"}}));
  ASSERT_THAT(TimeNamespaceOf(container.init()), SucceedsWith(Ne(before)));

  EXPECT_THAT(TimeNamespaceOf(getpid()), SucceedsWith(before));
  EXPECT_THAT(OffsetsOf(getpid()), SucceedsWith(Offsets{}));
  ASSERT_OK_AND_ASSIGN(auto other, StartProbed({}, {}, "other"));
  EXPECT_THAT(TimeNamespaceOf(other.init()), SucceedsWith(before));
}

TEST_F(TimeNamespaceTest, AttachedProcessIsInTheTimeNamespace) {
  COVERS(spec::time_namespace::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kBoot, "1000h"}, {kMonotonic, "500h"}}));
  ASSERT_OK_AND_ASSIGN(const ino_t inits, TimeNamespaceOf(container.init()));

  ASSERT_OK_AND_ASSIGN(auto attached, AttachedProbe::Start(*container, rootfs()));

  EXPECT_THAT(TimeNamespaceOf(attached.pid()), SucceedsWith(inits));
  ASSERT_OK_AND_ASSIGN(const std::string clock,
                       attached.Ask({"clock", std::to_string(CLOCK_BOOTTIME)}));
  EXPECT_GE(std::stoll(clock), 1000 * kHour);
}

TEST_F(TimeNamespaceTest, OffsetsAreThereAfterAReboot) {
  COVERS(spec::time_namespace::kAfterReboot);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{kBoot, "1000h"}, {kMonotonic, "500h"}}));

  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(OffsetsOf(container.init()),
              SucceedsWith(Offsets{.boot = 1000 * kHour, .monotonic = 500 * kHour}));
}

TEST_F(TimeNamespaceTest, ContainerWithIdMapsHasItsOffsets) {
  COVERS(spec::time_namespace::kIdMapped);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIds());
  config.insert(config.end(), {{kBoot, "1000h"}, {kMonotonic, "500h"}});

  EXPECT_THAT(OffsetsWith(config),
              SucceedsWith(Offsets{.boot = 1000 * kHour, .monotonic = 500 * kHour}));
}

constexpr char kClone[] = "lxc.namespace.clone";

TEST_F(TimeNamespaceTest, WordOfCloneMakesATimeNamespace) {
  COVERS(spec::time_namespace::kClone);
  ASSERT_OK_AND_ASSIGN(const ino_t own, TimeNamespaceOf(getpid()));
  ASSERT_OK_AND_ASSIGN(auto with, StartProbed({{kClone, "mnt pid net ipc uts cgroup time"}}));
  EXPECT_THAT(TimeNamespaceOf(with.init()), SucceedsWith(Ne(own)));
  EXPECT_THAT(OffsetsOf(with.init()), SucceedsWith(Offsets{}));

  ASSERT_OK_AND_ASSIGN(auto without,
                       StartProbed({{kClone, "mnt pid net ipc uts cgroup"}}, {}, "without"));
  EXPECT_THAT(TimeNamespaceOf(without.init()), SucceedsWith(own));
}

TEST_F(TimeNamespaceTest, OffsetsHoldBesideTheWordOfClone) {
  COVERS(spec::time_namespace::kClone);

  EXPECT_THAT(OffsetsWith({{kClone, "mnt pid net ipc uts cgroup time"}, {kBoot, "5s"}}),
              SucceedsWith(Offsets{.boot = 5 * kSecond}));
}

TEST_F(TimeNamespaceTest, ContainersNamespaceIsShared) {
  COVERS(spec::time_namespace::kShare);
  ASSERT_OK_AND_ASSIGN(auto first, StartProbed({{kBoot, "1000h"}}, {}, "first"));
  ASSERT_OK_AND_ASSIGN(const ino_t firsts, TimeNamespaceOf(first.init()));

  ASSERT_OK_AND_ASSIGN(auto second,
                       StartProbed({{"lxc.namespace.share.time", "first"}}, {}, "second"));

  EXPECT_THAT(TimeNamespaceOf(second.init()), SucceedsWith(firsts));
}

TEST_F(TimeNamespaceTest, ProcesssNamespaceIsShared) {
  COVERS(spec::time_namespace::kShare);
  ASSERT_OK_AND_ASSIGN(auto first, StartProbed({{kBoot, "1000h"}}, {}, "first"));
  ASSERT_OK_AND_ASSIGN(const ino_t firsts, TimeNamespaceOf(first.init()));

  ASSERT_OK_AND_ASSIGN(
      auto second,
      StartProbed({{"lxc.namespace.share.time", std::to_string(first.init())}}, {}, "second"));

  EXPECT_THAT(TimeNamespaceOf(second.init()), SucceedsWith(firsts));
}

}  // namespace
}  // namespace lxcspec
