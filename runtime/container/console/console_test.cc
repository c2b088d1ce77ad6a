// SPDX-License-Identifier: Apache-2.0
//
// A console with a program that is this test, and clients that ask over a command socket.

#include "runtime/container/console/console.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <string>
#include <utility>

#include "runtime/container/client.h"
#include "runtime/container/command_server.h"
#include "runtime/container/console/commands.h"
#include "runtime/container/console/console_client.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kDeadline(30);
constexpr char kEscape = 1;

// Reads until so many bytes came, or nothing more does in time.
std::string ReadFrom(int fd, size_t count) {
  std::string text;
  while (text.size() < count) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 10'000) <= 0) break;
    std::string bytes(count - text.size(), '\0');
    const ssize_t length = read(fd, bytes.data(), bytes.size());
    if (length <= 0) break;
    text += bytes.substr(0, static_cast<size_t>(length));
  }
  return text;
}

void WriteTo(int fd, const std::string& text) {
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

class ConsoleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = fs::path(testing::TempDir()) / "console.XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    place_ = {.lxcpath = folder, .name = "c"};
    HandleConsoleCommands(server_, [this] { return console_.get(); });
    ASSERT_TRUE(server_.Listen(CommandAddress(place_)));
  }
  void TearDown() override { fs::remove_all(place_.lxcpath); }

  Status Create(const ConsolePlan& plan) {
    auto console =
        Console::Create(plan, loop_, [this](const Error& error) { errors_ += error.ToString(); });
    if (!console) return Forward(std::move(console).error());
    console_ = *std::move(console);
    if (console_->peer() >= 0 && !plan.in_container) TRY(MakeRaw(console_->peer()));
    return {};
  }

  std::string PathOf(const std::string& name) const { return place_.lxcpath + "/" + name; }

  // What a client does, while the monitor's loop runs.
  template <typename Function>
  auto AsClient(Function function) {
    std::atomic<bool> is_done = false;
    int pipe_ends[2];
    EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const UniqueFd done_in(pipe_ends[0]);
    const UniqueFd done_out(pipe_ends[1]);
    auto result = std::async(std::launch::async, [&] {
      auto value = function();
      is_done = true;
      EXPECT_EQ(write(done_out.get(), "x", 1), 1);
      return value;
    });
    EXPECT_TRUE(loop_.Add(done_in.get(), EPOLLIN, [](uint32_t) {}));
    const auto timer = loop_.After(kDeadline, [] { FAIL() << "a client still waits"; });
    while (!is_done) EXPECT_TRUE(loop_.RunOnce());
    loop_.Cancel(timer);
    loop_.Remove(done_in.get());
    return result.get();
  }

  std::string Log(const ConsoleLogRequest& request = {.read = true}) {
    return AsClient([&] {
      const auto bytes = QueryConsoleLog(monitor_, place_, request);
      if (!bytes) return fmt::format("errno {}", bytes.error().code);
      return bytes->data ? std::string(bytes->data.get(), bytes->size) : std::string();
    });
  }

  static std::string Content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  EventLoop loop_ = EventLoop::Create().value();
  CommandServer server_{loop_};
  Place place_;
  KeptConnection monitor_;
  std::string errors_;
  std::unique_ptr<Console> console_;
};

TEST_F(ConsoleTest, ReaderGetsWhatWasWrittenBeforeItAsked) {
  ASSERT_TRUE(Create({.buffer_size = 4096}));
  WriteTo(console_->peer(), "one two");

  EXPECT_EQ(Log({.read = true, .limit = 4}), "one ");
  EXPECT_EQ(Log(), "two");
  EXPECT_EQ(Log(), fmt::format("errno {}", ENODATA));
}

TEST_F(ConsoleTest, ConsoleWithoutBufferAnswersEfault) {
  ASSERT_TRUE(Create({}));

  EXPECT_EQ(Log(), fmt::format("errno {}", EFAULT));
}

TEST_F(ConsoleTest, PathNoneIsABufferWithoutConsole) {
  ASSERT_TRUE(Create({.path = "none", .buffer_size = 4096}));

  EXPECT_EQ(console_->peer(), -1);
  EXPECT_EQ(Log(), fmt::format("errno {}", ENODATA));
  const auto attached = console_->Attach(Console::kConsoleNumber);
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, ENODEV);
}

TEST_F(ConsoleTest, DrainKeepsTheLastWordsInRingAndFile) {
  const std::string path = PathOf("log");
  ASSERT_TRUE(Create({.buffer_size = 4096, .log_path = path, .log_size = 4096}));
  std::string text;
  for (int i = 0; i < 60; ++i) text += fmt::format("line {:04}\n", i);
  WriteTo(console_->peer(), text);
  console_->Drain();

  EXPECT_EQ(Content(path), text);
  EXPECT_EQ(Log(), text);
  EXPECT_EQ(errors_, "");
}

TEST_F(ConsoleTest, FullDiskIsToldOnceAndLosesNothingElse) {
  ASSERT_TRUE(Create({.buffer_size = 4096, .log_path = "/dev/full"}));
  WriteTo(console_->peer(), "one ");
  console_->Catch();
  WriteTo(console_->peer(), "two");
  console_->Catch();

  EXPECT_EQ(Log(), "one two");
  EXPECT_EQ(errors_.find("No space"), errors_.rfind("No space")) << errors_;
  EXPECT_NE(errors_, "");
}

TEST_F(ConsoleTest, TerminalAtThePathShowsOutputAndGivesInput) {
  auto outside = OpenPty();
  ASSERT_TRUE(outside);
  ASSERT_TRUE(SetWindowSize(outside->primary.get(), {.ws_row = 12, .ws_col = 34}));
  ASSERT_TRUE(Create({.path = outside->path, .buffer_size = 4096}));
  WriteTo(console_->peer(), "out\n");
  console_->Catch();
  EXPECT_EQ(ReadFrom(outside->primary.get(), 4), "out\n");
  WriteTo(outside->primary.get(), "in\n");
  const std::string typed = AsClient([&] { return ReadFrom(console_->peer(), 3); });

  EXPECT_EQ(typed, "in\n");
  EXPECT_EQ(Log(), "out\n");
  const auto size = WindowSize(console_->peer());
  ASSERT_TRUE(size);
  EXPECT_EQ(size->ws_col, 34);
}

TEST_F(ConsoleTest, TerminalIsAsBeforeWhenTheConsoleHasGone) {
  auto outside = OpenPty();
  ASSERT_TRUE(outside);
  ASSERT_TRUE(Create({.path = outside->path}));
  termios settings{};
  tcgetattr(outside->peer.get(), &settings);
  EXPECT_EQ(settings.c_lflag & ICANON, 0U);
  console_.reset();
  tcgetattr(outside->peer.get(), &settings);

  EXPECT_NE(settings.c_lflag & ICANON, 0U);
}

TEST_F(ConsoleTest, PathThatIsNoTerminalIsRefused) {
  const std::string file = PathOf("file");
  std::ofstream(file) << "text";
  const std::pair<std::string, int> cases[] = {{file, ENOTTY}, {PathOf("no"), ENOENT}};
  for (const auto& [path, code] : cases) {
    const Status created = Create({.path = path});
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, code);
    EXPECT_NE(created.error().attempted.find("lxc.console.path"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(PathOf("no")));
}

TEST_F(ConsoleTest, TerminalThatIsNotReadDoesNotHoldUpTheContainer) {
  auto outside = OpenPty();
  ASSERT_TRUE(outside);
  ASSERT_TRUE(Create({.path = outside->path, .buffer_size = 4096}));
  const std::string text(1000, 'x');
  for (int i = 0; i < 2000; ++i) {
    WriteTo(console_->peer(), text);
    console_->Catch();
  }

  EXPECT_EQ(Log().size(), 4096U);
}

TEST_F(ConsoleTest, ConsoleIsLentToOneClientUntilItHangsUp) {
  ASSERT_TRUE(Create({}));
  {
    auto tty = AsClient([&] { return BorrowTty(place_, 0); });
    ASSERT_TRUE(tty) << tty.error().ToString();
    WriteTo(console_->peer(), "out");
    console_->Catch();
    EXPECT_EQ(ReadFrom(tty->primary.get(), 3), "out");
    WriteTo(tty->primary.get(), "in");
    EXPECT_EQ(AsClient([&] { return ReadFrom(console_->peer(), 2); }), "in");
    const auto second = AsClient([&] { return BorrowTty(place_, 0); });
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EBUSY);
  }
  // The hang-up arrives before whatever is asked later.
  const auto third = AsClient([&] { return BorrowTty(place_, 0); });
  EXPECT_TRUE(third) << third.error().ToString();
}

TEST_F(ConsoleTest, TtysAreLentOneByOne) {
  ASSERT_TRUE(Create({}));
  std::vector<ChildTty> ttys;
  for (int i = 0; i < 2; ++i) {
    auto pty = OpenPty();
    ASSERT_TRUE(pty);
    ttys.push_back({.master = std::move(pty->primary), .peer = std::move(pty->peer), .number = i});
  }
  ASSERT_TRUE(console_->Adopt({}, std::move(ttys)));
  auto borrow = [&](int number) { return AsClient([&] { return BorrowTty(place_, number); }); };
  auto second = borrow(2);
  auto first = borrow(-1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(second->number, 2);
  const std::pair<int, int> cases[] = {{-1, EAGAIN}, {1, EBUSY}, {3, ENXIO}, {-2, ENXIO}};
  for (const auto& [number, code] : cases) {
    const auto refused = borrow(number);
    ASSERT_FALSE(refused) << number;
    EXPECT_EQ(refused.error().code, code) << number;
  }
  first = Failure(0, "");
  const auto again = borrow(-1);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->number, 1);
}

TEST_F(ConsoleTest, ConsoleOfTheContainersDevptsIsAdopted) {
  auto outside = OpenPty();
  auto inside = OpenPty();
  ASSERT_TRUE(outside && inside);
  ASSERT_TRUE(Create({.path = outside->path, .buffer_size = 4096, .in_container = true}));
  EXPECT_GE(console_->peer(), 0);
  const auto early = console_->Attach(Console::kConsoleNumber);
  EXPECT_FALSE(early);
  const UniqueFd program(fcntl(inside->peer.get(), F_DUPFD_CLOEXEC, 0));
  ASSERT_TRUE(MakeRaw(program.get()));
  const Status adopted = console_->Adopt(
      {.master = std::move(inside->primary), .peer = std::move(inside->peer), .number = 0}, {});
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  WriteTo(program.get(), "out");

  EXPECT_EQ(Log(), "out");
  EXPECT_EQ(ReadFrom(outside->primary.get(), 3), "out");
}

class ProxyTest : public ConsoleTest {
 protected:
  // Runs the proxy on a terminal of its own until it ends.
  Status Run(int tty, const std::function<void()>& meanwhile) {
    return AsClient([&] {
      auto user = std::async(std::launch::async, meanwhile);
      const Status ran = RunProxy(place_, {.tty = tty,
                                           .in = caller_.peer.get(),
                                           .out = caller_.peer.get(),
                                           .err = -1,
                                           .escape = kEscape});
      user.wait();
      return ran;
    });
  }

  // What the container says when the caller is there: nobody keeps what it says before.
  std::string Greeting() {
    pollfd entry{.fd = caller_.primary.get(), .events = POLLIN, .revents = 0};
    for (int i = 0; i < 1000; ++i) {
      WriteTo(console_->peer(), "hello");
      if (poll(&entry, 1, 20) > 0) break;
    }
    return ReadFrom(caller_.primary.get(), 5);
  }

  Pty caller_ = OpenPty().value();
};

TEST_F(ProxyTest, CallerTypesReadsAndLeaves) {
  ASSERT_TRUE(Create({}));
  ASSERT_TRUE(SetWindowSize(caller_.primary.get(), {.ws_row = 20, .ws_col = 77}));
  std::string container_read;
  std::string caller_read;
  const Status ran = Run(0, [&] {
    caller_read = Greeting();
    WriteTo(caller_.primary.get(), {'a', kEscape, kEscape, 'b', kEscape, 'c'});
    container_read = ReadFrom(console_->peer(), 5);
    WriteTo(caller_.primary.get(), {kEscape, 'q'});
  });

  EXPECT_TRUE(ran) << ran.error().ToString();
  EXPECT_EQ(caller_read, "hello");
  EXPECT_EQ(container_read, std::string({'a', kEscape, 'b', kEscape, 'c'}));
  const auto size = WindowSize(console_->peer());
  ASSERT_TRUE(size);
  EXPECT_EQ(size->ws_col, 77);
}

TEST_F(ProxyTest, TerminalIsAsBeforeAfterwards) {
  ASSERT_TRUE(Create({}));
  const Status ran = Run(0, [&] {
    Greeting();
    WriteTo(caller_.primary.get(), {kEscape, 'q'});
  });
  EXPECT_TRUE(ran);
  termios settings{};
  tcgetattr(caller_.peer.get(), &settings);

  EXPECT_NE(settings.c_lflag & ICANON, 0U);
}

TEST_F(ProxyTest, ContainerThatEndsEndsIt) {
  ASSERT_TRUE(Create({}));
  loop_.After(milliseconds(50), [&] { console_.reset(); });
  const Status ran = Run(0, [] {});

  EXPECT_TRUE(ran) << ran.error().ToString();
}

}  // namespace
}  // namespace lxcspec::runtime
