// SPDX-License-Identifier: Apache-2.0
//
// Terminals that are allocated through the descriptor: where they appear, what goes through them,
// how many there can be.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/probed_container.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

constexpr int kStopSeconds = 10;
const ConfigItems kSomePtys = {{"lxc.pty.max", "8"}};

// The controlling side of a terminal and its number.
struct Terminal {
  UniqueFd controller;
  std::string number;
};

Result<UniqueFd> OpenIn(const UniqueFd& devpts, const std::string& name) {
  UniqueFd fd(openat(devpts.get(), name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return FailErrno("open " + name);
  return fd;
}

Result<Terminal> Allocate(const UniqueFd& devpts) {
  ASSIGN_OR_RETURN(UniqueFd controller, OpenIn(devpts, "ptmx"));
  int locked = 0;
  if (ioctl(controller.get(), TIOCSPTLCK, &locked) != 0) return FailErrno("ioctl(TIOCSPTLCK)");
  unsigned number = 0;
  if (ioctl(controller.get(), TIOCGPTN, &number) != 0) return FailErrno("ioctl(TIOCGPTN)");
  return Terminal{.controller = std::move(controller), .number = std::to_string(number)};
}

struct Exhausted {
  std::vector<Terminal> terminals;
  Error failure;  // of the allocation that was one too many
};

Exhausted AllocateAll(const UniqueFd& devpts) {
  constexpr size_t kMany = 64;
  Exhausted all;
  while (all.terminals.size() < kMany) {
    Result<Terminal> terminal = Allocate(devpts);
    if (!terminal) {
      all.failure = terminal.error();
      break;
    }
    all.terminals.push_back(std::move(*terminal));
  }
  return all;
}

// What comes until `size` bytes are there or the deadline has passed.
std::string ReadFrom(const UniqueFd& fd, size_t size) {
  std::string text;
  char buffer[256];
  while (text.size() < size && AwaitReadable(fd.get())) {
    const ssize_t got = read(fd.get(), buffer, sizeof(buffer));
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

Status WriteTo(const UniqueFd& fd, const std::string& text) {
  const ssize_t written = write(fd.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return FailErrno("write");
  return {};
}

bool IsInside(const ProbedContainer& container, const std::string& number) {
  struct stat status {};
  const std::string path =
      "/proc/" + std::to_string(container.init()) + "/root" + "/dev/pts/" + number;
  return stat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode);
}

dev_t DeviceOf(const UniqueFd& fd) {
  struct stat status {};
  return fstat(fd.get(), &status) == 0 ? status.st_dev : 0;
}

class DevptsFdTerminalsTest : public ProbedContainerTest {};

TEST_F(DevptsFdTerminalsTest, TerminalAppearsInTheContainer) {
  COVERS(spec::devpts_fd::kAllocates);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  ASSERT_OK_AND_ASSIGN(Terminal terminal, Allocate(devpts));

  EXPECT_TRUE(IsInside(container, terminal.number)) << terminal.number;
  terminal.controller.Reset();
  EXPECT_FALSE(IsInside(container, terminal.number)) << "it was there of itself";
}

TEST_F(DevptsFdTerminalsTest, WhatTheContainerWritesIsReadOutside) {
  COVERS(spec::devpts_fd::kCarriesBytes);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));

  ASSERT_OK(container.Ask({"write-to", "/dev/pts/" + terminal.number, "from-inside"}));

  EXPECT_EQ(ReadFrom(terminal.controller, 11), "from-inside");
}

TEST_F(DevptsFdTerminalsTest, WhatIsWrittenOutsideIsReadByTheContainer) {
  COVERS(spec::devpts_fd::kCarriesBytes);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));

  ASSERT_OK(WriteTo(terminal.controller, "from-outside\n"));

  EXPECT_THAT(container.Ask({"read-from", "/dev/pts/" + terminal.number}),
              SucceedsWith("from-outside\n"));
}

TEST_F(DevptsFdTerminalsTest, OtherSideOpensWithoutAName) {
  COVERS(spec::devpts_fd::kOpensPeer);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));

  const UniqueFd peer(ioctl(terminal.controller.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));

  ASSERT_TRUE(peer) << ErrnoName(errno);
  ASSERT_OK(WriteTo(peer, "by-peer"));
  EXPECT_EQ(ReadFrom(terminal.controller, 7), "by-peer");
}

TEST_F(DevptsFdTerminalsTest, TerminalOfTheContainerOpensByItsNumber) {
  COVERS(spec::devpts_fd::kFindsInnerTerminals);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const std::string number, container.Ask({"pty"}));

  ASSERT_OK_AND_ASSIGN(const UniqueFd terminal, OpenIn(devpts, number));

  EXPECT_TRUE(isatty(terminal.get()));
  // The same number may be that of a terminal elsewhere.
  struct stat opened {};
  struct stat inside {};
  const std::string path =
      "/proc/" + std::to_string(container.init()) + "/root" + "/dev/pts/" + number;
  ASSERT_EQ(fstat(terminal.get(), &opened), 0);
  ASSERT_EQ(stat(path.c_str(), &inside), 0) << path;
  EXPECT_EQ(opened.st_dev, inside.st_dev);
  EXPECT_EQ(opened.st_ino, inside.st_ino);
}

TEST_F(DevptsFdTerminalsTest, DescriptorOutlivesTheObjectThatGaveIt) {
  COVERS(spec::devpts_fd::kOutlivesObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, other->DevptsFd());

  other.reset();

  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));
  EXPECT_TRUE(IsInside(container, terminal.number));
}

TEST_F(DevptsFdTerminalsTest, HeldTerminalKeepsNoContainerFromStoppingAndStarting) {
  COVERS(spec::devpts_fd::kHoldsNothingUp);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));

  EXPECT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  ASSERT_OK(container->Start({}));
  EXPECT_OK(container.AwaitNextInit());
}

TEST_F(DevptsFdTerminalsTest, RestartedContainerGivesItsNewInstance) {
  COVERS(spec::devpts_fd::kRestartNewInstance);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_devpts, container->DevptsFd());
  const Exhausted old = AllocateAll(old_devpts);
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_NE(DeviceOf(devpts), DeviceOf(old_devpts));
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));
  EXPECT_TRUE(IsInside(container, terminal.number));
}

TEST_F(DevptsFdTerminalsTest, RebootedContainerGivesItsNewInstance) {
  COVERS(spec::devpts_fd::kRebootNewInstance);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_devpts, container->DevptsFd());
  const Exhausted old = AllocateAll(old_devpts);
  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_NE(DeviceOf(devpts), DeviceOf(old_devpts));
  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));
  EXPECT_TRUE(IsInside(container, terminal.number));
}

TEST_F(DevptsFdTerminalsTest, ContainerWithIdMapsHasTerminalsToo) {
  COVERS(spec::devpts_fd::kUserNamespace);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIds());
  config.insert(config.end(), kSomePtys.begin(), kSomePtys.end());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  ASSERT_OK_AND_ASSIGN(const Terminal terminal, Allocate(devpts));
  EXPECT_TRUE(IsInside(container, terminal.number));
}

TEST_F(DevptsFdTerminalsTest, AllButOneOfTheLimitCanBeAllocated) {
  COVERS(spec::devpts_fd::kUsableToLimit);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent({{"lxc.pty.max", "5"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_THAT(AllocateAll(devpts).terminals, SizeIs(Ge(4u)));
}

TEST_F(DevptsFdTerminalsTest, TtysAreNotAmongThem) {
  COVERS(spec::devpts_fd::kTtysNotCounted);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent({{"lxc.pty.max", "5"}, {"lxc.tty.max", "4"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_THAT(AllocateAll(devpts).terminals, SizeIs(AllOf(Ge(4u), Le(5u))));
}

TEST_F(DevptsFdTerminalsTest, OneMoreThanTheLimitFailsWithEnospc) {
  COVERS(spec::devpts_fd::kLimit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.pty.max", "5"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  const Exhausted all = AllocateAll(devpts);

  EXPECT_THAT(all.terminals, SizeIs(Le(5u)));
  EXPECT_EQ(all.failure.code, ENOSPC);
}

TEST_F(DevptsFdTerminalsTest, ContainerFindsNoneLeftUntilOneIsClosed) {
  COVERS(spec::devpts_fd::kLimit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.pty.max", "5"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  Exhausted all = AllocateAll(devpts);
  ASSERT_THAT(all.terminals, SizeIs(Ge(1u)));

  EXPECT_THAT(container.Ask({"pty"}), FailsWithErrno(ENOSPC));

  all.terminals.pop_back();
  EXPECT_OK(container.Ask({"pty"}));
}

TEST_F(DevptsFdTerminalsTest, TerminalsOfTheContainerCount) {
  COVERS(spec::devpts_fd::kLimit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.pty.max", "5"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());
  const size_t without = AllocateAll(devpts).terminals.size();

  ASSERT_OK(container.Ask({"pty"}));

  EXPECT_THAT(AllocateAll(devpts).terminals, SizeIs(without - 1));
}

}  // namespace
}  // namespace lxcspec
