// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace lxcspec::runtime {
namespace {

using std::chrono::milliseconds;

std::string UniqueName() {
  static int made = 0;
  return fmt::format("lxcspec/socket_test/{}/{}", getpid(), ++made);
}

TEST(SocketTest, ConnectsToWhoListens) {
  const std::string name = UniqueName();
  const UniqueFd listener = ListenAbstract(name).value();
  EXPECT_EQ(Accept(listener).error().code, EAGAIN);

  const UniqueFd client = ConnectAbstract(name, std::nullopt).value();
  const UniqueFd server = Accept(listener).value();

  EXPECT_EQ(PeerOf(client).value().pid, getpid());
  EXPECT_EQ(PeerOf(server).value().uid, geteuid());
  EXPECT_TRUE(fcntl(server.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(SocketTest, ListeningTwiceFailsWithEaddrinuse) {
  const std::string name = UniqueName();
  const auto listener = ListenAbstract(name);
  ASSERT_TRUE(listener);
  EXPECT_EQ(ListenAbstract(name).error().code, EADDRINUSE);
}

TEST(SocketTest, NobodyListeningFailsWithEconnrefused) {
  EXPECT_EQ(ConnectAbstract(UniqueName(), std::nullopt).error().code, ECONNREFUSED);
}

TEST(SocketTest, AnAddressThatIsTooLongFailsWithEnametoolong) {
  EXPECT_TRUE(ListenAbstract(std::string(kLongestAbstractName, 'x')));
  EXPECT_EQ(ListenAbstract(std::string(kLongestAbstractName + 1, 'x')).error().code, ENAMETOOLONG);
}

TEST(SocketTest, ReceivingFromASilentPeerFailsWithEagainAfterTheTimeout) {
  const std::string name = UniqueName();
  const auto listener = ListenAbstract(name);
  ASSERT_TRUE(listener);
  const UniqueFd client = ConnectAbstract(name, milliseconds(10)).value();
  std::array<char, 1> buffer;
  std::vector<UniqueFd> fds;
  EXPECT_EQ(Receive(client, buffer, fds).error().code, EAGAIN);
}

TEST(SocketTest, DescriptorsComeWithTheirBytesAndAreClosedOnExec) {
  const auto [one, two] = SocketPair().value();
  const std::array fds = {STDIN_FILENO, STDERR_FILENO};
  ASSERT_TRUE(SendAll(one, "hello", fds));

  std::array<char, 16> buffer;
  std::vector<UniqueFd> received;
  const size_t count = Receive(two, buffer, received).value();

  EXPECT_EQ(std::string(buffer.data(), count), "hello");
  ASSERT_EQ(received.size(), 2u);
  EXPECT_TRUE(fcntl(received[1].get(), F_GETFD) & FD_CLOEXEC);
}

TEST(SocketTest, SendingToAClosedEndFailsWithEpipe) {
  auto [one, two] = SocketPair().value();
  two = UniqueFd();
  EXPECT_EQ(Send(one, "x").error().code, EPIPE);
}

TEST(SocketTest, PeerIsTheProcessThatListenedLast) {
  const std::string name = "lxcspec-socket-test-" + std::to_string(getpid());
  const auto listener = ListenAbstract(name);
  ASSERT_TRUE(listener);
  const pid_t child = fork();
  if (child == 0) _exit(ListenAsThisProcess(*listener) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto connection = ConnectAbstract(name, std::nullopt);
  ASSERT_TRUE(connection);
  EXPECT_EQ(PeerOf(*connection).value().pid, child);
}

}  // namespace
}  // namespace lxcspec::runtime
