// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/console_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kMebi = uint64_t{1024} * 1024;

class ConsoleLogTest : public testing::Test {
 protected:
  // What a client gets; what failed as "errno <number>".
  std::string Ask(const ConsoleLogRequest& request) {
    const auto answer = AnswerConsoleLog(&ring_, request);
    if (!answer) return "errno " + std::to_string(answer.error().code);
    const auto bytes = BytesOf(*answer);
    if (!bytes) return "errno " + std::to_string(bytes.error().code);
    EXPECT_EQ(bytes->data.get()[bytes->size], '\0');
    return std::string(bytes->data.get(), bytes->size);
  }

  void Write(std::string_view text) { ring_.Write({text.data(), text.size()}); }

  const std::string empty_ = "errno " + std::to_string(ENODATA);
  ConsoleRing ring_ = ConsoleRing::Create(16 * kMebi).value();
};

TEST_F(ConsoleLogTest, ReadTakesWhatItReturnsAndNothingElse) {
  Write("one two");

  EXPECT_EQ(Ask({.read = true, .limit = 4}), "one ");
  EXPECT_EQ(Ask({.read = true}), "two");
  EXPECT_EQ(Ask({.read = true}), empty_);
}

TEST_F(ConsoleLogTest, ReadOfEmptyBufferFailsWithClearToo) {
  EXPECT_EQ(Ask({.clear = true, .read = true}), empty_);
}

TEST_F(ConsoleLogTest, ReadAndClearDropsTheRest) {
  Write("one two");

  EXPECT_EQ(Ask({.clear = true, .read = true, .limit = 3}), "one");
  EXPECT_EQ(Ask({.read = true}), empty_);
}

TEST_F(ConsoleLogTest, ClearDropsAllWhateverTheLimit) {
  Write("one two");

  EXPECT_EQ(Ask({.clear = true, .limit = 2}), "");
  EXPECT_EQ(Ask({.clear = true}), "");
  EXPECT_EQ(Ask({.read = true}), empty_);
}

TEST_F(ConsoleLogTest, RequestForNeitherDropsTheLimit) {
  Write("one two");

  EXPECT_EQ(Ask({.limit = 0}), "");
  EXPECT_EQ(Ask({.limit = 4}), "");
  EXPECT_EQ(Ask({.read = true, .limit = UINT64_MAX}), "two");
}

TEST_F(ConsoleLogTest, LargeContentComesWholeAndSealed) {
  std::string content(16 * kMebi, 'a');
  for (size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>(i / 997);
  Write(std::string(1000, 'x'));
  Write(content);
  auto answer = AnswerConsoleLog(&ring_, {.read = true});
  ASSERT_TRUE(answer) << answer.error().ToString();
  ASSERT_TRUE(answer->memfd.valid());
  const auto bytes = BytesOf(*answer);
  ASSERT_TRUE(bytes) << bytes.error().ToString();

  EXPECT_TRUE(std::string_view(bytes->data.get(), bytes->size) == content);
  EXPECT_EQ(write(answer->memfd.get(), "x", 1), -1);
  EXPECT_EQ(ring_.size(), 0U);
}

TEST_F(ConsoleLogTest, EveryCallFailsWithoutABuffer) {
  for (const bool read : {false, true}) {
    for (const bool clear : {false, true}) {
      const auto answer = AnswerConsoleLog(nullptr, {.clear = clear, .read = read});
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code, EFAULT);
    }
  }
}

TEST_F(ConsoleLogTest, RequestSurvivesTheWayToTheMonitor) {
  for (const uint64_t limit : {uint64_t{0}, uint64_t{17}, UINT64_MAX}) {
    const ConsoleLogRequest request{.clear = true, .read = limit != 17, .limit = limit};
    const auto decoded = ConsoleLogRequest::Decode(request.Encoded());
    ASSERT_TRUE(decoded) << request.Encoded();
    EXPECT_EQ(decoded->Encoded(), request.Encoded());
  }
}

TEST_F(ConsoleLogTest, RequestThatIsNoneIsRefused) {
  for (const char* bytes : {"", "rc", "rc ", "xc 1", "rx 1", "rc -1", "rc 1 ", "rc1"}) {
    const auto decoded = ConsoleLogRequest::Decode(bytes);
    ASSERT_FALSE(decoded) << bytes;
    EXPECT_EQ(decoded.error().code, EBADMSG);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
