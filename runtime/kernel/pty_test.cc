// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/pty.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace lxcspec::runtime {
namespace {

TEST(PtyTest, PeerAndPrimaryAreTwoEndsOfOneTerminal) {
  const auto pty = OpenPty();
  ASSERT_TRUE(pty) << pty.error().ToString();
  ASSERT_EQ(write(pty->peer.get(), "word", 4), 4);
  std::string bytes(8, '\0');

  EXPECT_EQ(read(pty->primary.get(), bytes.data(), bytes.size()), 4);
  EXPECT_EQ(bytes.substr(0, 4), "word");
  EXPECT_TRUE(isatty(pty->peer.get()));
  EXPECT_EQ(pty->path, ttyname(pty->peer.get()));
}

TEST(PtyTest, PrimaryDoesNotBlockAndBothCloseOnExec) {
  const auto pty = OpenPty();
  ASSERT_TRUE(pty) << pty.error().ToString();
  char byte = 0;

  EXPECT_EQ(read(pty->primary.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_NE(fcntl(pty->primary.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(pty->peer.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(PtyTest, WindowSizeIsCopied) {
  const auto from = OpenPty();
  const auto to = OpenPty();
  ASSERT_TRUE(from && to);
  ASSERT_TRUE(SetWindowSize(from->primary.get(), {.ws_row = 33, .ws_col = 111}));
  CopyWindowSize(from->peer.get(), to->primary.get());
  const auto size = WindowSize(to->peer.get());

  ASSERT_TRUE(size);
  EXPECT_EQ(size->ws_row, 33);
  EXPECT_EQ(size->ws_col, 111);
}

TEST(PtyTest, RawModeEndsWithItsOwner) {
  const auto pty = OpenPty();
  ASSERT_TRUE(pty);
  termios settings{};
  {
    auto raw = RawMode::Set(pty->peer.get());
    ASSERT_TRUE(raw) << raw.error().ToString();
    const RawMode moved = *std::move(raw);
    tcgetattr(pty->peer.get(), &settings);
    EXPECT_EQ(settings.c_lflag & ICANON, 0U);
  }
  tcgetattr(pty->peer.get(), &settings);

  EXPECT_NE(settings.c_lflag & ICANON, 0U);
}

TEST(PtyTest, RawModeOfAFileIsRefused) {
  const UniqueFd file(open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto raw = RawMode::Set(file.get());

  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().code, ENOTTY);
}

}  // namespace
}  // namespace lxcspec::runtime
