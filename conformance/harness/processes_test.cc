// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/processes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "conformance/harness/interruption.h"
#include "conformance/harness/matchers.h"
#include "conformance/harness/other_client.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

bool WaitForEver() {
  while (true) pause();
}

TEST(OtherClientTest, AnswersWhatItsBodyReturned) {
  for (const bool answer : {true, false}) {
    ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([&] { return answer; }));
    EXPECT_THAT(client.Await(), SucceedsWith(answer));
  }
}

TEST(OtherClientTest, EndsOnlyWhenItsBodyDoes) {
  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start(WaitForEver));

  EXPECT_FALSE(client.HasReturned());
  EXPECT_THAT(client.Await(std::chrono::milliseconds(1)), FailsWithErrno(ETIMEDOUT));

  client.Kill();
  EXPECT_TRUE(client.HasReturned());
}

TEST(OtherClientTest, CrashIsNoAnswer) {
  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([]() -> bool { _exit(7); }));
  EXPECT_THAT(client.Await(), FailsWithErrno(EPROTO));
}

TEST(ProcessesTest, PidfdTellsItsProcessAndItsEnd) {
  ASSERT_OK_AND_ASSIGN(OtherClient child, OtherClient::Start(WaitForEver));
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, OpenPidfd(child.pid()));
  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(child.pid()));
  EXPECT_OK(SendSignal(pidfd, kNoSignal));
  EXPECT_FALSE(IsReadable(pidfd));

  child.Kill();

  EXPECT_TRUE(IsReadable(pidfd));
  EXPECT_THAT(SendSignal(pidfd, kNoSignal), FailsWithErrno(ESRCH));
  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(-1));
}

TEST(ProcessesTest, OtherDescriptorsHaveNoProcess) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(ProcessOf(null), FailsWithErrno(EINVAL));
}

TEST(ProcessesTest, FindsChildrenAndTheirArguments) {
  ASSERT_OK_AND_ASSIGN(OtherClient child, OtherClient::Start(WaitForEver));
  EXPECT_THAT(ChildrenOf(getpid()), Contains(child.pid()));
  EXPECT_THAT(ChildrenOf(child.pid()), IsEmpty());
  EXPECT_THAT(CommandLineOf(child.pid()), Not(IsEmpty()));
  EXPECT_EQ(CommandLineOf(child.pid()), CommandLineOf(getpid()));
}

TEST(OtherClientTest, TakesTheNumberOfAProcessThatHasEnded) {
  ASSERT_OK_AND_ASSIGN(OtherClient first, OtherClient::Start(WaitForEver));
  const pid_t number = first.pid();
  first.Kill();

  ASSERT_OK_AND_ASSIGN(const OtherClient second, OtherClient::StartAs(number, WaitForEver));

  EXPECT_EQ(second.pid(), number);
  EXPECT_FALSE(second.HasReturned());
}

// A process that is about to be signalled, and one that takes its number before the signal.
class InterruptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(OtherClient child, OtherClient::Start(WaitForEver));
    first_.emplace(std::move(child));
    ASSERT_OK_AND_ASSIGN(pidfd_, OpenPidfd(first_->pid()));
  }

  Status TakeItsNumber() {
    const pid_t number = first_->pid();
    first_->Kill();
    ASSIGN_OR_RETURN(OtherClient second, OtherClient::StartAs(number, WaitForEver));
    second_.emplace(std::move(second));
    return {};
  }

  std::optional<OtherClient> first_;
  std::optional<OtherClient> second_;
  UniqueFd pidfd_;
};

TEST_F(InterruptionTest, SignalByNumberHitsWhoTookIt) {
  const pid_t number = first_->pid();
  EXPECT_THAT(RunInterrupted(
                  number, [&] { kill(number, SIGTERM); }, [&] { return TakeItsNumber(); }),
              SucceedsWith(true));
  ASSERT_TRUE(second_);
  EXPECT_THAT(second_->Await(), FailsWithErrno(EPROTO));
}

TEST_F(InterruptionTest, PidfdOpenedByNumberRefersToWhoTookIt) {
  const pid_t number = first_->pid();
  const auto signal_it = [&] {
    const auto pidfd = OpenPidfd(number);
    if (pidfd) static_cast<void>(SendSignal(*pidfd, SIGTERM));
  };
  EXPECT_THAT(RunInterrupted(number, signal_it, [&] { return TakeItsNumber(); }),
              SucceedsWith(true));
  ASSERT_TRUE(second_);
  EXPECT_THAT(second_->Await(), FailsWithErrno(EPROTO));
}

TEST_F(InterruptionTest, SignalThroughAPidfdHitsNobodyElse) {
  EXPECT_THAT(RunInterrupted(
                  first_->pid(), [&] { static_cast<void>(SendSignal(pidfd_, SIGTERM)); },
                  [&] { return TakeItsNumber(); }),
              SucceedsWith(true));
  ASSERT_TRUE(second_);
  EXPECT_FALSE(second_->HasReturned());
}

TEST_F(InterruptionTest, WhoSignalsNobodyIsNotInterrupted) {
  EXPECT_THAT(RunInterrupted(
                  first_->pid(), [&] { static_cast<void>(SendSignal(pidfd_, kNoSignal)); },
                  [&] { return TakeItsNumber(); }),
              SucceedsWith(false));
  EXPECT_FALSE(second_);
}

TEST(ProcessesTest, RefusedSystemCallsFailAsWanted) {
  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([] {
                         if (!RefusePidfds()) return false;
                         const auto pidfd = OpenPidfd(getpid());
                         return !pidfd && pidfd.error().code == ENOSYS && getppid() > 0;
                       }));
  EXPECT_THAT(client.Await(), SucceedsWith(true));
}

}  // namespace
}  // namespace lxcspec
