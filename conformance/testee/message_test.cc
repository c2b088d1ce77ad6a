// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace lxcspec {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ViolationOf(const std::string& body) {
  const auto reply = ReadReply(body, 7);
  if (reply) return "";
  EXPECT_EQ(reply.error().code, EPROTO);
  return reply.error().attempted;
}

TEST(RequestTest, HasIdCallArgumentsAndCaller) {
  const auto request = WriteRequest(7, "state", {{"object", 1}}, {{"cwd", "/"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(json::parse(*request), json::parse(R"({"id": 7, "call": "state",
      "arguments": {"object": 1}, "caller": {"cwd": "/"}})"));
}

TEST(RequestTest, TextThatIsNotUtf8IsNotSent) {
  EXPECT_EQ(WriteRequest(7, "load_config", {{"file", "\xff"}}, nullptr).error().code, EILSEQ);
}

TEST(ReplyTest, ResultIsTakenAsItIs) {
  EXPECT_EQ(ReadReply(R"({"id": 7, "result": [1, "x"]})", 7)->result, json::parse(R"([1, "x"])"));
  EXPECT_TRUE(ReadReply(R"({"id": 7, "result": null})", 7)->result.is_null());
}

TEST(ReplyTest, ErrnoIsTheFailure) {
  EXPECT_EQ(ReadReply(R"({"id": 7, "errno": 22})", 7)->error, 22);
  EXPECT_EQ(ReadReply(R"({"id": 7, "errno": 0, "more": "is ignored"})", 7)->error, 0);
}

TEST(ReplyTest, ReasonOfARefusalIsTold) {
  EXPECT_THAT(ViolationOf(R"({"id": 7, "refused": "no such call"})"), HasSubstr("no such call"));
}

struct BadReply {
  const char* name;
  std::string body;
  const char* violation;
};

class BadReplyTest : public ::testing::TestWithParam<BadReply> {};

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadReplyTest,
    ::testing::Values(
        BadReply{"NoJson", "hello", "not JSON"}, BadReply{"Half", R"({"id": 7,)", "not JSON"},
        BadReply{"TwoValues", "{} {}", "not JSON"},
        BadReply{"NoUtf8", "{\"id\": 7, \"result\": \"\xff\"}", "not JSON"},
        BadReply{"NoObject", "[7]", "no JSON object"},
        BadReply{"Deep", std::string(100000, '[') + std::string(100000, ']'), "too deeply"},
        BadReply{"DeepAndTorn", std::string(100000, '['), "too deeply"},
        BadReply{"NoId", R"({"result": 1})", "id"},
        BadReply{"OtherId", R"({"id": 8, "result": 1})", "id"},
        BadReply{"IdOfAnotherType", R"({"id": "7", "result": 1})", "id"},
        BadReply{"NegativeId", R"({"id": -7, "result": 1})", "id"},
        BadReply{"Nothing", R"({"id": 7})", "not one of"},
        BadReply{"Both", R"({"id": 7, "result": 1, "errno": 1})", "not one of"},
        BadReply{"ErrnoIsText", R"({"id": 7, "errno": "EINVAL"})", "integer"},
        BadReply{"ErrnoIsNegative", R"({"id": 7, "errno": -22})", "from 0"},
        BadReply{"ErrnoIsLarge", R"({"id": 7, "errno": 18446744073709551615})", "from 0"},
        BadReply{"RefusedWithoutReason", R"({"id": 7, "refused": true})", "reason"}),
    [](const auto& info) { return info.param.name; });

TEST_P(BadReplyTest, IsAViolation) {
  EXPECT_THAT(ViolationOf(GetParam().body), HasSubstr(GetParam().violation));
}

TEST(HelloTest, SaysVersionAndOffers) {
  const auto hello = ReadHello(
      json::parse(R"({"protocol": 1, "version": "0.1", "offers": ["wait", "state", "state"]})"));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, "0.1");
  EXPECT_THAT(hello->offers, ElementsAre("state", "wait"));
}

TEST(HelloTest, AnotherVersionIsNamed) {
  const auto hello = ReadHello(json::parse(R"({"protocol": 9})"));
  EXPECT_EQ(hello.error().code, EPROTONOSUPPORT);
  EXPECT_THAT(hello.error().attempted, HasSubstr("version 9"));
}

TEST(HelloTest, WhatIsMissingOrUnknownIsAViolation) {
  for (const char* text :
       {"null", "{}", R"({"protocol": "1"})", R"({"protocol": 1})",
        R"({"protocol": 1, "version": 7, "offers": []})", R"({"protocol": 1, "version": "7"})",
        R"({"protocol": 1, "version": "7", "offers": {}})",
        R"({"protocol": 1, "version": "7", "offers": ["nonsense"]})",
        R"({"protocol": 1, "version": "7", "offers": [7]})"}) {
    const auto hello = ReadHello(json::parse(text));
    ASSERT_FALSE(hello) << text;
    EXPECT_EQ(hello.error().code, EPROTO) << text;
  }
}

TEST(ValueTest, OtherTypesAreViolations) {
  EXPECT_FALSE(ReadBool(0));
  EXPECT_FALSE(ReadText(nullptr));
  EXPECT_FALSE(ReadNothing(true));
  EXPECT_FALSE(ReadNumber(1.0, 0, 1));
  EXPECT_FALSE(ReadNumber(2, 0, 1));
  EXPECT_FALSE(ReadNumber(UINT64_MAX, INT64_MIN, INT64_MAX));
  EXPECT_FALSE(ReadMember(json::array(), "x"));
}

TEST(ValueTest, BytesAreBase64) {
  EXPECT_EQ(*ReadBytes(""), "");
  EXPECT_EQ(*ReadBytes("AA=="), std::string(1, '\0'));
  EXPECT_EQ(*ReadBytes("Zm8="), "fo");
  EXPECT_EQ(*ReadBytes("Zm9v"), "foo");
  EXPECT_EQ(*ReadBytes("/+8="), "\xff\xef");
  for (const char* text : {"Zg", "Zg=", "Z===", "=Zg=", "Zm 8", "Zm8-", "Zm8=Zm8="}) {
    EXPECT_FALSE(ReadBytes(text)) << text;
  }
}

}  // namespace
}  // namespace lxcspec
