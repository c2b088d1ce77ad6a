// SPDX-License-Identifier: Apache-2.0
//
// console_log: reading a container's console out of its buffer.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "conformance/harness/console_test.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::Ge;
using ::testing::Optional;
using ::testing::SizeIs;

using ConsoleLogTest = ConsoleTest;

TEST_F(ConsoleLogTest, IsAnnounced) {
  COVERS(spec::console_log::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("console_log"));
}

TEST_F(ConsoleLogTest, ReadReturnsConsoleOutputInOrder) {
  COVERS(spec::console_log::kReadsConsole);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));

  ASSERT_OK(container.Ask({"write", "first line\\n"}));
  ASSERT_OK(container.Ask({"write", "second line\\n"}));

  EXPECT_EQ(ReadOutput(*container, 23), "first line\nsecond line\n");
}

TEST_F(ConsoleLogTest, EveryByteValuePassesUnaltered) {
  COVERS(spec::console_log::kBytesUnaltered);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));

  ASSERT_OK(container.Ask({"octets", "600"}));

  EXPECT_EQ(ReadOutput(*container, 600), Octets(600));
}

TEST_F(ConsoleLogTest, ReadWithoutMaximumReturnsTheWholeContent) {
  COVERS(spec::console_log::kReadAll);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kSmallestBuffer)));
  ASSERT_OK(container.Ask({"fill", "3000"}));
  ASSERT_TRUE(LogGrowsTo(3000));

  EXPECT_THAT(container->ConsoleLog(Read()), ReturnsData(Pattern(3000)));
}

TEST_F(ConsoleLogTest, ReadOfLargeBufferReturnsTheWholeContent) {
  COVERS(spec::console_log::kReadAllOfLargeBuffer);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter({{"lxc.console.buffer.size", "512KB"}}));
  // One success may be luck: who takes what has arrived so far sometimes gets all of it.
  for (int round = 0; round < 8; ++round) {
    // The kernel keeps far less than 256 KiB between the two ends of a terminal, so that once the
    // last write is done the buffer has overflowed, and holds nothing of an earlier round.
    ASSERT_OK(container.Ask({"fill", "786432"}));

    const Result<ConsoleLogReply> reply = container->ConsoleLog(Read());

    ASSERT_OK(reply);
    ASSERT_TRUE(reply->data.has_value());
    EXPECT_GE(reply->data->size(), 262144u);
    EXPECT_TRUE(PatternPosition(*reply->data).has_value()) << "not one piece of what was written";
  }
}

TEST_F(ConsoleLogTest, ReadOfSixteenMebibytesReturnsTheWholeContent) {
  COVERS(spec::console_log::kReadAllOfLargeBuffer);
  constexpr size_t kWritten = (size_t{16} << 20) - (size_t{64} << 10);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWriter(WithLogFile({{"lxc.console.buffer.size", "16MB"}})));
  ASSERT_OK(container.Ask({"fill", std::to_string(kWritten)}));
  ASSERT_TRUE(Eventually([this] { return std::filesystem::file_size(log_file()); }, Ge(kWritten)));

  const Result<ConsoleLogReply> reply = container->ConsoleLog(Read());

  ASSERT_OK(reply);
  ASSERT_TRUE(reply->data.has_value());
  EXPECT_EQ(reply->data->size(), kWritten);
  EXPECT_TRUE(*reply->data == Pattern(kWritten)) << "not what was written";
}

TEST_F(ConsoleLogTest, MaximumLimitsAReadToTheOldestBytes) {
  COVERS(spec::console_log::kReadMaxLimits);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "0123456789"));

  EXPECT_THAT(container->ConsoleLog(Read(4)), ReturnsData("1234"));
}

TEST_F(ConsoleLogTest, MaximumAboveTheContentReturnsTheContent) {
  COVERS(spec::console_log::kReadMaxAboveContent);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));

  // 2^32 and the like would be 0 or negative in a narrower type.
  for (const uint64_t above :
       {uint64_t{10}, uint64_t{1} << 32, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    SCOPED_TRACE(above);
    ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));
    EXPECT_THAT(container->ConsoleLog(Read(above)), ReturnsData("bcdef"));
  }
}

TEST_F(ConsoleLogTest, ReadGoesOnWhereTheLastOneEnded) {
  COVERS(spec::console_log::kReadConsumes);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "0123456789"));

  EXPECT_THAT(container->ConsoleLog(Read(3)), ReturnsData("123"));
  EXPECT_THAT(container->ConsoleLog(Read(2)), ReturnsData("45"));
  EXPECT_THAT(container->ConsoleLog(Read()), ReturnsData("6789"));
}

TEST_F(ConsoleLogTest, ReadOfEverythingLeavesNothing) {
  COVERS(spec::console_log::kReadConsumes);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abc"));
  ASSERT_THAT(container->ConsoleLog(Read()), ReturnsData("bc"));

  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogTest, EachByteGoesToOneOfSeveralReaders) {
  COVERS(spec::console_log::kReadersShare);
  constexpr size_t kPiece = 64;
  constexpr size_t kPieces = 300;
  constexpr size_t kReaders = 3;
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartWriter(WithLogFile({{"lxc.console.buffer.size", "32KB"}})));
  ASSERT_OK(container.Ask({"fill", std::to_string(kPiece * kPieces)}));
  ASSERT_TRUE(LogGrowsTo(kPiece * kPieces));
  std::vector<std::unique_ptr<Container>> objects(kReaders);
  for (auto& object : objects) {
    ASSERT_OK_AND_ASSIGN(object, NewContainer());
  }

  std::vector<std::vector<std::string>> taken(kReaders);
  std::vector<std::thread> readers;
  for (size_t i = 0; i < kReaders; ++i) {
    readers.emplace_back([&, i] {
      while (true) {
        const Result<ConsoleLogReply> reply = objects[i]->ConsoleLog(Read(kPiece));
        if (!reply || !reply->data) return;
        taken[i].push_back(*reply->data);
      }
    });
  }
  for (std::thread& reader : readers) reader.join();

  std::vector<std::string> pieces;
  for (const auto& some : taken) pieces.insert(pieces.end(), some.begin(), some.end());
  std::sort(pieces.begin(), pieces.end());
  EXPECT_THAT(pieces, SizeIs(kPieces));
  std::string together;
  for (const std::string& piece : pieces) together += piece;
  EXPECT_EQ(together, Pattern(kPiece * kPieces));
}

TEST_F(ConsoleLogTest, AnotherObjectOfTheContainerReads) {
  COVERS(spec::console_log::kAnyObjectReads);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());

  EXPECT_THAT(other->ConsoleLog(Read(2)), ReturnsData("bc"));
  EXPECT_THAT(container->ConsoleLog(Read()), ReturnsData("def"));
}

TEST_F(ConsoleLogTest, ReadOfEmptyBufferFailsWithEnodata) {
  COVERS(spec::console_log::kReadEmpty);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSmallestBuffer));

  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
  EXPECT_THAT(container->ConsoleLog(Read(5)), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogTest, ReadAndClearOfEmptyBufferFailsWithEnodata) {
  COVERS(spec::console_log::kReadEmpty);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSmallestBuffer));

  EXPECT_THAT(container->ConsoleLog(ReadAndClear()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogTest, CallWithoutAContainerFailsWithEinval) {
  COVERS(spec::console_log::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->ConsoleLog(Read()), FailsWithErrno(EINVAL));
}

TEST_F(ConsoleLogTest, CallWithoutARequestFails) {
  COVERS(spec::console_log::kNullRequest);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSmallestBuffer));

  EXPECT_THAT(container->ConsoleLog(std::nullopt), Fails());
}

TEST_F(ConsoleLogTest, ReadWithoutAMaximumsAddressFails) {
  COVERS(spec::console_log::kNullReadMax);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abc"));

  EXPECT_THAT(container->ConsoleLog(ConsoleLogRequest{.read = true, .read_max = std::nullopt}),
              Fails());
}

}  // namespace
}  // namespace lxcspec
