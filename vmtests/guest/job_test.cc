// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/job.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace lxcspec::guest {
namespace {

constexpr char kJob[] = R"({
  "schema": 1, "cgroup": "unified", "modules": ["/m/a.ko", "/m/b.ko"],
  "command": ["/lxcspec/launcher", "--resume"], "environment": ["HOME=/root"],
  "results": "/lxcspec/results/r", "heartbeat_ms": 250)";

TEST(JobTest, EveryFieldArrives) {
  const auto job = ParseJob(std::string(kJob) + R"(, "sabotage": {"act": "hang", "test": "A.B"}})");

  ASSERT_TRUE(job) << job.error();
  EXPECT_EQ(job->modules, (std::vector<std::string>{"/m/a.ko", "/m/b.ko"}));
  EXPECT_EQ(job->command, (std::vector<std::string>{"/lxcspec/launcher", "--resume"}));
  EXPECT_EQ(job->environment, std::vector<std::string>{"HOME=/root"});
  EXPECT_EQ(job->results, "/lxcspec/results/r");
  EXPECT_EQ(job->heartbeat_ms, 250);
  EXPECT_EQ(job->sabotage.act, Sabotage::Act::kHang);
  EXPECT_EQ(job->sabotage.test, "A.B");
}

TEST(JobTest, WithoutSabotageNothingIsSabotaged) {
  const auto job = ParseJob(std::string(kJob) + "}");

  ASSERT_TRUE(job) << job.error();
  EXPECT_EQ(job->sabotage.act, Sabotage::Act::kNone);
  EXPECT_FALSE(job->on_console);
}

TEST(JobTest, CommandMayHaveTheConsole) {
  const auto job = ParseJob(std::string(kJob) + R"(, "on_console": true})");

  ASSERT_TRUE(job) << job.error();
  EXPECT_TRUE(job->on_console);
}

TEST(JobTest, EveryCgroupLayoutIsKnown) {
  for (const auto& [name, layout] :
       {std::pair{"unified", CgroupLayout::kUnified}, std::pair{"hybrid", CgroupLayout::kHybrid},
        std::pair{"legacy", CgroupLayout::kLegacy}}) {
    std::string text = std::string(kJob) + "}";
    text.replace(text.find("unified"), std::string("unified").size(), name);
    const auto job = ParseJob(text);
    ASSERT_TRUE(job) << job.error();
    EXPECT_EQ(job->cgroup, layout);
  }
}

struct BadJob {
  const char* name;
  const char* from;
  const char* to;
  const char* complaint;
};

class BadJobTest : public testing::TestWithParam<BadJob> {};

TEST_P(BadJobTest, IsRefusedWithItsReason) {
  std::string text = std::string(kJob) + "}";
  const std::string from = GetParam().from;
  text.replace(text.find(from), from.size(), GetParam().to);

  const auto job = ParseJob(text);

  ASSERT_FALSE(job);
  EXPECT_NE(job.error().attempted.find(GetParam().complaint), std::string::npos) << job.error();
}

INSTANTIATE_TEST_SUITE_P(
    All, BadJobTest,
    testing::Values(BadJob{"OtherSchema", R"("schema": 1)", R"("schema": 2)", "unknown schema 2"},
                    BadJob{"OtherCgroupLayout", "unified", "modern", "layout \"modern\""},
                    BadJob{"MissingResults", "\"results\"", "\"other\"", "results"},
                    BadJob{"CommandOfNumbers", R"("/lxcspec/launcher")", "7", "type"},
                    BadJob{"NoHeartbeat", "250", "0", "heartbeat_ms must be positive"},
                    BadJob{"UnknownSabotage", "250",
                           R"(1, "sabotage": {"act": "tickle", "test": "A.B"})", "unknown act"},
                    BadJob{"NotJson", "{", "[", "parse error"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ParseStartTest, ReadsTestAndIteration) {
  const auto start = ParseStart(R"({"record":"start","test":"A.B","iteration":3})");

  ASSERT_TRUE(start);
  EXPECT_EQ(start->test, "A.B");
  EXPECT_EQ(start->iteration, 3);
}

TEST(ParseStartTest, OtherLinesStartNothing) {
  EXPECT_FALSE(ParseStart(R"({"record":"result","test":"A.B","iteration":3})"));
  EXPECT_FALSE(ParseStart(R"({"record":"start","test":7,"iteration":1})"));
  EXPECT_FALSE(ParseStart(R"({"record":"start","test":"A.B"})"));
  EXPECT_FALSE(ParseStart("[]"));
  EXPECT_FALSE(ParseStart("{\"record\":"));
}

}  // namespace
}  // namespace lxcspec::guest
