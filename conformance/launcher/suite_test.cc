// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace lxcspec::launcher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kAsked[] = R"({"record":"claim","extension":"a","claimed":null,"reason":""})"
                          "\n"
                          R"({"record":"claim","extension":"b","claimed":null,"reason":""})"
                          "\n"
                          "chatter {\n"
                          R"({"record":"testee","version":"5.0.2"})"
                          "\n"
                          R"({"record":"claim","extension":"a","claimed":true,"reason":""})"
                          "\n";

TEST(ReadClaimsTest, TheLastAnswerCountsAndChatterDoesNot) {
  const Claims claims = ReadClaims(
      std::string(kAsked) + R"({"record":"claim","extension":"b","claimed":false,"reason":""})"
                            "\n",
      std::nullopt);
  EXPECT_EQ(claims.version, "5.0.2");
  ASSERT_EQ(claims.claims.size(), 2U);
  EXPECT_EQ(claims.claims[0]["claimed"], true);
  EXPECT_EQ(claims.claims[1]["claimed"], false);
}

TEST(ReadClaimsTest, WhatWasNotAnsweredBeforeACrashSaysWhy) {
  const Claims claims = ReadClaims(kAsked, "killed by SIGSEGV");
  EXPECT_EQ(claims.claims[0]["claimed"], true);
  EXPECT_EQ(claims.claims[0]["reason"], "");
  EXPECT_TRUE(claims.claims[1]["claimed"].is_null());
  EXPECT_EQ(claims.claims[1]["reason"], "asking for the claims: killed by SIGSEGV");
}

TEST(ReadClaimsTest, SilenceIsNoVersionAndNoClaim) {
  const Claims claims = ReadClaims("", "did not end by its deadline");
  EXPECT_TRUE(claims.version.is_null());
  EXPECT_TRUE(claims.claims.empty());
}

TEST(SuiteCommandsTest, TheLoaderComesFirst) {
  Parts parts;
  parts.loader = {"/ld.so", "--library-path", "/lib"};
  parts.suite = "/suite";
  EXPECT_THAT(SuiteCommands(parts, 1).List(),
              ElementsAre("/ld.so", "--library-path", "/lib", "/suite", "--gtest_list_tests"));
}

TEST(SuiteCommandsTest, ATestIsToldAllItNeeds) {
  Parts parts;
  parts.suite = "/suite";
  parts.testee = "/liblxc.so.1";
  parts.probe = "/probe";
  EXPECT_THAT(SuiteCommands(parts, 1.5).Test("A.B"),
              ElementsAre("/suite", "--gtest_filter=A.B", "--lxcspec_testee=/liblxc.so.1",
                          "--lxcspec_probe=/probe", StartsWith("--lxcspec_needs_file=/tmp/"),
                          "--lxcspec_result_fd=3", StartsWith("--lxcspec_scratch=/tmp/"),
                          "--lxcspec_speed=1.5"));
}

TEST(SuiteEnvironmentTest, PassesOnOnlyWhatIsMeantForTheSuite) {
  char passed[] = "LXCSPEC_X=1";
  char sanitizer[] = "ASAN_OPTIONS=x";
  char other[] = "LD_PRELOAD=x";
  char* own[] = {passed, other, sanitizer, nullptr};
  const auto environment = SuiteEnvironment(own);
  EXPECT_THAT(environment, Contains("LXCSPEC_X=1"));
  EXPECT_THAT(environment, Contains("ASAN_OPTIONS=x"));
  EXPECT_THAT(environment, Not(Contains(StartsWith("LD_PRELOAD"))));
}

TEST(CheckSharedObjectTest, RefusesWhatIsNone) {
  const std::string path = ::testing::TempDir() + "text";
  std::ofstream(path) << "no object, but long enough to have the header of one: "
                      << std::string(64, 'x');
  EXPECT_THAT(CheckSharedObject(path).error().attempted, HasSubstr("no ELF file"));
  unlink(path.c_str());
}

TEST(CheckSharedObjectTest, RefusesAnObjectOfAnotherMachine) {
  const std::string path = ::testing::TempDir() + "object";
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string header(64, '\0');
  self.read(header.data(), 64);
  header[18] = static_cast<char>(header[18] + 1);  // e_machine
  std::ofstream(path, std::ios::binary) << header;
  EXPECT_THAT(CheckSharedObject(path).error().attempted, HasSubstr("another machine"));
  unlink(path.c_str());
}

}  // namespace
}  // namespace lxcspec::launcher
