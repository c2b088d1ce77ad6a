// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_proxy_send_notify_fd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace lxcspec::runtime {
namespace {

constexpr seccomp_notif_sizes kSizes{
    .seccomp_notif = 80, .seccomp_notif_resp = 24, .seccomp_data = 64};
constexpr uint64_t kId = 0x1122334455667788;

template <typename T>
T At(const std::string& bytes, size_t offset) {
  T value{};
  memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

std::string Request(std::string_view cookie) {
  seccomp_notif call{};
  call.id = kId;
  call.pid = 99;
  call.data.nr = 83;
  call.data.args[5] = 6;
  return ProxyRequest(
      {.monitor = 11, .init = 22, .sizes = kSizes, .call = &call, .cookie = cookie});
}

TEST(SeccompProxySendNotifyFdTest, ARequestHasTheLayoutThatProxiesExpect) {
  const std::string request = Request("biscuit");
  ASSERT_EQ(request.size(), 136U + 7U);
  EXPECT_EQ(At<uint64_t>(request, 0), 0U);
  EXPECT_EQ(At<int32_t>(request, 8), 11);
  EXPECT_EQ(At<int32_t>(request, 12), 22);
  EXPECT_EQ(At<uint16_t>(request, 16), 80);
  EXPECT_EQ(At<uint16_t>(request, 18), 24);
  EXPECT_EQ(At<uint16_t>(request, 20), 64);
  EXPECT_EQ(At<uint16_t>(request, 22), 0);
  EXPECT_EQ(At<uint64_t>(request, 24), 7U);
  EXPECT_EQ(At<uint64_t>(request, 32), kId);
  EXPECT_EQ(At<uint32_t>(request, 40), 99U);
  EXPECT_EQ(At<int32_t>(request, 48), 83);
  EXPECT_EQ(At<uint64_t>(request, 104), 6U);
  EXPECT_EQ(At<uint64_t>(request, 112), kId);
  EXPECT_EQ(request.substr(120, 16), std::string(16, '\0'));
  EXPECT_EQ(request.substr(136), "biscuit");
}

TEST(SeccompProxySendNotifyFdTest, WithoutACookieARequestEndsBeforeIt) {
  const std::string request = Request("");
  EXPECT_EQ(request.size(), 136U);
  EXPECT_EQ(At<uint64_t>(request, 24), 0U);
}

TEST(SeccompProxySendNotifyFdTest, LargerStructsMoveWhatFollowsThem) {
  alignas(seccomp_notif) char bytes[128] = {};
  bytes[127] = 'x';
  const seccomp_notif_sizes sizes{
      .seccomp_notif = 128, .seccomp_notif_resp = 32, .seccomp_data = 64};
  const std::string request = ProxyRequest(
      {.sizes = sizes, .call = reinterpret_cast<const seccomp_notif*>(bytes), .cookie = "c"});
  ASSERT_EQ(request.size(), 32U + 128U + 32U + 1U);
  EXPECT_EQ(request[32 + 127], 'x');
  EXPECT_EQ(request.back(), 'c');
}

TEST(SeccompProxySendNotifyFdTest, TheListenerIsSentLast) {
  const UniqueFd process(-10);
  const UniqueFd memory(-11);
  const UniqueFd listener(-12);
  EXPECT_THAT(ProxyDescriptors(process, memory, listener, true),
              ::testing::ElementsAre(-10, -11, -12));
  EXPECT_THAT(ProxyDescriptors(process, memory, listener, false), ::testing::ElementsAre(-10, -11));
}

TEST(SeccompProxySendNotifyFdTest, AnAnswerIsARequestWithoutItsCookie) {
  const std::string answer = Request("");
  EXPECT_EQ(ResponseIn(answer, kSizes), answer.substr(112));
}

TEST(SeccompProxySendNotifyFdTest, AnAnswerOfAnotherLengthIsNone) {
  EXPECT_FALSE(ResponseIn("", kSizes));
  EXPECT_FALSE(ResponseIn(Request("").substr(0, 135), kSizes));
  EXPECT_FALSE(ResponseIn(Request("c"), kSizes));
}

TEST(SeccompProxySendNotifyFdTest, AnAnswerWithReservedBitsIsNone) {
  std::string answer = Request("");
  answer[7] = 1;
  EXPECT_FALSE(ResponseIn(answer, kSizes));
}

}  // namespace
}  // namespace lxcspec::runtime
