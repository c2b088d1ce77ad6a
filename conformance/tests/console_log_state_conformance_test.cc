// SPDX-License-Identifier: Apache-2.0
//
// console_log: containers that are not, no longer, or not now running, or have no buffer.

#include <string>
#include <thread>
#include <vector>

#include "conformance/harness/console_test.h"

namespace lxcspec {
namespace {

using ::testing::Each;

constexpr int kStopSeconds = 10;

class ConsoleLogStateTest : public ConsoleTest {
 protected:
  // The results of every kind of call.
  static std::vector<Result<ConsoleLogReply>> EveryCall(Container& container) {
    std::vector<Result<ConsoleLogReply>> results;
    for (const ConsoleLogRequest& request :
         {Read(), Read(1), Clear(), ReadAndClear(), Neither(), Neither(1)}) {
      results.push_back(container.ConsoleLog(request));
    }
    return results;
  }
};

TEST_F(ConsoleLogStateTest, UndefinedContainerFailsWithEconnrefused) {
  COVERS(spec::console_log::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_THAT(EveryCall(*container), Each(FailsWithErrno(ECONNREFUSED)));
}

TEST_F(ConsoleLogStateTest, NeverStartedContainerFailsWithEconnrefused) {
  COVERS(spec::console_log::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, kSmallestBuffer));

  EXPECT_THAT(EveryCall(*container), Each(FailsWithErrno(ECONNREFUSED)));
}

TEST_F(ConsoleLogStateTest, ContainerStoppedByRequestFailsWithEconnrefused) {
  COVERS(spec::console_log::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abc"));
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(EveryCall(*container), Each(FailsWithErrno(ECONNREFUSED)));
}

TEST_F(ConsoleLogStateTest, ContainerThatEndedFailsWithEconnrefused) {
  COVERS(spec::console_log::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abc"));
  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(EveryCall(*container), Each(FailsWithErrno(ECONNREFUSED)));
}

TEST_F(ConsoleLogStateTest, ContainerWithoutABufferFailsWithEfault) {
  COVERS(spec::console_log::kNoBuffer);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());

  EXPECT_THAT(EveryCall(*container), Each(FailsWithErrno(EFAULT)));
}

TEST_F(ConsoleLogStateTest, ReadsDuringAStopReturnOutputInOrderOrFail) {
  COVERS(spec::console_log::kReadDuringStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_OK_AND_ASSIGN(auto reader, NewContainer());
  ASSERT_OK(container.Tell({"fill", "16000000"}));
  // Some output has come, more than can come is still to be written.
  ASSERT_TRUE(Eventually([&] { return reader->ConsoleLog(Read(1)); }, Succeeds()));

  std::thread stopper([&] { static_cast<void>(container->Stop()); });
  std::vector<std::string> pieces;
  bool refused = false;
  for (const Deadline deadline; !refused && !deadline.Passed();) {
    const Result<ConsoleLogReply> reply = reader->ConsoleLog(Read());
    if (reply && reply->data) pieces.push_back(*reply->data);
    refused = !reply && reply.error().code == ECONNREFUSED;
  }
  stopper.join();

  EXPECT_TRUE(refused) << "reads did not come to fail with ECONNREFUSED";
  size_t read = 0;
  for (const std::string& piece : pieces) {
    const std::optional<size_t> position = PatternPosition(piece);
    if (!position) {
      EXPECT_LT(piece.size(), 16u) << "not one piece of what was written";
      continue;
    }
    EXPECT_GE(*position, read) << "out of order";
    read = *position + piece.size();
  }
}

TEST_F(ConsoleLogStateTest, RestartedContainerHasAnEmptyBuffer) {
  COVERS(spec::console_log::kStartsEmpty);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "unread"));
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogStateTest, FrozenContainerIsReadAndCleared) {
  COVERS(spec::console_log::kReadWhileFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(kSmallestBuffer));
  ASSERT_TRUE(WriteAndTakeFirst(container, "abcdef"));
  ASSERT_OK(container->Freeze());

  EXPECT_THAT(container->ConsoleLog(Read(2)), ReturnsData("bc"));
  EXPECT_THAT(container->ConsoleLog(Clear()), ReturnsNoData());
  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
  EXPECT_OK(container->Unfreeze());
}

}  // namespace
}  // namespace lxcspec
