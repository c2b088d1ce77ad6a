// SPDX-License-Identifier: Apache-2.0
//
// Starts and stops a container many times, and kills its init or its monitor at random moments, all
// through the C ABI of a liblxc.so.1. Then counts what is left. Exits with 1 where there is any.
//
//   stress <liblxc.so.1> <idle> [<cycles> [<kills> [<seed>]]]

#include <dlfcn.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/api/abi.h"
#include "runtime/stress/leftovers.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;

constexpr int kStopSeconds = 20;
// How far into a start and stop a kill comes at most.
constexpr int kLatestKillMicroseconds = 40'000;
constexpr std::chrono::seconds kPatience(10);

using NewContainer = abi::Container* (*)(const char* name, const char* lxcpath);
using PutContainer = int (*)(abi::Container*);

struct Library {
  NewContainer open;
  PutContainer put;
};

// A folder with a container's root in it, whose name is on all that the container has.
struct Ground {
  explicit Ground(const fs::path& idle) {
    mark = fmt::format("lxcstress{}", getpid());
    folder = fs::temp_directory_path() / mark;
    for (const char* name : {"dev", "proc", "sys"}) fs::create_directories(folder / "root" / name);
    fs::copy_file(idle, folder / "root" / mark);
  }
  ~Ground() { fs::remove_all(folder); }

  std::string mark;
  fs::path folder;
};

// A reference to the container.
class Handle {
 public:
  Handle(const Library& library, const Ground& ground)
      : library_(library), container_(library.open(ground.mark.c_str(), ground.folder.c_str())) {
    Set("lxc.rootfs.path", "dir:" + (ground.folder / "root").string());
    Set("lxc.init.cmd", "/" + ground.mark);
    Set("lxc.net.0.type", "empty");
    Set("lxc.apparmor.profile", "unconfined");
    // So that there is a program and a table too, and a cgroup below another.
    Set("lxc.cgroup2.devices.deny", "a");
    for (const char* rule : {"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 136:* rwm"}) {
      Set("lxc.cgroup2.devices.allow", rule);
    }
    Set("lxc.cgroup.dir.monitor", ground.mark + ".monitor");
    Set("lxc.cgroup.dir.container", ground.mark + ".container");
    Set("lxc.cgroup.dir.container.inner", "inner");
  }
  ~Handle() { library_.put(container_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  abi::Container* operator->() const { return container_; }
  abi::Container* get() const { return container_; }

 private:
  void Set(const char* key, const std::string& value) {
    if (!container_->set_config_item(container_, key, value.c_str())) {
      fmt::print(stderr, "{} = {} is refused\n", key, value);
      exit(EXIT_FAILURE);
    }
  }

  const Library& library_;
  abi::Container* container_;
};

// Monitors outlive who forked them, and become this process's children.
void ReapAll() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

bool StopAndSee(const Handle& container) {
  return container->stop(container.get()) &&
         container->wait(container.get(), "STOPPED", kStopSeconds);
}

int RunCycles(const Handle& container, int cycles) {
  int failures = 0;
  for (int i = 0; i < cycles; ++i) {
    const bool ran = container->start(container.get(), 0, nullptr) &&
                     container->is_running(container.get()) && StopAndSee(container);
    failures += ran ? 0 : 1;
    ReapAll();
  }
  return failures;
}

// Kills one of the container's processes, by a descriptor of it. False where there was none.
bool KillOne(const std::string& mark, bool monitor) {
  for (const FoundProcess& process : FindProcesses(mark)) {
    const bool is_monitor = process.command_line.starts_with("[lxc monitor]");
    if (is_monitor != monitor || process.command_line.find(mark) == std::string::npos) continue;
    const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
    if (pidfd < 0) continue;
    // Still the one that was found, now that the descriptor holds on to it.
    bool killed = false;
    for (const FoundProcess& again : FindProcesses(mark)) {
      killed = killed || (again.pid == process.pid && again.command_line == process.command_line);
    }
    killed = killed && syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) == 0;
    close(pidfd);
    if (killed) return true;
  }
  return false;
}

struct KillResult {
  int killed = 0;
  int failures = 0;
};

KillResult RunKills(const Library& library, const Ground& ground, int kills, std::mt19937& random) {
  const Handle container(library, ground);
  std::uniform_int_distribution<int> delays(0, kLatestKillMicroseconds);
  KillResult result;
  // A kill may come too early or too late to hit anything.
  for (int tries = 0; result.killed < kills && tries < kills * 20; ++tries) {
    std::thread other([&] {
      const Handle own(library, ground);
      own->start(own.get(), 0, nullptr);
      own->stop(own.get());
    });
    std::this_thread::sleep_for(microseconds(delays(random)));
    result.killed += KillOne(ground.mark, random() % 2 == 0) ? 1 : 0;
    other.join();
    result.failures += StopAndSee(container) ? 0 : 1;
    ReapAll();
  }
  // What was killed again and again still starts.
  result.failures += RunCycles(container, 1);
  return result;
}

// What ends asynchronously may take a moment.
std::map<std::string, size_t> Settled(const Leftovers& leftovers,
                                      const std::map<std::string, size_t>& before) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    ReapAll();
    auto counts = leftovers.Count();
    for (const auto& [kind, count] : CountDeviceObjects()) {
      const size_t others = before.at(kind);
      counts[kind] = count - std::min(count, others);
    }
    size_t sum = 0;
    for (const auto& [kind, count] : counts) sum += count;
    if (sum == 0 || std::chrono::steady_clock::now() > deadline) return counts;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

int Run(const Library& library, const fs::path& idle, int cycles, int kills, unsigned seed) {
  const Ground ground(idle);
  std::mt19937 random(seed);
  const auto device_objects = CountDeviceObjects();
  {
    // What the library keeps for good is there from the first cycle on, device programs aside.
    const Handle container(library, ground);
    if (RunCycles(container, 1) != 0) {
      fmt::print(stderr, "the container does not start: {}\n",
                 container->error_string != nullptr ? container->error_string : "");
      return EXIT_FAILURE;
    }
  }
  const Leftovers leftovers(ground.mark);
  int failed_cycles = 0;
  {
    const Handle container(library, ground);
    failed_cycles = RunCycles(container, cycles);
  }
  const KillResult killed = RunKills(library, ground, kills, random);
  const auto counts = Settled(leftovers, device_objects);

  utsname kernel{};
  uname(&kernel);
  fmt::print("date {:%Y-%m-%d}\nkernel {}\nseed {}\n", fmt::gmtime(time(nullptr)), kernel.release,
             seed);
  fmt::print("cycles {}\nfailed_cycles {}\nkills {}\nfailed_after_kill {}\n", cycles, failed_cycles,
             killed.killed, killed.failures);
  size_t left = 0;
  for (const auto& [kind, count] : counts) {
    fmt::print("left_{} {}\n", kind, count);
    left += count;
  }
  if (left > 0) {
    for (const FoundProcess& process : FindProcesses(ground.mark)) {
      fmt::print(stderr, "left: {} {}\n", process.pid, process.command_line);
    }
  }
  const bool good =
      left == 0 && failed_cycles == 0 && killed.failures == 0 && killed.killed == kills;
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: stress <liblxc.so.1> <idle> [<cycles> [<kills> [<seed>]]]\n");
    return EXIT_FAILURE;
  }
  const auto number = [&](int index, int otherwise) {
    return argc > index ? atoi(argv[index]) : otherwise;
  };
  void* const library = dlopen(fs::absolute(argv[1]).c_str(), RTLD_NOW);
  if (library == nullptr) {
    fmt::print(stderr, "{}\n", dlerror());
    return EXIT_FAILURE;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Library symbols{.open = reinterpret_cast<NewContainer>(dlsym(library, "lxc_container_new")),
                        .put = reinterpret_cast<PutContainer>(dlsym(library, "lxc_container_put"))};
  return Run(symbols, fs::absolute(argv[2]), number(3, 1000), number(4, 200),
             static_cast<unsigned>(number(5, 1)));
}

}  // namespace
}  // namespace lxcspec::runtime

int main(int argc, char** argv) { return lxcspec::runtime::Main(argc, argv); }
