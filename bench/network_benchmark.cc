// SPDX-License-Identifier: Apache-2.0
//
// How long a start takes with eight veth pairs on a bridge, each with an address and up, and with
// none: two implementations through the same Testee interface, and beside them the floor, which is
// the netlink requests for eight such pairs and nothing else. What starts beside the pairs is the
// same, so the difference of the two is what the pairs cost. Needs root. The host is a network
// namespace of its own.
//
//   bazel-bin/bench/network_benchmark --testee LIBRARY --against LIBRARY --idle PROGRAM
//       --benchmark_repetitions=21 --benchmark_enable_random_interleaving

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness/comparison.h"
#include "conformance/testee/testee.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

using Clock = std::chrono::steady_clock;
using runtime::NetlinkSocket;

constexpr int kPairs = 8;
constexpr std::chrono::seconds kPatience(20);

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::string InsideAddress(int pair) { return fmt::format("192.0.2.{}/24", pair + 1); }

// What /sys says of network devices, for this process's network: implementations look there.
bool ShowOwnDevices(const fs::path& folder) {
  const fs::path own = folder / "sys";
  fs::create_directories(own);
  if (mount("sysfs", own.c_str(), "sysfs", 0, nullptr) != 0) return false;
  for (const char* part : {"class/net", "devices/virtual/net"}) {
    const fs::path seen = fs::path("/sys") / part;
    if (mount((own / part).c_str(), seen.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
  }
  return umount2(own.c_str(), MNT_DETACH) == 0;
}

bool EnterOwnMachine(const fs::path& folder) {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  fs::create_directories("/run/lxc");
  if (mount("tmpfs", "/run/lxc", "tmpfs", 0, "size=1m") != 0) return false;
  return ShowOwnDevices(folder);
}

// A machine with a bridge, as far as networks and mounts go, and the root of a container.
class Machine {
 public:
  static std::optional<Machine> Make(const std::string& idle) {
    std::string folder = "/tmp/lxcspec-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) return std::nullopt;
    Machine machine(folder);
    for (const char* inner : {"root/dev", "root/proc", "root/sys", "lxc"}) {
      fs::create_directories(machine.folder_ / inner);
    }
    fs::copy_file(idle, machine.folder_ / "root/idle");
    if (!EnterOwnMachine(machine.folder_)) return std::nullopt;
    auto host = NetlinkSocket::Open();
    if (!host) return std::nullopt;
    machine.host_ = *std::move(host);
    if (!CreateLink(*machine.host_, "bridge", 0, {.name = "br0"}, nullptr)) return std::nullopt;
    const auto bridge = FindLink(*machine.host_, "br0");
    if (!bridge || !ChangeLink(*machine.host_, bridge->index, {.up = true}, "up")) {
      return std::nullopt;
    }
    machine.bridge_ = bridge->index;
    return machine;
  }
  Machine(Machine&& other) noexcept
      : folder_(std::exchange(other.folder_, fs::path())),
        host_(std::move(other.host_)),
        bridge_(other.bridge_) {}
  ~Machine() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  const fs::path& folder() const { return folder_; }
  NetlinkSocket& host() { return *host_; }
  int bridge() const { return bridge_; }

  // The kernel takes a container's network down after its end: so that this is in nobody's time.
  bool AwaitNoPairs() {
    const auto deadline = Clock::now() + kPatience;
    for (;;) {
      const auto links = Links(*host_);
      // lo and the bridge
      if (links && links->size() == 2) return true;
      if (Clock::now() > deadline) return false;
      poll(nullptr, 0, 1);
    }
  }

 private:
  explicit Machine(fs::path folder) : folder_(std::move(folder)) {}

  fs::path folder_;
  std::optional<NetlinkSocket> host_;
  int bridge_ = 0;
};

Result<std::unique_ptr<Container>> Configure(Testee& testee, const std::string& name,
                                             const Machine& machine, int pairs) {
  auto made = testee.NewContainer(name, (machine.folder() / "lxc").string());
  if (!made) return made;
  Container& container = **made;
  std::vector<std::pair<std::string, std::string>> items = {
      {"lxc.rootfs.path", "dir:" + (machine.folder() / "root").string()},
      {"lxc.init.cmd", "/idle"},
      {"lxc.net", ""}};
  if (pairs == 0) items.emplace_back("lxc.net.0.type", "empty");
  for (int pair = 0; pair < pairs; ++pair) {
    const std::string key = fmt::format("lxc.net.{}.", pair);
    items.emplace_back(key + "type", "veth");
    items.emplace_back(key + "link", "br0");
    items.emplace_back(key + "flags", "up");
    items.emplace_back(key + "ipv4.address", InsideAddress(pair));
  }
  for (const auto& [key, value] : items) RETURN_IF_ERROR(container.SetConfigItem(key, value));
  RETURN_IF_ERROR(container.WantDaemonize(true));
  return made;
}

// Implementations do not look at each other's containers, so each has its own name.
void Start(benchmark::State& state, Testee* testee, const std::string& name, Machine* machine,
           int pairs) {
  auto container = Configure(*testee, name, *machine, pairs);
  if (!container) return state.SkipWithError(container.error().ToString().c_str());
  for ([[maybe_unused]] auto _ : state) {
    const auto before = Clock::now();
    const Status started = (*container)->Start({});
    state.SetIterationTime(Seconds(Clock::now() - before));
    if (!started) return state.SkipWithError(started.error().ToString().c_str());
    const auto links = Links(machine->host());
    const bool all = links && links->size() == static_cast<size_t>(2 + pairs);
    Status stopped = (*container)->Stop();
    if (stopped) stopped = (*container)->Wait("STOPPED", kPatience.count());
    if (!all) return state.SkipWithError("the container runs without its pairs");
    if (!stopped) return state.SkipWithError(stopped.error().ToString().c_str());
    if (!machine->AwaitNoPairs()) return state.SkipWithError("pairs stay after a stop");
  }
}

// A process in a network of its own, and a socket there.
class Inside {
 public:
  Inside() : process_(fork()) {
    if (process_ == 0) {
      while (true) pause();
    }
    const UniqueFd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (unshare(CLONE_NEWNET) != 0) return;
    network_ = UniqueFd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    auto socket = NetlinkSocket::Open();
    if (setns(own.get(), CLONE_NEWNET) != 0) abort();
    if (socket) socket_ = *std::move(socket);
  }
  ~Inside() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  bool ok() const { return network_ && socket_; }
  int network() const { return network_.get(); }
  NetlinkSocket& socket() { return *socket_; }

 private:
  pid_t process_;
  UniqueFd network_;
  std::optional<NetlinkSocket> socket_;
};

bool MakePair(Machine& machine, Inside& inside, int pair) {
  const std::string host_name = fmt::format("pair{}", pair);
  const std::string name = fmt::format("eth{}", pair);
  if (!CreateVeth(machine.host(), {.name = host_name},
                  {.name = name, .network = inside.network()})) {
    return false;
  }
  const auto outer = FindLink(machine.host(), host_name);
  const auto inner = FindLink(inside.socket(), name);
  if (!outer || !inner) return false;
  const auto address = runtime::ParseIpPrefix(AF_INET, InsideAddress(pair));
  return ChangeLink(machine.host(), outer->index, {.up = true, .master = machine.bridge()}, "") &&
         AddAddress(inside.socket(), inner->index, *address, std::nullopt) &&
         ChangeLink(inside.socket(), inner->index, {.up = true}, "");
}

void Floor(benchmark::State& state, Machine* machine, int pairs) {
  for ([[maybe_unused]] auto _ : state) {
    bool made = false;
    {
      Inside inside;
      if (!inside.ok()) return state.SkipWithError("no network of its own");
      const auto before = Clock::now();
      made = true;
      for (int pair = 0; pair < pairs; ++pair) made = made && MakePair(*machine, inside, pair);
      state.SetIterationTime(Seconds(Clock::now() - before));
    }
    if (!made) return state.SkipWithError("a pair could not be made");
    if (!machine->AwaitNoPairs()) return state.SkipWithError("pairs stay");
  }
}

template <typename... Arguments>
void Register(const std::string& name, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), arguments...)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond)
      ->Iterations(5);
}

Status Measure(Testee& testee, Testee& against, const std::string& idle) {
  auto machine = Machine::Make(idle);
  if (!machine) return Fail(EPERM, "cannot make a network of its own");
  for (const int pairs : {0, kPairs}) {
    const std::string name = fmt::format("BM_NetworkStart/{}", pairs);
    Register(name + "/testee", Start, &testee, "testee", &*machine, pairs);
    Register(name + "/against", Start, &against, "against", &*machine, pairs);
  }
  Register(fmt::format("BM_NetworkStart/{}/floor", kPairs), Floor, &*machine, kPairs);
  return RunRegistered();
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  std::string idle;
  return lxcspec::RunComparison(
      argc, argv,
      {.description = "Starts containers with network devices with two implementations.",
       .options = {{"--idle", "static program that the containers run", &idle}},
       .measure = [&](lxcspec::Testee& testee, lxcspec::Testee& against) {
         return lxcspec::Measure(testee, against, idle);
       }});
}
