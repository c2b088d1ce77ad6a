// SPDX-License-Identifier: Apache-2.0
//
// Who has which variables: the init, attached processes, and every hook. Each hook is the probe,
// which writes down what it was given.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "conformance/harness/attached_probe.h"
#include "conformance/harness/one_process.h"
#include "conformance/harness/probed_container.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr char kBoth[] = "lxc.environment";
constexpr char kRuntime[] = "lxc.environment.runtime";
constexpr char kHooks[] = "lxc.environment.hooks";

const ConfigItems kOneOfEach = {{kBoth, "LXCSPEC_BOTH=for all"},
                                {kRuntime, "LXCSPEC_RUNTIME=for init"},
                                {kHooks, "LXCSPEC_HOOKS=for hooks"}};

using Variables = std::map<std::string, std::string>;

Variables VariablesIn(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  Variables found;
  for (std::string one; std::getline(stream, one, '\0');) {
    const size_t equals = one.find('=');
    if (equals != std::string::npos) found[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return found;
}

Variables VariablesOf(pid_t process) {
  return VariablesIn(fmt::format("/proc/{}/environ", process));
}

class EnvironmentTest : public ProbedContainerTest {
 protected:
  void SetUp() override {
    ProbedContainerTest::SetUp();
    if (HasFatalFailure()) return;
    // What runs hooks in the container is its own shell.
    std::error_code error;
    fs::create_directories(rootfs() / "bin", error);
    for (const char* name : {"bin/sh", "save-environment"}) {
      fs::copy_file(TestEnvironment().probe, rootfs() / name, error);
      if (error) return Broken(fmt::format("copy the probe to {}: {}", name, error.message()));
    }
  }

  // The key that has the hook of this type write down its environment.
  ConfigItems Hook(const std::string& type) const {
    // Of the hook in the container some implementations look whether it is there, arguments and
    // all.
    if (type == "start") return {{"lxc.hook.start", "/save-environment"}};
    return {{"lxc.hook." + type,
             fmt::format("{} save-environment {}", TestEnvironment().probe, Written(type))}};
  }

  // Where it has; once the hook has ended.
  std::string Written(const std::string& type) const {
    if (type == "start") return rootfs() / "save-environment.seen";
    return scratch() / ("seen." + type);
  }

  // The environment of the hook of this type, in the life of a container with these keys.
  Result<Variables> SeenBy(const std::string& type, ConfigItems config) {
    const ConfigItems hook = Hook(type);
    config.insert(config.end(), hook.begin(), hook.end());
    ASSIGN_OR_RETURN(auto container, Configure({"pause"}, config));
    RunningContainer owned(std::move(container));
    if (type == "clone" || type == "destroy") {
      RETURN_IF_ERROR(owned->SaveConfig(std::nullopt));
      RETURN_IF_ERROR(type == "clone" ? owned->Clone("copy") : owned->Destroy());
    } else {
      RETURN_IF_ERROR(owned->Start({}));
      RETURN_IF_ERROR(owned->Stop());
    }
    const auto is_written = Eventually([&] { return fs::exists(Written(type)); }, true);
    if (!is_written) return Fail(ENOENT, "the hook wrote nothing");
    return VariablesIn(Written(type));
  }
};

TEST_F(EnvironmentTest, IsAnnounced) {
  COVERS(spec::environment_runtime_hooks::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("environment_runtime_hooks"));
}

struct OneKey {
  std::string name;
  std::string key;
};

class EnvironmentKeyTest : public EnvironmentTest, public ::testing::WithParamInterface<OneKey> {};

TEST_P(EnvironmentKeyTest, ReadsAsItsVariablesInOrder) {
  COVERS(spec::environment_runtime_hooks::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith(""));

  for (const char* variable : {"B=2", "A=1", "B=three = 3"}) {
    ASSERT_OK(container->SetConfigItem(GetParam().key, variable));
  }

  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("B=2\nA=1\nB=three = 3\n"));
}

TEST_P(EnvironmentKeyTest, IsClearedAlone) {
  COVERS(spec::environment_runtime_hooks::kClear);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  for (const bool by_empty_value : {false, true}) {
    for (const char* key : {kBoth, kRuntime, kHooks}) {
      ASSERT_OK(container->ClearConfigItem(key));
      ASSERT_OK(container->SetConfigItem(key, "A=1"));
      ASSERT_OK(container->SetConfigItem(key, "B=2"));
    }
    ASSERT_OK(by_empty_value ? container->SetConfigItem(GetParam().key, "")
                             : container->ClearConfigItem(GetParam().key));

    for (const char* key : {kBoth, kRuntime, kHooks}) {
      EXPECT_THAT(container->GetConfigItem(key),
                  SucceedsWith(key == GetParam().key ? "" : "A=1\nB=2\n"))
          << key;
    }
  }
}

TEST_P(EnvironmentKeyTest, NameAloneStandsForTheSettersVariable) {
  COVERS(spec::environment_runtime_hooks::kInherited);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  RelyOnOneProcess("the environment of the test");
  setenv("LXCSPEC_INHERITED", "then", 1);
  ASSERT_OK(container->SetConfigItem(GetParam().key, "LXCSPEC_INHERITED"));
  setenv("LXCSPEC_INHERITED", "later", 1);

  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("LXCSPEC_INHERITED=then\n"));
}

TEST_P(EnvironmentKeyTest, NameThatNothingHasIsRefused) {
  COVERS(spec::environment_runtime_hooks::kUnknownName);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  ASSERT_OK(container->SetConfigItem(GetParam().key, "A=1"));
  RelyOnOneProcess("the environment of the test");
  unsetenv("LXCSPEC_ABSENT");

  EXPECT_THAT(container->SetConfigItem(GetParam().key, "LXCSPEC_ABSENT"), Fails());

  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("A=1\n"));
}

TEST_P(EnvironmentKeyTest, IsThereAfterSavingAndLoading) {
  COVERS(spec::environment_runtime_hooks::kSaved);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  ASSERT_OK(container->SetConfigItem(GetParam().key, "A=1"));
  ASSERT_OK(container->SetConfigItem(GetParam().key, "B=two 2"));
  ASSERT_OK(container->SaveConfig(std::nullopt));

  ASSERT_OK_AND_ASSIGN(auto loaded, NewContainer());

  EXPECT_THAT(loaded->GetConfigItem(GetParam().key), SucceedsWith("A=1\nB=two 2\n"));
}

INSTANTIATE_TEST_SUITE_P(All, EnvironmentKeyTest,
                         ::testing::Values(OneKey{"Both", kBoth}, OneKey{"Runtime", kRuntime},
                                           OneKey{"Hooks", kHooks}),
                         [](const auto& each) { return each.param.name; });

TEST_F(EnvironmentTest, InitHasTheInheritedValueOfTheMomentInWhichItWasSet) {
  COVERS(spec::environment_runtime_hooks::kInherited);
  RelyOnOneProcess("the environment of the test");
  setenv("LXCSPEC_ONE", "then", 1);
  setenv("LXCSPEC_TWO", "then", 1);
  ASSERT_OK_AND_ASSIGN(auto container,
                       Configure({"pause"}, {{kBoth, "LXCSPEC_ONE"}, {kRuntime, "LXCSPEC_TWO"}}));
  setenv("LXCSPEC_ONE", "later", 1);
  unsetenv("LXCSPEC_TWO");
  RunningContainer owned(std::move(container));
  ASSERT_OK(owned->Start({}));
  ASSERT_OK_AND_ASSIGN(const pid_t init, owned->InitPid());

  // RUNNING may be announced right before the init's program is executed.
  EXPECT_TRUE(Eventually(
      [&] { return VariablesOf(init); },
      AllOf(Contains(Pair("LXCSPEC_ONE", "then")), Contains(Pair("LXCSPEC_TWO", "then")))));
}

TEST_F(EnvironmentTest, InitHasWhatIsForAllAndWhatIsForIt) {
  COVERS(spec::environment_runtime_hooks::kRuntime);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  EXPECT_THAT(VariablesOf(container.init()), AllOf(Contains(Pair("LXCSPEC_BOTH", "for all")),
                                                   Contains(Pair("LXCSPEC_RUNTIME", "for init"))));
}

TEST_F(EnvironmentTest, InitHasNothingThatIsForHooks) {
  COVERS(spec::environment_runtime_hooks::kNotInInit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  EXPECT_THAT(VariablesOf(container.init()), Not(Contains(Key("LXCSPEC_HOOKS"))));
}

class EnvironmentHookTest : public EnvironmentTest, public ::testing::WithParamInterface<OneKey> {};

TEST_P(EnvironmentHookTest, HasWhatIsForAllAndWhatIsForHooks) {
  COVERS(spec::environment_runtime_hooks::kHooks);

  EXPECT_THAT(SeenBy(GetParam().key, kOneOfEach),
              SucceedsWith(AllOf(Contains(Pair("LXCSPEC_BOTH", "for all")),
                                 Contains(Pair("LXCSPEC_HOOKS", "for hooks")))));
}

TEST_P(EnvironmentHookTest, HasNothingThatIsForInit) {
  COVERS(spec::environment_runtime_hooks::kNotInHooks);

  EXPECT_THAT(
      SeenBy(GetParam().key, kOneOfEach),
      SucceedsWith(AllOf(Contains(Key("LXC_NAME")), Not(Contains(Key("LXCSPEC_RUNTIME"))))));
}

INSTANTIATE_TEST_SUITE_P(All, EnvironmentHookTest,
                         ::testing::Values(OneKey{"PreStart", "pre-start"},
                                           OneKey{"PreMount", "pre-mount"},
                                           OneKey{"Mount", "mount"}, OneKey{"Autodev", "autodev"},
                                           OneKey{"StartHost", "start-host"},
                                           OneKey{"Start", "start"}, OneKey{"Stop", "stop"},
                                           OneKey{"PostStop", "post-stop"},
                                           OneKey{"Clone", "clone"}, OneKey{"Destroy", "destroy"}),
                         [](const auto& each) { return each.param.name; });

// The narrower key is set first, so that order does not help it.
const ConfigItems kTwice = {{kRuntime, "A=narrow"}, {kHooks, "A=narrow"}, {kBoth, "A=wide"},
                            {kBoth, "B=first"},     {kBoth, "B=last"},    {kRuntime, "C=first"},
                            {kRuntime, "C=last"},   {kHooks, "C=first"},  {kHooks, "C=last"}};

TEST_F(EnvironmentTest, InInitTheLastOfTheNarrowestKeyWins) {
  COVERS(spec::environment_runtime_hooks::kLastWins);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kTwice));

  EXPECT_THAT(VariablesOf(container.init()),
              AllOf(Contains(Pair("A", "narrow")), Contains(Pair("B", "last")),
                    Contains(Pair("C", "last"))));
}

TEST_F(EnvironmentTest, InHooksTheLastOfTheNarrowestKeyWins) {
  COVERS(spec::environment_runtime_hooks::kLastWins);

  EXPECT_THAT(SeenBy("mount", kTwice),
              SucceedsWith(AllOf(Contains(Pair("A", "narrow")), Contains(Pair("B", "last")),
                                 Contains(Pair("C", "last")))));
}

const ConfigItems kOdd = {{kBoth, "EMPTY="}, {kBoth, "ODD=a=b  c$d\"e'f;g\\h"}};

TEST_F(EnvironmentTest, InitHasValuesAsTheyAre) {
  COVERS(spec::environment_runtime_hooks::kVerbatim);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOdd));

  EXPECT_THAT(VariablesOf(container.init()),
              AllOf(Contains(Pair("EMPTY", "")), Contains(Pair("ODD", "a=b  c$d\"e'f;g\\h"))));
}

TEST_F(EnvironmentTest, HooksHaveValuesAsTheyAre) {
  COVERS(spec::environment_runtime_hooks::kVerbatim);

  EXPECT_THAT(SeenBy("mount", kOdd),
              SucceedsWith(
                  AllOf(Contains(Pair("EMPTY", "")), Contains(Pair("ODD", "a=b  c$d\"e'f;g\\h")))));
}

TEST_F(EnvironmentTest, InitHasNoneOfTheStartersVariables) {
  COVERS(spec::environment_runtime_hooks::kStarterNotInherited);
  RelyOnOneProcess("the environment of the test");
  setenv("LXCSPEC_STARTER", "secret", 1);

  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  EXPECT_THAT(VariablesOf(container.init()),
              AllOf(Not(IsEmpty()), Not(Contains(Key("LXCSPEC_STARTER")))));
}

TEST_F(EnvironmentTest, AttachedProcessHasWhatInitHas) {
  COVERS(spec::environment_runtime_hooks::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  ASSERT_OK_AND_ASSIGN(auto attached, AttachedProbe::Start(*container, rootfs()));

  EXPECT_THAT(VariablesOf(attached.pid()), AllOf(Contains(Pair("LXCSPEC_BOTH", "for all")),
                                                 Contains(Pair("LXCSPEC_RUNTIME", "for init")),
                                                 Not(Contains(Key("LXCSPEC_HOOKS")))));
}

TEST_F(EnvironmentTest, InitHasItsVariablesAfterAReboot) {
  COVERS(spec::environment_runtime_hooks::kAfterReboot);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(VariablesOf(container.init()), AllOf(Contains(Pair("LXCSPEC_BOTH", "for all")),
                                                   Contains(Pair("LXCSPEC_RUNTIME", "for init")),
                                                   Not(Contains(Key("LXCSPEC_HOOKS")))));
}

class EnvironmentTooLongTest : public EnvironmentTest,
                               public ::testing::WithParamInterface<OneKey> {};

TEST_P(EnvironmentTooLongTest, VariableFailsTheStart) {
  COVERS(spec::environment_runtime_hooks::kTooLong);
  // Twice what Linux lets one string of execve have.
  constexpr size_t kTooLong = 2UL * 32 * 4096;
  ConfigItems config = Hook("pre-start");
  config.emplace_back(GetParam().key, "LONG=" + std::string(kTooLong, 'x'));
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));
  RunningContainer owned(std::move(container));

  EXPECT_THAT(owned->Start({}), Fails());

  EXPECT_TRUE(Eventually([&] { return owned->State(); }, std::string("STOPPED")));
}

INSTANTIATE_TEST_SUITE_P(All, EnvironmentTooLongTest,
                         ::testing::Values(OneKey{"Both", kBoth}, OneKey{"Runtime", kRuntime},
                                           OneKey{"Hooks", kHooks}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
