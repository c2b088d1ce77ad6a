// SPDX-License-Identifier: Apache-2.0
//
// The adapter against the example testees: the minimal one, and all that break the protocol.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "conformance/testee/load.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

constexpr char kExamples[] = "conformance/testee/examples/";

class ProtocolTesteeTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Testee>> Load(const std::string& example) {
    return LoadTestee(
        "exec:/usr/bin/python3 " + std::filesystem::absolute(kExamples).string() + example,
        {.abi_version = "",
         .events = {.not_offered = [this](const std::string& what) { absent_.push_back(what); },
                    .lost = [this](const Error& how) { lost_.push_back(how); }},
         .patience = std::chrono::milliseconds(2000)});
  }

  std::vector<std::string> absent_;
  std::vector<Error> lost_;
};

TEST_F(ProtocolTesteeTest, AnswersWhatTheImplementationDoes) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee) << testee.error();
  EXPECT_EQ((*testee)->Version(), "0.1");
  EXPECT_TRUE((*testee)->HasApiExtension("lxc_log"));
  EXPECT_FALSE((*testee)->HasApiExtension(std::nullopt));
  auto container = (*testee)->NewContainer("c", "/nowhere");
  ASSERT_TRUE(container);
  EXPECT_EQ((*container)->ConfigPath(), "/nowhere");
  EXPECT_EQ((*container)->State(), "STOPPED");
  EXPECT_TRUE((*container)->SetConfigItem("lxc.arch", "x86_64"));
  EXPECT_EQ((*container)->SetConfigItem("lxc.nonsense", "1").error().code, EINVAL);
  container->reset();
  testee->reset();
  EXPECT_THAT(absent_, IsEmpty());
  EXPECT_THAT(lost_, IsEmpty());
}

TEST_F(ProtocolTesteeTest, WhatIsNotOfferedIsToldAndFailsWithEnosys) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee);
  auto container = (*testee)->NewContainer("c", std::nullopt);
  ASSERT_TRUE(container);
  EXPECT_FALSE((*container)->HasMember("reboot2"));
  EXPECT_EQ((*container)->Reboot2(1).error().code, ENOSYS);
  EXPECT_EQ((*container)->AttachWait([] { return 0; }).error().code, ENOSYS);
  EXPECT_EQ((*testee)->NullContainer().error().code, ENOSYS);
  EXPECT_EQ((*container)->LoadConfig("\xff").error().code, ENOSYS);
  EXPECT_THAT(absent_, ElementsAre("not offered by the testee: reboot2",
                                   HasSubstr("the test's own function"), HasSubstr("NULL"),
                                   HasSubstr("UTF-8")));
  EXPECT_THAT(lost_, IsEmpty());
}

TEST_F(ProtocolTesteeTest, AnotherThreadIsNotOffered) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee);
  std::thread([&] { EXPECT_FALSE((*testee)->HasApiExtension("lxc_log")); }).join();
  EXPECT_THAT(absent_, ElementsAre(HasSubstr("several threads")));
}

TEST_F(ProtocolTesteeTest, AForkedProcessLeavesTheTesteeAlone) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee);
  auto container = (*testee)->NewContainer("c", std::nullopt);
  ASSERT_TRUE(container);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool failed = !(*testee)->HasApiExtension("lxc_log") && absent_.size() == 1;
    container->reset();
    testee->reset();
    _exit(failed && lost_.empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE((*testee)->HasApiExtension("lxc_log"));
}

TEST_F(ProtocolTesteeTest, StandardErrorIsHereWhenTheCallReturns) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee);
  ASSERT_TRUE((*testee)->LogInit(LogSettings{.file = "none"}));
  auto container = (*testee)->NewContainer("c", std::nullopt);
  ASSERT_TRUE(container);
  CaptureStderr();
  EXPECT_FALSE((*container)->SetConfigItem("lxc.nonsense", "1"));
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("unknown key lxc.nonsense"));
}

TEST_F(ProtocolTesteeTest, ACallHasTheDirectoryAndTheUmaskOfItsCaller) {
  auto testee = Load("minimal_testee.py");
  ASSERT_TRUE(testee);
  const std::filesystem::path before = std::filesystem::current_path();
  const std::string folder = ::testing::TempDir();
  const mode_t mask_before = umask(0137);
  ASSERT_EQ(chdir(folder.c_str()), 0);
  EXPECT_TRUE((*testee)->LogInit(LogSettings{.file = "relative.log"}));
  umask(mask_before);
  std::filesystem::current_path(before);
  struct stat status {};
  ASSERT_EQ(stat((folder + "/relative.log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640 & ~0137U);
}

TEST_F(ProtocolTesteeTest, AProgramThatIsNotThereIsNamed) {
  const auto testee = LoadTestee("exec:/no/such/program", {});
  ASSERT_FALSE(testee);
  EXPECT_EQ(testee.error().code, ENOENT);
  EXPECT_THAT(testee.error().attempted, HasSubstr("/no/such/program"));
  EXPECT_FALSE(LoadTestee("exec:", {}));
}

struct Hostile {
  const char* way;
  int code;
  const char* message;
};

void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.way; }

class HostileGreetingTest : public ProtocolTesteeTest,
                            public ::testing::WithParamInterface<Hostile> {};
class HostileAnswerTest : public ProtocolTesteeTest,
                          public ::testing::WithParamInterface<Hostile> {};

INSTANTIATE_TEST_SUITE_P(
    Ways, HostileGreetingTest,
    ::testing::Values(Hostile{"ends_at_once", ECONNRESET, "exited with status 0"},
                      Hostile{"greets_with_noise", EPROTO, "a frame of"},
                      Hostile{"speaks_version_9", EPROTONOSUPPORT, "version 9"},
                      Hostile{"offers_nonsense", EPROTO, "nonsense"}),
    [](const auto& info) { return info.param.way; });

INSTANTIATE_TEST_SUITE_P(
    Ways, HostileAnswerTest,
    ::testing::Values(Hostile{"ends_early", ECONNRESET, "exited with status 3"},
                      Hostile{"is_killed", ECONNRESET, "killed by SIGKILL"},
                      Hostile{"closes_its_output", EPROTO, "closed its output"},
                      Hostile{"frame_too_long", EPROTO, "a frame of 4294967295 bytes"},
                      Hostile{"frame_without_body", EPROTO, "a frame of 0 bytes"},
                      Hostile{"half_a_frame_and_end", ECONNRESET, "exited with status 0"},
                      Hostile{"no_json", EPROTO, "not JSON"},
                      Hostile{"deep_json", EPROTO, "too deeply"},
                      Hostile{"another_id", EPROTO, "id"},
                      Hostile{"another_type", EPROTO, "of type array, not boolean"},
                      Hostile{"refuses", EPROTO, "not today"},
                      Hostile{"says_more", EPROTO, "more than it was asked"},
                      Hostile{"endless_output", EPROTO, "a frame of"},
                      Hostile{"endless_frames", EPROTO, ""}),
    [](const auto& info) { return info.param.way; });

TEST_P(HostileGreetingTest, IsRefused) {
  const auto testee = Load(std::string("hostile_testee.py ") + GetParam().way);
  ASSERT_FALSE(testee);
  EXPECT_EQ(testee.error().code, GetParam().code);
  EXPECT_THAT(testee.error().attempted, HasSubstr(GetParam().message));
  EXPECT_THAT(lost_, IsEmpty());
}

TEST_P(HostileAnswerTest, LosesTheTesteeOnce) {
  auto testee = Load(std::string("hostile_testee.py ") + GetParam().way);
  ASSERT_TRUE(testee) << testee.error();
  EXPECT_FALSE((*testee)->HasApiExtension("lxc_log"));
  EXPECT_FALSE((*testee)->ConfigItemIsSupported("lxc.arch"));
  EXPECT_EQ((*testee)->NewContainer("c", std::nullopt).error().code, EPROTO);
  testee->reset();
  ASSERT_EQ(lost_.size(), 1U);
  EXPECT_EQ(lost_[0].code, GetParam().code);
  EXPECT_THAT(lost_[0].attempted, HasSubstr(GetParam().message));
}

TEST_F(ProtocolTesteeTest, OneThatStaysWhenItsInputIsClosedIsLost) {
  auto testee = Load("hostile_testee.py outlives_its_input");
  ASSERT_TRUE(testee) << testee.error();
  EXPECT_FALSE((*testee)->HasApiExtension("lxc_log"));
  testee->reset();
  ASSERT_EQ(lost_.size(), 1U);
  EXPECT_THAT(lost_[0].attempted, HasSubstr("did not end"));
}

}  // namespace
}  // namespace lxcspec
