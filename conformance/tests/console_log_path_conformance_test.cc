// SPDX-License-Identifier: Apache-2.0
//
// console_log: consoles that are attached to a terminal, and containers without one.

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "conformance/harness/console_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

// A terminal of the test's own: what is written to `path` is read from `fd`, and the reverse.
struct Terminal {
  UniqueFd fd;
  UniqueFd other_end;  // keeps the terminal in the mode it was put in
  std::string path;
};

Result<Terminal> OpenTerminal() {
  Terminal terminal;
  terminal.fd = UniqueFd(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.fd) return FailErrno("posix_openpt");
  char path[64];
  if (grantpt(terminal.fd.get()) != 0 || unlockpt(terminal.fd.get()) != 0 ||
      ptsname_r(terminal.fd.get(), path, sizeof(path)) != 0) {
    return FailErrno("unlockpt");
  }
  terminal.path = path;
  terminal.other_end = UniqueFd(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.other_end) return FailErrno("open(pts)");
  termios settings{};
  if (tcgetattr(terminal.other_end.get(), &settings) != 0) return FailErrno("tcgetattr");
  cfmakeraw(&settings);
  if (tcsetattr(terminal.other_end.get(), TCSANOW, &settings) != 0) return FailErrno("tcsetattr");
  return terminal;
}

// Reads until `size` bytes came or nothing more comes.
std::string ReadTerminal(const Terminal& terminal, size_t size) {
  std::string output;
  while (output.size() < size && AwaitReadable(terminal.fd.get())) {
    char buffer[256];
    const ssize_t got = read(terminal.fd.get(), buffer, sizeof(buffer));
    if (got <= 0) break;
    output.append(buffer, static_cast<size_t>(got));
  }
  return output;
}

class ConsoleLogPathTest : public ConsoleTest {
 protected:
  static ConfigItems AttachedTo(const std::string& path) {
    return {{"lxc.console.path", path}, {"lxc.console.buffer.size", "4096"}};
  }
};

TEST_F(ConsoleLogPathTest, NoneLeavesTheBufferEmpty) {
  COVERS(spec::console_log::kPathNone);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(AttachedTo("none")));

  // More than a terminal holds without a reader, so that it would have come to the buffer; or it
  // goes to whatever standard streams there are.
  static_cast<void>(container.Ask({"console"}));
  ASSERT_OK(container.Ask({"fill", "262144"}));

  EXPECT_THAT(container->ConsoleLog(Read()), FailsWithErrno(ENODATA));
}

TEST_F(ConsoleLogPathTest, OutputAppearsOnTheTerminal) {
  COVERS(spec::console_log::kPathOutput);
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, OpenTerminal());
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(AttachedTo(terminal.path)));

  ASSERT_OK(container.Ask({"write", "hello"}));

  EXPECT_EQ(ReadTerminal(terminal, 5), "hello");
}

TEST_F(ConsoleLogPathTest, OutputOnATerminalIsInTheBufferToo) {
  COVERS(spec::console_log::kPathOutput);
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, OpenTerminal());
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(AttachedTo(terminal.path)));

  ASSERT_OK(container.Ask({"write", "hello"}));

  EXPECT_EQ(ReadOutput(*container, 5), "hello");
}

TEST_F(ConsoleLogPathTest, InputOfTheTerminalReachesTheContainer) {
  COVERS(spec::console_log::kPathInput);
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, OpenTerminal());
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(AttachedTo(terminal.path)));
  // Puts the console in raw mode, so that the input is not echoed by the kernel.
  ASSERT_OK(container.Ask({"write", "ready"}));
  ASSERT_EQ(ReadOutput(*container, 5), "ready");
  ASSERT_OK(container.Tell({"echo-stdin"}));

  ASSERT_EQ(write(terminal.fd.get(), "input", 5), 5);

  EXPECT_EQ(ReadOutput(*container, 5), "input");
}

TEST_F(ConsoleLogPathTest, MissingTerminalFailsTheStart) {
  COVERS(spec::console_log::kPathUnusable);

  EXPECT_THAT(StartSilent(AttachedTo((scratch() / "terminal").string())), Fails());
}

}  // namespace
}  // namespace lxcspec
