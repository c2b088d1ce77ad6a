// SPDX-License-Identifier: Apache-2.0
//
// console_log: dropping what the buffer holds, and what is kept when more comes than fits.

#include <limits>
#include <string>

#include "conformance/harness/console_test.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

using ConsoleLogClearTest = ConsoleTest;
using ConsoleLogOverflowTest = ConsoleTest;

TEST_F(ConsoleLogClearTest, ClearDropsTheWholeContent) {
  COVERS(spec::console_log::kClearEmpties);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(Clear()), ReturnsNoData());
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogClearTest, ClearDropsMoreThanItsMaximum) {
  COVERS(spec::console_log::kClearEmpties);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(Clear(2)), ReturnsNoData());
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogClearTest, ClearOfEmptyBufferSucceeds) {
  COVERS(spec::console_log::kClearOfEmptySucceeds);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSmallestBuffer));

  EXPECT_THAT(container->ConsoleLog(Clear()), ReturnsNoData());
}

TEST_F(ConsoleLogClearTest, OutputAfterAClearIsRead) {
  COVERS(spec::console_log::kClearKeepsLaterOutput);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "before"));
  ASSERT_OK(container->ConsoleLog(Clear()));

  ASSERT_OK(container.Ask({"write", "after"}));

  EXPECT_EQ(ReadOutput(*container, 5), "after");
}

TEST_F(ConsoleLogClearTest, ReadAndClearReturnsEverything) {
  COVERS(spec::console_log::kReadAndClear);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(ReadAndClear()), ReturnsData("bcdef"));
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogClearTest, ReadAndClearDropsWhatItsMaximumLeaves) {
  COVERS(spec::console_log::kReadAndClear);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(ReadAndClear(2)), ReturnsData("bc"));
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogClearTest, NeitherDropsAsManyBytesAsItsMaximum) {
  COVERS(spec::console_log::kDiscardsWithoutRead);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(Neither(2)),
              SucceedsWith(::testing::Field(&ConsoleLogReply::data, MaybeString())));
  EXPECT_THAT(container->ConsoleLog(Read()), ReturnsData("def"));
}

TEST_F(ConsoleLogClearTest, NeitherWithAMaximumAboveTheContentDropsEverything) {
  COVERS(spec::console_log::kDiscardsWithoutRead);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_OK(container->ConsoleLog(Neither(std::numeric_limits<uint64_t>::max())));
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogClearTest, NeitherWithoutAMaximumDropsNothing) {
  COVERS(spec::console_log::kNothingAskedChangesNothing);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));

  EXPECT_THAT(container->ConsoleLog(Neither()), ReturnsNoData());
  EXPECT_THAT(container->ConsoleLog(Read()), ReturnsData("bcdef"));
}

// A configured size and how many bytes a buffer of that size must hold.
struct HeldSize {
  const char* name;
  const char* configured;
  size_t bytes;
};

void PrintTo(const HeldSize& size, std::ostream* out) { *out << size.configured; }

// What the buffer holds, in pieces that fit into every socket's buffer: whether more comes at once
// is another requirement's business.
std::string ReadInPieces(Container& container) {
  constexpr uint64_t kPiece = 4096;
  std::string all;
  while (true) {
    const auto piece = container.ConsoleLog(Read(kPiece));
    if (!piece || !piece->data || piece->data->empty()) return all;
    all += *piece->data;
  }
}

class ConsoleLogSizeTest : public ConsoleTest, public ::testing::WithParamInterface<HeldSize> {};

TEST_P(ConsoleLogSizeTest, BufferHoldsItsSize) {
  COVERS(spec::console_log::kBufferHoldsItsSize);
  const HeldSize& size = GetParam();
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWriter(WithLogFile({{"lxc.console.buffer.size", size.configured}})));
  ASSERT_OK(container.Ask({"fill", std::to_string(size.bytes)}));
  ASSERT_TRUE(LogGrowsTo(size.bytes));

  const std::string kept = ReadInPieces(*container);
  EXPECT_EQ(kept.size(), size.bytes);
  EXPECT_TRUE(kept == Pattern(size.bytes)) << "the bytes are not those that were written";
}

INSTANTIATE_TEST_SUITE_P(Sizes, ConsoleLogSizeTest,
                         ::testing::Values(HeldSize{"Smallest", "0", 4096},
                                           HeldSize{"PowerOfTwo", "32KB", 32768},
                                           HeldSize{"NoPowerOfTwo", "20KB", 20480},
                                           HeldSize{"Auto", "auto", 131072}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_F(ConsoleLogOverflowTest, OverflowKeepsTheNewestOutput) {
  COVERS(spec::console_log::kOverflowKeepsTail);
  constexpr size_t kWritten = 65536;
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kSmallestBuffer)));
  ASSERT_OK(container.Ask({"fill", std::to_string(kWritten)}));
  ASSERT_TRUE(LogGrowsTo(kWritten));

  const Result<ConsoleLogReply> reply = container->ConsoleLog(Read());

  ASSERT_OK(reply);
  ASSERT_TRUE(reply->data.has_value());
  EXPECT_THAT(reply->data->size(), Le(4096u));
  EXPECT_THAT(Pattern(kWritten), ::testing::EndsWith(*reply->data));
}

TEST_F(ConsoleLogOverflowTest, OverflowLeavesTheBufferHalfFull) {
  COVERS(spec::console_log::kOverflowKeepsHalf);
  constexpr size_t kWritten = 65536;
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWriter(WithLogFile({{"lxc.console.buffer.size", "16KB"}})));
  ASSERT_OK(container.Ask({"fill", std::to_string(kWritten)}));
  ASSERT_TRUE(LogGrowsTo(kWritten));

  EXPECT_THAT(container->ConsoleLog(Read()),
              SucceedsWith(::testing::Field(&ConsoleLogReply::read_max, Ge(8192u))));
}

TEST_F(ConsoleLogOverflowTest, FullBufferHoldsUpNoWriter) {
  COVERS(spec::console_log::kUnreadNeverBlocks);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));

  EXPECT_OK(container.Ask({"fill", "1048576"}));
}

TEST_F(ConsoleLogOverflowTest, MissingBufferHoldsUpNoWriter) {
  COVERS(spec::console_log::kUnreadNeverBlocks);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter({}));

  EXPECT_OK(container.Ask({"fill", "1048576"}));
}

}  // namespace
}  // namespace lxcspec
