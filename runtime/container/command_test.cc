// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "runtime/container/client.h"
#include "runtime/container/command_server.h"
#include "runtime/container/kept_connection.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

using std::chrono::seconds;
using ::testing::SizeIs;

// A server in a thread of its own, with a few commands.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest()
      : place_{.lxcpath = fmt::format("/lxcspec-command-test/{}", getpid()), .name = "c"},
        server_(loop_) {
    server_.Handle(Command::kState, [](const Request& request) {
      return Reply{.code = 0, .body = "state of " + request.body, .fds = {}};
    });
    server_.Handle(Command::kConfigItem, [](const Request&) {
      return FailedReply({.code = ENOENT, .attempted = "lxc.x"});
    });
    server_.Handle(Command::kConsoleLog, [](const Request& request) {
      return Reply{.code = 0, .body = std::string(std::stoul(request.body), 'x'), .fds = {}};
    });
    server_.Handle(Command::kInitPidfd, [](const Request&) {
      Reply reply;
      reply.fds.emplace_back(dup(STDERR_FILENO));
      return reply;
    });
    server_.HandleLate(Command::kWatchState, [this](const Request&, const Client& client) {
      for (const char* state : {"STARTING", "RUNNING"}) client.Send({.body = state});
      client.OnGone([this] { ++gone_; });
    });
    server_.HandleLate(Command::kInitPid, [this](const Request&, const Client& client) {
      client.OnGone([this] { ++gone_; });
      client.Send({.body = "1"});
    });
    server_.Handle(Command::kStop, [this](const Request&) {
      stop_ = true;
      return Reply();
    });
    EXPECT_TRUE(server_.Listen(CommandAddress(place_)));
    thread_ = std::thread([this] {
      while (!stop_) EXPECT_TRUE(loop_.RunOnce());
      server_.Close();
    });
  }
  ~CommandTest() override { StopServer(); }

  void StopServer() {
    if (!thread_.joinable()) return;
    EXPECT_TRUE(Query(place_, Command::kStop));
    thread_.join();
  }

  const Place& place() const { return place_; }
  int gone() const { return gone_; }

 private:
  Place place_;
  EventLoop loop_ = EventLoop::Create().value();
  CommandServer server_;
  bool stop_ = false;
  std::atomic<int> gone_ = 0;
  std::thread thread_;
};

TEST_F(CommandTest, ARequestIsAnswered) {
  EXPECT_EQ(Query(place(), Command::kState, "c").value().body, "state of c");
}

TEST_F(CommandTest, AFailureComesWithErrnoAndText) {
  const auto answer = Query(place(), Command::kConfigItem, "k");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().ToString(), "lxc.x: No such file or directory");
}

TEST_F(CommandTest, AnUnknownCommandFailsWithEnosys) {
  EXPECT_EQ(Query(place(), Command::kFreeze).error().code, ENOSYS);
}

TEST_F(CommandTest, OneConnectionCarriesManyRequests) {
  auto connection = MonitorConnection::Open(place()).value();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(connection.Ask(Command::kState, std::to_string(i)).value().body,
              "state of " + std::to_string(i));
  }
}

TEST_F(CommandTest, AnAnswerOfSixteenMebibytesArrivesWhole) {
  EXPECT_THAT(Query(place(), Command::kConsoleLog, "16777216").value().body, SizeIs(16777216));
}

TEST_F(CommandTest, AClientThatDoesNotReadHoldsUpNobody) {
  const UniqueFd idle = ConnectAbstract(CommandAddress(place()), std::nullopt).value();
  const std::string size = "16777216";
  ASSERT_TRUE(SendAll(
      idle, EncodedHeader(static_cast<uint32_t>(Command::kConsoleLog), size.size()) + size));
  EXPECT_EQ(Query(place(), Command::kState, "c", seconds(10)).value().body, "state of c");
}

TEST_F(CommandTest, ADescriptorArrives) { EXPECT_TRUE(QueryInitPidfd(place()).value().valid()); }

TEST_F(CommandTest, FurtherAnswersArriveUntilTheServerEnds) {
  auto connection = MonitorConnection::Open(place()).value();
  EXPECT_EQ(connection.Ask(Command::kWatchState).value().body, "STARTING");
  EXPECT_EQ(connection.Next().value()->body, "RUNNING");
  StopServer();
  EXPECT_EQ(connection.Next().value().has_value(), false);
  EXPECT_EQ(gone(), 1);
}

TEST_F(CommandTest, WhatIsNoFrameEndsTheConnection) {
  const UniqueFd other = ConnectAbstract(CommandAddress(place()), std::nullopt).value();
  ASSERT_TRUE(SendAll(other, std::string(64, '\1')));
  std::array<char, 16> buffer;
  std::vector<UniqueFd> fds;
  const auto count = Receive(other, buffer, fds);
  EXPECT_TRUE(!count || *count == 0);
}

class KeptConnectionTest : public CommandTest {
 protected:
  Result<Answer> Ask(Command command) {
    return kept_.Query(place(), command, "", std::chrono::seconds(10));
  }

 private:
  KeptConnection kept_;
};

TEST_F(KeptConnectionTest, RequestsShareAConnection) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(Command::kInitPid).value().body, "1");
  EXPECT_EQ(gone(), 0);
}

TEST_F(KeptConnectionTest, AConnectionIsNotKeptAfterAFailure) {
  ASSERT_TRUE(Ask(Command::kInitPid));
  EXPECT_EQ(Ask(Command::kConfigItem).error().code, ENOENT);
  ASSERT_TRUE(Ask(Command::kState));
  EXPECT_EQ(gone(), 1);
}

TEST_F(KeptConnectionTest, AMonitorThatHasEndedIsNotListening) {
  ASSERT_TRUE(Ask(Command::kState));
  StopServer();
  EXPECT_EQ(Ask(Command::kState).error().code, ECONNREFUSED);
}

TEST_F(KeptConnectionTest, WhatTheClientHasByItsNumberIsLeftAlone) {
  const int number = dup(STDERR_FILENO);
  ASSERT_EQ(close(number), 0);
  ASSERT_TRUE(Ask(Command::kState));
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_EQ(dup3(null.get(), number, O_CLOEXEC), number);
  EXPECT_TRUE(Ask(Command::kState));
  struct stat now {};
  EXPECT_EQ(fstat(number, &now), 0);
  EXPECT_TRUE(S_ISCHR(now.st_mode));
  close(number);
}

TEST(CommandAddressTest, IsReadableWhereItFits) {
  EXPECT_EQ(CommandAddress({.lxcpath = "/var/lib/lxc", .name = "c"}), "/var/lib/lxc/c/command");
}

TEST(CommandAddressTest, IsAHashWhereItDoesNot) {
  const std::string longest(kLongestAbstractName, 'x');
  const std::string one = CommandAddress({.lxcpath = "/" + longest, .name = "c"});
  EXPECT_EQ(one.size(), std::string("lxc//command").size() + 16);
  EXPECT_NE(one, CommandAddress({.lxcpath = "/" + longest, .name = "d"}));
}

TEST(CommandTestWithoutServer, AStoppedContainerFailsWithEconnrefused) {
  EXPECT_EQ(Query({.lxcpath = "/nowhere", .name = "c"}, Command::kState).error().code,
            ECONNREFUSED);
}

TEST(FrameReaderTest, AFrameIsReadInPortions) {
  FrameReader reader(16);
  const std::string bytes = EncodedHeader(7, 5) + "hello" + EncodedHeader(8, 0);
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    reader.Append(bytes.substr(i, 1));
    const auto frame = reader.Next().value();
    EXPECT_EQ(frame.has_value(), i == kFrameHeaderSize + 4) << i;
  }
  reader.Append(bytes.substr(bytes.size() - 1));
  EXPECT_EQ(reader.Next().value()->word, 8u);
}

TEST(FrameReaderTest, ALongerFrameThanAllowedFailsBeforeItsBodyIsThere) {
  FrameReader reader(4);
  reader.Append(EncodedHeader(1, 5));
  EXPECT_EQ(reader.Next().error().code, EMSGSIZE);
}

}  // namespace
}  // namespace lxcspec::runtime
