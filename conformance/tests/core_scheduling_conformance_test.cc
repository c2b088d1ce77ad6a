// SPDX-License-Identifier: Apache-2.0
//
// Which cookie the kernel gives to whom, for containers that are to have a core to themselves.

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "conformance/harness/attached_probe.h"
#include "conformance/harness/core_cookies.h"
#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::Ne;

constexpr char kKey[] = "lxc.sched.core";
const ConfigItems kDomain = {{kKey, "1"}};

class CoreSchedulingTest : public ProbedContainerTest {
 protected:
  // The start fails and leaves the container STOPPED.
  void ExpectNoStart() {
    ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, kDomain));
    RunningContainer owned(std::move(container));

    EXPECT_THAT(owned->Start({}), Fails());

    EXPECT_TRUE(Eventually([&] { return owned->State(); }, std::string("STOPPED")));
  }
};

TEST_F(CoreSchedulingTest, IsAnnounced) {
  COVERS(spec::core_scheduling::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("core_scheduling"));
}

TEST_F(CoreSchedulingTest, KeyReadsAsItWasSet) {
  COVERS(spec::core_scheduling::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

  for (const char* value : {"1", "0", "1"}) {
    ASSERT_OK(container->SetConfigItem(kKey, value));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(value));
  }
  ASSERT_OK(container->ClearConfigItem(kKey));

  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));
}

TEST_F(CoreSchedulingTest, InitHasACookie) {
  COVERS(spec::core_scheduling::kOwnDomain);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));

  EXPECT_THAT(CoreCookieOf(container.init()), SucceedsWith(Ne(0U)));
}

struct Without {
  std::string name;
  ConfigItems config;
};

class CoreSchedulingOffTest : public CoreSchedulingTest,
                              public ::testing::WithParamInterface<Without> {};

TEST_P(CoreSchedulingOffTest, InitHasItsStartersCookie) {
  COVERS(spec::core_scheduling::kWithout);
  ASSERT_OK_AND_ASSIGN(const uint64_t own, CoreCookieOf(getpid()));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(GetParam().config));

  EXPECT_THAT(CoreCookieOf(container.init()), SucceedsWith(own));
}

INSTANTIATE_TEST_SUITE_P(All, CoreSchedulingOffTest,
                         ::testing::Values(Without{"Unset", {}}, Without{"Zero", {{kKey, "0"}}}),
                         [](const auto& each) { return each.param.name; });

TEST_F(CoreSchedulingTest, ChildOfInitHasInitsCookie) {
  COVERS(spec::core_scheduling::kAllProcesses);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));
  ASSERT_OK_AND_ASSIGN(const uint64_t inits, CoreCookieOf(container.init()));
  ASSERT_NE(inits, 0U);

  ASSERT_OK(container.Ask({"spawn"}));

  const std::vector<pid_t> children = ChildrenOf(container.init());
  ASSERT_EQ(children.size(), 1U);
  EXPECT_THAT(CoreCookieOf(children.front()), SucceedsWith(inits));
}

TEST_F(CoreSchedulingTest, AttachedProcessHasInitsCookie) {
  COVERS(spec::core_scheduling::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));
  ASSERT_OK_AND_ASSIGN(const uint64_t inits, CoreCookieOf(container.init()));
  ASSERT_NE(inits, 0U);

  ASSERT_OK_AND_ASSIGN(auto attached, AttachedProbe::Start(*container, rootfs()));

  EXPECT_THAT(CoreCookieOf(attached.pid()), SucceedsWith(inits));
}

TEST_F(CoreSchedulingTest, ContainersHaveDifferentCookies) {
  COVERS(spec::core_scheduling::kDifferent);
  ASSERT_OK_AND_ASSIGN(auto first, StartProbed(kDomain, {}, "first"));
  ASSERT_OK_AND_ASSIGN(auto second, StartProbed(kDomain, {}, "second"));
  ASSERT_OK_AND_ASSIGN(const uint64_t firsts, CoreCookieOf(first.init()));

  EXPECT_THAT(CoreCookieOf(second.init()), SucceedsWith(Ne(firsts)));
}

TEST_F(CoreSchedulingTest, StarterKeepsItsCookie) {
  COVERS(spec::core_scheduling::kStarterUnchanged);
  ASSERT_OK_AND_ASSIGN(const uint64_t before, CoreCookieOf(getpid()));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));
  ASSERT_THAT(CoreCookieOf(container.init()), SucceedsWith(Ne(before)));

  EXPECT_THAT(CoreCookieOf(getpid()), SucceedsWith(before));
  ASSERT_OK(container->AttachRunWait({"/probe", "exit", "0"}));
  EXPECT_THAT(CoreCookieOf(getpid()), SucceedsWith(before));
}

TEST_F(CoreSchedulingTest, InitHasACookieAfterAReboot) {
  COVERS(spec::core_scheduling::kAfterReboot);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));

  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(CoreCookieOf(container.init()), SucceedsWith(Ne(0U)));
}

TEST_F(CoreSchedulingTest, ContainerWithIdMapsHasItsCookie) {
  COVERS(spec::core_scheduling::kIdMapped);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIds());
  config.emplace_back(kKey, "1");
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));
  ASSERT_OK_AND_ASSIGN(const uint64_t inits, CoreCookieOf(container.init()));
  EXPECT_NE(inits, 0U);

  ASSERT_OK_AND_ASSIGN(auto attached, AttachedProbe::Start(*container, rootfs()));

  EXPECT_THAT(CoreCookieOf(attached.pid()), SucceedsWith(inits));
}

struct Refused {
  std::string name;
  std::string value;
};

class CoreSchedulingRefusedTest : public CoreSchedulingTest,
                                  public ::testing::WithParamInterface<Refused> {};

TEST_P(CoreSchedulingRefusedTest, KeyKeepsItsValue) {
  COVERS(spec::core_scheduling::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  for (const std::string value : {"0", "1"}) {
    ASSERT_OK(container->SetConfigItem(kKey, value));

    EXPECT_THAT(container->SetConfigItem(kKey, GetParam().value), Fails());

    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(value));
  }
}

INSTANTIATE_TEST_SUITE_P(All, CoreSchedulingRefusedTest,
                         ::testing::Values(Refused{"Two", "2"}, Refused{"Negative", "-1"},
                                           Refused{"Word", "yes"}, Refused{"TextBehind", "1x"}),
                         [](const auto& each) { return each.param.name; });

struct Refusal {
  std::string name;
  int error;
};

class CoreSchedulingKernelTest : public CoreSchedulingTest,
                                 public ::testing::WithParamInterface<Refusal> {};

TEST_P(CoreSchedulingKernelTest, ContainerDoesNotStart) {
  COVERS(spec::core_scheduling::kKernelWithout);
  ASSERT_OK(RefuseCoreCookies(GetParam().error));

  ExpectNoStart();
}

INSTANTIATE_TEST_SUITE_P(All, CoreSchedulingKernelTest,
                         ::testing::Values(Refusal{"Unknown", EINVAL}, Refusal{"Refused", EPERM},
                                           Refusal{"NoMemory", ENOMEM}),
                         [](const auto& each) { return each.param.name; });

TEST_F(CoreSchedulingTest, WithZeroAContainerStartsOnAnyKernel) {
  COVERS(spec::core_scheduling::kKernelWithout);
  ASSERT_OK(RefuseCoreCookies(EINVAL));

  EXPECT_OK(StartSilent({{kKey, "0"}}));
}

TEST_F(CoreSchedulingTest, WithOneThreadACoreTheContainerStarts) {
  COVERS(spec::core_scheduling::kOneThreadACore);
  ASSERT_OK(RefuseCoreCookies(ENODEV));

  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kDomain));

  EXPECT_OK(AttachedProbe::Start(*container, rootfs()));
}

}  // namespace
}  // namespace lxcspec
