// SPDX-License-Identifier: Apache-2.0
//
// What a client does with a running container: attach to it, run applications in it.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "runtime/clients/client_library.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

constexpr char kIdle[] = "runtime/container/testdata/idle";
constexpr std::chrono::seconds kPatience(30);

// attach_options.h
constexpr int kDefaultFlags = 0xFFFF;
constexpr int kTerminal = 0x80000;

int Call(void* function) { return (*static_cast<std::function<int()>*>(function))(); }

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A terminal, and the person in front of it.
class Person {
 public:
  Person() : screen_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(grantpt(screen_), 0);
    EXPECT_EQ(unlockpt(screen_), 0);
    terminal_ = open(ptsname(screen_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_GE(terminal_, 0);
  }
  ~Person() {
    close(screen_);
    close(terminal_);
  }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  int terminal() const { return terminal_; }
  void Type(const std::string& text) const {
    EXPECT_EQ(write(screen_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // Whether the text appears in time.
  bool Sees(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (seen_.find(text) == seen_.npos) {
      pollfd entry{.fd = screen_, .events = POLLIN, .revents = 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || poll(&entry, 1, static_cast<int>(left.count())) <= 0) return false;
      std::array<char, 256> part;
      const ssize_t count = read(screen_, part.data(), part.size());
      if (count <= 0) return false;
      seen_.append(part.data(), static_cast<size_t>(count));
    }
    return true;
  }
  const std::string& seen() const { return seen_; }

 private:
  int screen_;
  int terminal_ = -1;
  std::string seen_;
};

class RunningTest : public ::testing::Test {
 protected:
  RunningTest() {
    std::string folder = (fs::temp_directory_path() / "lxcrun.XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    name_ = folder_.filename();
    for (const char* name : {"dev", "proc", "sys"}) fs::create_directories(folder_ / "root" / name);
    fs::copy_file(kIdle, folder_ / "root" / "idle");
    abi::Log settings{};
    const std::string log = (folder_ / "log").string();
    settings.file = log.c_str();
    settings.level = "TRACE";
    settings.quiet = true;
    EXPECT_EQ(ClientLibrary::Get().log_init(&settings), 0);
    container_ = std::make_unique<ClientContainer>(name_, folder_);
    Set("lxc.rootfs.path", "dir:" + (folder_ / "root").string());
    Set("lxc.init.cmd", "/idle");
    Set("lxc.net.0.type", "empty");
    Set("lxc.mount.auto", "proc:rw");
    Set("lxc.apparmor.profile", "unconfined");
  }
  ~RunningTest() override {
    EXPECT_TRUE(container_->Stop());
    ClientLibrary::Get().log_close();
    fs::remove_all(folder_);
  }

  void Set(const std::string& key, const std::string& value) {
    EXPECT_TRUE(container_->Set(key, value)) << key;
  }
  void Start() { ASSERT_TRUE(container_->Start()) << container_->error(); }

  abi::Container* container() { return container_->get(); }
  std::string Error() { return container_->error(); }
  const fs::path& folder() const { return folder_; }
  const std::string& name() const { return name_; }

  static abi::AttachOptions Options() {
    abi::AttachOptions options{};
    options.attach_flags = kDefaultFlags;
    options.namespaces = -1;
    options.personality = -1;
    options.uid = static_cast<uid_t>(-1);
    options.gid = static_cast<gid_t>(-1);
    options.stdin_fd = STDIN_FILENO;
    options.stdout_fd = STDOUT_FILENO;
    options.stderr_fd = STDERR_FILENO;
    options.log_fd = -1;
    return options;
  }

  // The exit status of a function that is run in the container by whoever holds a handle of it.
  static int Attach(abi::Container* client, std::function<int()> function,
                    abi::AttachOptions options = Options()) {
    pid_t attached = -1;
    if (client->attach(client, Call, &function, &options, &attached) != 0) return -1;
    int status = 0;
    EXPECT_EQ(waitpid(attached, &status, 0), attached);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  fs::path folder_;
  std::string name_;
  std::unique_ptr<ClientContainer> container_;
};

TEST_F(RunningTest, AnAttachedProcessGetsWhatTheContainerRunsWith) {
  Set("lxc.environment", "OF_RUNNING=yes");
  Set("lxc.cap.drop", "sys_admin");
  Start();
  // Another client, which has no configuration for it at all.
  const ClientContainer other(name(), folder());
  Set("lxc.environment", "SET_SINCE=yes");
  const auto is_right = [] {
    const char* set = getenv("OF_RUNNING");
    const bool limited = sethostname("x", 1) != 0 && errno == EPERM;
    return set != nullptr && strcmp(set, "yes") == 0 && getenv("SET_SINCE") == nullptr && limited
               ? 42
               : 1;
  };
  EXPECT_EQ(Attach(other.get(), is_right), 42);
  EXPECT_EQ(Attach(container(), is_right), 42);
}

TEST_F(RunningTest, ATerminalOfTheContainerIsBetweenThePersonAndTheProcess) {
  Set("lxc.pty.max", "16");
  Start();
  Person person;
  const winsize size{.ws_row = 11, .ws_col = 22, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(person.terminal(), TIOCSWINSZ, &size), 0);
  abi::AttachOptions options = Options();
  options.attach_flags |= kTerminal;
  options.stdin_fd = options.stdout_fd = options.stderr_fd = person.terminal();
  int status = -1;
  std::thread attaching([&] {
    const auto talk = [] {
      std::array<char, 64> line{};
      winsize own{};
      ioctl(0, TIOCGWINSZ, &own);
      // By the name that it has in the container, and as the terminal of its session.
      const char* terminal = ttyname(0);
      dprintf(1, "on %s %d %d %d\n", terminal != nullptr ? terminal : "nothing", own.ws_row,
              own.ws_col, tcgetsid(0) == getsid(0) ? 1 : 0);
      const ssize_t count = read(0, line.data(), line.size());
      dprintf(2, "heard %.*s", static_cast<int>(count), line.data());
      return 9;
    };
    status = Attach(container(), talk, options);
  });
  EXPECT_TRUE(person.Sees("on /dev/pts/")) << person.seen() << Error();
  EXPECT_TRUE(person.Sees(" 11 22 1")) << person.seen();
  person.Type("you\r");
  EXPECT_TRUE(person.Sees("heard you")) << person.seen();
  attaching.join();
  EXPECT_EQ(status, 9);
  // The person's terminal is as it was.
  termios settings{};
  ASSERT_EQ(tcgetattr(person.terminal(), &settings), 0);
  EXPECT_NE(settings.c_lflag & ICANON, 0U);
}

TEST_F(RunningTest, WhatIsNoTerminalStaysAsItIs) {
  Start();
  const Person person;
  const fs::path file = folder() / "output";
  const int output = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  abi::AttachOptions options = Options();
  options.attach_flags |= kTerminal;
  options.stdin_fd = options.stderr_fd = person.terminal();
  options.stdout_fd = output;
  EXPECT_EQ(Attach(
                container(), [] { return write(1, "to the file", 11) == 11 ? 3 : 4; }, options),
            3);
  close(output);
  EXPECT_EQ(ReadFile(file), "to the file");
}

TEST_F(RunningTest, AnApplicationEndsWithItsStatus) {
  Set("lxc.mount.auto", "");
  ASSERT_TRUE(container()->want_daemonize(container(), false));
  EXPECT_TRUE(container()->startl(container(), 1, "/idle", "7", nullptr)) << Error();
  EXPECT_EQ(WEXITSTATUS(container()->error_num), 7);
  EXPECT_TRUE(container()->want_daemonize(container(), true));
}

TEST_F(RunningTest, AnApplicationThatIsNotThereFailsAtItsExec) {
  EXPECT_FALSE(container()->startl(container(), 1, "/no/application", nullptr));
  EXPECT_EQ(container()->error_num, ENOENT);
  EXPECT_THAT(Error(), HasSubstr("start: exec: "));
}

TEST_F(RunningTest, AnApplicationIsReapedForAndHearsOfAHalt) {
  ASSERT_TRUE(container()->startl(container(), 1, "/idle", nullptr)) << Error();
  const pid_t init = container()->init_pid(container());
  EXPECT_EQ(ReadFile(fmt::format("/proc/{}/comm", init)), "lxc-init\n");
  // Whoever is left to it is reaped: only the two that were started are there afterwards.
  const auto leaves_an_orphan = [] {
    if (fork() == 0) _exit(0);
    return 5;
  };
  EXPECT_EQ(Attach(container(), leaves_an_orphan), 5);
  EXPECT_TRUE(container()->shutdown(container(), 30)) << Error();
}

TEST_F(RunningTest, WhatInitsHooksPrintIsLogged) {
  Set("lxc.hook.pre-mount", "echo said before the mounts #");
  Start();
  EXPECT_THAT(ReadFile(folder() / "log"), HasSubstr("hook pre-mount: said before the mounts"));
}

TEST_F(RunningTest, AHookThatHangsAndFloodsAtStopKeepsNobodyFromAsking) {
  const std::string ends = (folder() / "ends").string();
  ASSERT_EQ(mkfifo(ends.c_str(), 0600), 0);
  // Prints until it is told to end.
  Set("lxc.hook.stop", fmt::format("(yes flood & pid=$!; read end < {}; kill $pid) #", ends));
  Start();
  ASSERT_EQ(kill(container()->init_pid(container()), SIGKILL), 0);
  EXPECT_TRUE(container()->wait(container(), "STOPPING", 30));
  for (int i = 0; i < 5; ++i) EXPECT_STREQ(container()->state(container()), "STOPPING");
  EXPECT_EQ(container()->init_pid(container()), -1);
  std::ofstream(ends) << "now\n";
  EXPECT_TRUE(container()->wait(container(), "STOPPED", 30));
  // What it printed is in the log, as far as anybody would read.
  EXPECT_LT(fs::file_size(folder() / "log"), size_t{64} << 20);
}

TEST_F(RunningTest, AHookDoesNotKeepAContainerFromStopping) {
  Set("lxc.hook.stop", "sleep 1000 #");
  Start();
  EXPECT_TRUE(container()->stop(container())) << Error();
  EXPECT_STREQ(container()->state(container()), "STOPPED");
}

TEST_F(RunningTest, AContainerWithIdMapsGetsTheHostsDeviceAndLosesIt) {
  // The maps' root finds its way to its root file system.
  fs::permissions(folder(), fs::perms{0755});
  Set("lxc.idmap", "u 0 100000 65536");
  Set("lxc.idmap", "g 0 100000 65536");
  Start();
  const auto is_full = [] {
    const int fd = open("/dev/more/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    return write(fd, "x", 1) < 0 ? errno : 0;
  };
  EXPECT_EQ(Attach(container(), is_full), ENOENT);
  abi::Container* const client = container();
  ASSERT_TRUE(client->add_device_node(client, "/dev/full", "/dev/more/full")) << Error();
  EXPECT_TRUE(client->add_device_node(client, "/dev/full", "/dev/more/full")) << Error();
  EXPECT_EQ(Attach(container(), is_full), ENOSPC);
  EXPECT_FALSE(client->remove_device_node(client, "/dev/zero", "/dev/more/full"));
  ASSERT_TRUE(client->remove_device_node(client, "/dev/full", "/dev/more/full")) << Error();
  EXPECT_EQ(Attach(container(), is_full), ENOENT);
}

TEST_F(RunningTest, APersonAtATtyLeavesByTheEscapeAndTheContainerRunsOn) {
  Set("lxc.tty.max", "1");
  Start();
  constexpr int kCtrlB = 2;
  // The second time shows that the first one has given it back.
  for (int round = 0; round < 2; ++round) {
    Person person;
    int left = -1;
    std::thread sitting([&] {
      left = container()->console(container(), 1, person.terminal(), person.terminal(),
                                  person.terminal(), kCtrlB);
    });
    EXPECT_TRUE(person.Sees("Ctrl-b q")) << person.seen() << Error();
    // The other character is the container's, and a q alone is one too.
    person.Type("\001q\002q");
    sitting.join();
    EXPECT_EQ(left, 0) << Error();
    EXPECT_STREQ(container()->state(container()), "RUNNING");
  }
}

TEST_F(RunningTest, AFreezeThatCannotEndKeepsNobodyFromAsking) {
  Start();
  int stuck[2];
  int told[2];
  ASSERT_EQ(pipe2(stuck, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  // The kernel itself waits there for a page that nobody brings, where no freezer gets at it.
  const auto get_stuck = [&] {
    const int faults = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
    uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
    const size_t size = static_cast<size_t>(getpagesize());
    void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register watched{.range = {.start = reinterpret_cast<uintptr_t>(page), .len = size},
                            .mode = UFFDIO_REGISTER_MODE_MISSING,
                            .ioctls = 0};
    if (ioctl(faults, UFFDIO_API, &api) != 0 || ioctl(faults, UFFDIO_REGISTER, &watched) != 0) {
      return 1;
    }
    const std::thread telling([&] {
      pollfd fault{.fd = faults, .events = POLLIN, .revents = 0};
      if (poll(&fault, 1, -1) == 1) static_cast<void>(!write(told[1], "x", 1));
    });
    if (write(stuck[1], "x", 1) != 1) return 2;
    return read(stuck[0], page, size) > 0 ? 3 : 4;
  };
  std::thread attaching([&] { EXPECT_EQ(Attach(container(), get_stuck), 128 + SIGKILL); });
  pollfd entry{.fd = told[0], .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 30'000), 1);
  const ClientContainer other(name(), folder());
  bool is_frozen = true;
  std::thread freezing([&] { is_frozen = other->freeze(other.get()); });
  EXPECT_TRUE(container()->wait(container(), "FREEZING", 30));
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_STREQ(container()->state(container()), "FREEZING");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_TRUE(container()->unfreeze(container())) << Error();
  freezing.join();
  EXPECT_FALSE(is_frozen);
  EXPECT_STREQ(container()->state(container()), "RUNNING");
  EXPECT_TRUE(container()->stop(container())) << Error();
  attaching.join();
  for (const int fd : {stuck[0], stuck[1], told[0], told[1]}) close(fd);
}

TEST_F(RunningTest, InTheForegroundARedirectedOutputIsTheFiles) {
  // The set-up's own program prints nothing; its descriptors say where they lead.
  const fs::path file = folder() / "output";
  const int kept = dup(STDOUT_FILENO);
  const int output = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(dup2(output, STDOUT_FILENO), STDOUT_FILENO);
  ASSERT_TRUE(container()->want_daemonize(container(), false));
  std::thread running([&] { container()->startl(container(), 1, "/idle", nullptr); });
  EXPECT_TRUE(container()->wait(container(), "RUNNING", 30));
  const pid_t init = container()->init_pid(container());
  const std::string leads = fs::read_symlink(fmt::format("/proc/{}/fd/1", init));
  EXPECT_TRUE(container()->stop(container()));
  running.join();
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(output);
  EXPECT_THAT(leads, HasSubstr("/output"));
  EXPECT_TRUE(container()->want_daemonize(container(), true));
}

}  // namespace
}  // namespace lxcspec::runtime
