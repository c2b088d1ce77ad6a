// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/message.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <cerrno>
#include <string>
#include <vector>

namespace lxcspec::runtime {
namespace {

// The kernel's refusal of a request, with its reason.
std::string Refusal(int code, const std::string& reason) {
  NetlinkRequest request(NLMSG_ERROR, 0);
  nlmsgerr error = {};
  error.error = -code;
  error.msg.nlmsg_len = sizeof(nlmsghdr);
  request.Add(error).AddText(NLMSGERR_ATTR_MSG, reason);
  std::string bytes = request.Finish(1).value();
  auto* header = reinterpret_cast<nlmsghdr*>(bytes.data());
  header->nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
  return bytes;
}

TEST(NetlinkMessageTest, AttributesComeBackAsTheyWereAdded) {
  NetlinkRequest request(1, 0);
  request.Add(uint32_t{7}).AddText(3, "name").AddNumber(4, uint32_t{5});
  const size_t nest = request.BeginNest(6);
  request.AddNumber(1, uint8_t{9});
  request.EndNest(nest);
  const std::string bytes = request.Finish(1).value();

  const auto attributes =
      ParseAttributes(std::string_view(bytes).substr(sizeof(nlmsghdr)), sizeof(uint32_t));

  EXPECT_EQ(TextOf(attributes, 3), "name");
  EXPECT_EQ(NumberOf<uint32_t>(attributes, 4), 5U);
  EXPECT_EQ(NumberOf<uint16_t>(attributes, 4), std::nullopt);
  ASSERT_TRUE(attributes.contains(6));
  EXPECT_EQ(NumberOf<uint8_t>(ParseAttributes(attributes.at(6), 0), 1), 9);
}

TEST(NetlinkMessageTest, ARefusalIsReadWithItsReason) {
  std::vector<NetlinkOutcome> outcomes;
  const std::string bytes = Refusal(EBUSY, "Device is busy");
  ASSERT_TRUE(ForEachMessage(
      bytes, [&](const NetlinkMessage& message) { outcomes.push_back(ParseOutcome(message)); }));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].code, EBUSY);
  EXPECT_EQ(outcomes[0].explanation, "Device is busy");
}

TEST(NetlinkMessageTest, AMessageLongerThanItsDatagramIsRefused) {
  std::string bytes = Refusal(EBUSY, "Device is busy");
  bytes.resize(bytes.size() - 8);
  const Status read = ForEachMessage(bytes, [](const NetlinkMessage&) { FAIL(); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, EBADMSG);
}

TEST(NetlinkMessageTest, ARequestThatIsTooLongIsRefused) {
  NetlinkRequest request(1, 0);
  request.AddAttribute(1, std::string(5000, 'a')).AddAttribute(1, std::string(5000, 'a'));
  const auto finished = request.Finish(1);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, EMSGSIZE);
}

}  // namespace
}  // namespace lxcspec::runtime
