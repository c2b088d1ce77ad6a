// SPDX-License-Identifier: Apache-2.0
//
// What device rules cost, for as many of them as there may be: to load, at each use of a device,
// and to change while a container runs. Beside liblxc's program for the same rules, and beside no
// program at all, in one interleaved run. Needs root and a cgroup2 hierarchy; makes cgroups there
// and removes them.
//
//   bazel build --config=speed //bench:cgroup2_devices_benchmark
//   bazel-bin/bench/cgroup2_devices_benchmark --benchmark_repetitions=21
//       --benchmark_enable_random_interleaving --benchmark_min_time=0.01
//
// With --table the last lines are a table of medians in Markdown.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/linear_device_program.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/bpf_call.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"
#include "runtime/kernel/device_interpreter.h"
#include "runtime/kernel/device_program.h"
#include "runtime/kernel/device_rules.h"
#include "runtime/kernel/device_table.h"

namespace lxcspec {
namespace {

using runtime::Cgroup;
using runtime::DeviceProgram;
using runtime::DeviceRule;
using runtime::DeviceRules;
using runtime::DeviceTable;
using runtime::DeviceType;
using runtime::kMayAll;

constexpr int kSizes[] = {0, 1, 12, 64, 256, 1024, 65'536};
// Beyond these liblxc's program is more than the verifier walks.
constexpr int kMostLinear = 1024;

template <typename T>
T Must(runtime::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().ToString());
    exit(3);
  }
  return *std::move(result);
}
void Must(const runtime::Status& status) {
  if (status) return;
  fmt::print(stderr, "{}\n", status.error().ToString());
  exit(3);
}

// What is allowed. Twelve are those that LXC's configuration for distributions has.
std::vector<DeviceRule> Allowed(int size) {
  std::vector<DeviceRule> rules;
  if (size == 12) {
    for (const char* text :
         {"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 5:1 rwm",
          "c 5:2 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 136:* rwm", "c 10:229 rwm"}) {
      rules.push_back(Must(runtime::ParseDeviceRule(true, text)));
    }
    return rules;
  }
  for (int i = 0; i < size; ++i) {
    // No major is 0: of a device without a number nobody is asked.
    const bool many = size > kMostLinear;
    rules.push_back({.allow = true,
                     .character = true,
                     .major = static_cast<uint32_t>(1 + (many ? i / 256 : i % 250)),
                     .minor = static_cast<uint32_t>(many ? i % 256 : i / 250 * 2),
                     .access = kMayAll});
  }
  return rules;
}

DeviceRules AsRules(const std::vector<DeviceRule>& allowed) {
  DeviceRules rules;
  rules.Add({.allow = false, .block = true, .character = true, .access = kMayAll});
  for (const DeviceRule& rule : allowed) rules.Add(rule);
  return rules;
}

// The rule that liblxc's program comes to last and that is about one device.
runtime::DeviceUse Used(const std::vector<DeviceRule>& allowed) {
  for (const DeviceRule& rule : allowed) {
    if (rule.major && rule.minor) {
      return {DeviceType::kCharacter, *rule.major, *rule.minor, runtime::kMayRead};
    }
  }
  return {DeviceType::kCharacter, 1, 3, runtime::kMayRead};
}

// A program with what it looks into.
struct Form {
  std::optional<DeviceTable> table;
  DeviceProgram program;
};

Form MakeTable(const std::vector<DeviceRule>& allowed) {
  auto table = Must(DeviceTable::Create(AsRules(allowed)));
  auto program = Must(DeviceProgram::Load(table.Lookup()));
  return {std::move(table), std::move(program)};
}

Form MakeLinear(const std::vector<DeviceRule>& allowed) {
  return {std::nullopt, Must(DeviceProgram::Load(CompileLinearly(allowed)))};
}

// Allows everything, and does nothing else.
Form MakeNothing(const std::vector<DeviceRule>&) {
  return {std::nullopt,
          Must(DeviceProgram::Load(
              {runtime::BpfInstruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1),
               runtime::BpfInstruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)}))};
}

using Maker = Form (*)(const std::vector<DeviceRule>&);

uint64_t VerifiedInstructions(const DeviceProgram& program) {
  bpf_prog_info info = {};
  bpf_attr attributes = {};
  attributes.info.bpf_fd = static_cast<uint32_t>(program.fd());
  attributes.info.info_len = sizeof(info);
  attributes.info.info = runtime::BpfAddress(&info);
  if (runtime::Bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return 0;
  return info.verified_insns;
}

// Instructions of liblxc's program until it decides: counted by their form, since its tests of
// registers are none of the interpreter's.
int LinearlyExecuted(const std::vector<DeviceRule>& allowed, const runtime::DeviceUse& use) {
  int executed = 6;
  for (auto rule = allowed.rbegin(); rule != allowed.rend(); ++rule) {
    if (rule->access != kMayAll) {
      executed += 3;
      if ((use.access & ~rule->access) != 0) continue;
    }
    if (rule->block != rule->character) {
      ++executed;
      if (rule->block != (use.type == DeviceType::kBlock)) continue;
    }
    if (rule->major && (++executed, *rule->major != use.major)) continue;
    if (rule->minor && (++executed, *rule->minor != use.minor)) continue;
    return executed + 2;
  }
  return executed + 2;
}

// The cgroup that everything here is in, and a device's node.
class Place {
 public:
  Place() : home_(OwnFolder()), base_(Must(home_.Make(fmt::format("lxcspec.bench.{}", getpid())))) {
    char folder[] = "/tmp/lxcspec.bench.XXXXXX";
    if (mkdtemp(folder) == nullptr) exit(3);
    nodes_ = folder;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    static_cast<void>(home_.Add(0));
    static_cast<void>(runtime::RemoveCgroup(base_.folder(), std::chrono::seconds(10)));
    for (const std::string& node : made_) unlink(node.c_str());
    rmdir(nodes_.c_str());
  }

  Cgroup MakeCgroup() { return Must(base_.Make(fmt::format("{}", ++count_))); }

  // An O_PATH descriptor of a node: access(2) by it asks the program and no driver.
  runtime::UniqueFd Node(const runtime::DeviceUse& use) {
    const std::string path = fmt::format("{}/{}:{}", nodes_, use.major, use.minor);
    if (mknod(path.c_str(), S_IFCHR | 0600, makedev(use.major, use.minor)) == 0) {
      made_.push_back(path);
    }
    return runtime::UniqueFd(open(path.c_str(), O_PATH | O_CLOEXEC));
  }

 private:
  static Cgroup OwnFolder() {
    for (const auto& hierarchy : Must(runtime::CgroupsOf("self")).all) {
      if (hierarchy.version == 2) return Must(Cgroup::Open(hierarchy.folder, 2));
    }
    fmt::print(stderr, "this machine has no cgroup2 hierarchy\n");
    exit(3);
  }

  Cgroup home_;
  Cgroup base_;
  std::string nodes_;
  std::vector<std::string> made_;
  int count_ = 0;
};

void Load(benchmark::State& state, int size, Maker make) {
  const std::vector<DeviceRule> allowed = Allowed(size);
  std::optional<Form> last;
  for (auto unused : state) {
    static_cast<void>(unused);
    last.emplace(make(allowed));
  }
  state.counters["verified"] = static_cast<double>(VerifiedInstructions(last->program));
}

void Check(benchmark::State& state, Place& place, int size, Maker make) {
  const std::vector<DeviceRule> allowed = Allowed(size);
  const runtime::DeviceUse use = Used(allowed);
  const runtime::UniqueFd node = place.Node(use);
  const Cgroup cgroup = place.MakeCgroup();
  std::optional<Form> form;
  if (make != nullptr) {
    form.emplace(make(allowed));
    Must(form->program.Attach(cgroup.fd(), nullptr));
  }
  Must(cgroup.Add(0));
  bool permitted = false;
  for (auto unused : state) {
    static_cast<void>(unused);
    permitted = syscall(SYS_faccessat2, node.get(), "", R_OK, AT_EMPTY_PATH) == 0;
    benchmark::DoNotOptimize(permitted);
  }
  const bool expected = make == nullptr || make == MakeNothing ||
                        AsRules(allowed).Permits(use.type, use.major, use.minor, use.access);
  if (permitted != expected) state.SkipWithError("another verdict than the rules have");
  if (make == MakeLinear) state.counters["instructions"] = LinearlyExecuted(allowed, use);
  if (make == MakeTable) {
    const auto layout = Must(runtime::DeviceTableLayout::Make(AsRules(allowed)));
    const auto outcome =
        InterpretDeviceProgram(runtime::CompileTableLookup(-1, layout), use, layout.bytes());
    state.counters["instructions"] = outcome ? outcome->executed : 0;
  }
}

// One device more, and one less.
void ChangeTable(benchmark::State& state, int size) {
  const std::vector<DeviceRule> allowed = Allowed(size);
  Form form = MakeTable(allowed);
  DeviceRules rules = AsRules(allowed);
  DeviceRule rule{.character = true, .major = 200, .minor = 201, .access = kMayAll};
  for (auto unused : state) {
    static_cast<void>(unused);
    rule.allow = !rule.allow;
    if (!form.table->CanSet(200, 201)) state.SkipWithError("no room");
    rules.Add(rule);
    form.table->Set(DeviceType::kCharacter, 200, 201,
                    rules.Allowed(DeviceType::kCharacter, 200, 201));
  }
}

// All rules anew, in the place of those before. What does not depend on them was made before, and
// what those before had is given back afterwards, as the reference does it: a table of this size,
// and its program.
void SwapPrepared(benchmark::State& state, Place& place, int size) {
  const DeviceRules rules = AsRules(Allowed(size));
  const Cgroup cgroup = place.MakeCgroup();
  Form form = MakeTable(Allowed(size));
  Must(form.program.Attach(cgroup.fd(), nullptr));
  std::optional<Form> next;
  for (auto unused : state) {
    static_cast<void>(unused);
    state.PauseTiming();
    auto reserved = Must(DeviceTable::Reserve(form.table->size(), form.table->is_deep()));
    auto program = Must(DeviceProgram::Load(reserved.Lookup()));
    next.emplace(Form{std::move(reserved), std::move(program)});
    state.ResumeTiming();
    auto layout = Must(runtime::DeviceTableLayout::Make(rules));
    if (!next->table->Take(std::move(layout))) state.SkipWithError("no room");
    Must(next->program.Attach(cgroup.fd(), &form.program));
    state.PauseTiming();
    form = *std::move(next);
    next.reset();
    state.ResumeTiming();
  }
}

// The same without anything made before.
void Swap(benchmark::State& state, Place& place, int size, Maker make) {
  const std::vector<DeviceRule> allowed = Allowed(size);
  const Cgroup cgroup = place.MakeCgroup();
  Form form = make(allowed);
  Must(form.program.Attach(cgroup.fd(), nullptr));
  for (auto unused : state) {
    static_cast<void>(unused);
    Form next = make(allowed);
    Must(next.program.Attach(cgroup.fd(), &form.program));
    form = std::move(next);
  }
}

// A byte in memory that nobody shares.
void Store(benchmark::State& state) {
  std::vector<uint8_t> bytes(1 << 14);
  for (auto unused : state) {
    static_cast<void>(unused);
    bytes[201] ^= 0xff;
    benchmark::ClobberMemory();
  }
}

void Register(Place& place) {
  for (const int size : kSizes) {
    const bool has_linear = size > 0 && size <= kMostLinear;
    const auto add = [&](std::string_view what, std::string_view role, auto run) {
      auto* const made = benchmark::RegisterBenchmark(
          fmt::format("BM_Device{}/{}/{}", what, size, role).c_str(), std::move(run));
      made->Unit(benchmark::kNanosecond);
      // The verifier takes a second for the longest of these.
      if (role == "against" && size > 64 && what != "Check") made->Iterations(1);
      // As many for each: how many are enough is guessed by the first of them, which is no use
      // here.
      if (what == "Check") made->Iterations(10'000);
    };
    using State = benchmark::State;
    add("Load", "testee", [=](State& state) { Load(state, size, MakeTable); });
    add("Load", "floor", [=](State& state) { Load(state, size, MakeNothing); });
    add("Check", "testee", [=, &place](State& state) { Check(state, place, size, MakeTable); });
    add("Check", "call", [=, &place](State& state) { Check(state, place, size, MakeNothing); });
    add("Check", "floor", [=, &place](State& state) { Check(state, place, size, nullptr); });
    add("Change", "testee", [=](State& state) { ChangeTable(state, size); });
    add("Change", "floor", [=](State& state) { Store(state); });
    add("Swap", "testee", [=, &place](State& state) { Swap(state, place, size, MakeTable); });
    add("SwapPrepared", "testee", [=, &place](State& state) { SwapPrepared(state, place, size); });
    add("Swap", "floor", [=, &place](State& state) { Swap(state, place, size, MakeNothing); });
    if (!has_linear) continue;
    add("Load", "against", [=](State& state) { Load(state, size, MakeLinear); });
    add("Check", "against", [=, &place](State& state) { Check(state, place, size, MakeLinear); });
    // A change is all rules anew there.
    add("Swap", "against", [=, &place](State& state) { Swap(state, place, size, MakeLinear); });
  }
}

// Prints what the console reporter does, and remembers medians.
class Medians : public benchmark::ConsoleReporter {
 public:
  Medians() : ConsoleReporter(OO_Tabular) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const std::string name = run.run_name.function_name;
      times_[name].push_back(run.GetAdjustedCPUTime());
      for (const auto& [counter, value] : run.counters) counters_[name + "/" + counter] = value;
    }
  }

  void PrintTable() const {
    fmt::print(
        "| rules | executed | verified | ns a check beyond none | load, µs | one rule more, µs "
        "| all anew, µs | without preparation, µs |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (const int size : kSizes) {
      const auto time = [&](const char* what, const char* role) {
        const auto found = times_.find(fmt::format("BM_Device{}/{}/{}", what, size, role));
        if (found == times_.end()) return -1.0;
        std::vector<double> sorted = found->second;
        std::sort(sorted.begin(), sorted.end());
        return sorted[sorted.size() / 2];
      };
      const auto count = [&](const char* what, const char* role, const char* counter) {
        const auto found =
            counters_.find(fmt::format("BM_Device{}/{}/{}/{}", what, size, role, counter));
        return found == counters_.end() ? std::string("–") : fmt::format("{:.0f}", found->second);
      };
      const auto micro = [](double nano) {
        return nano < 0 ? std::string("–") : fmt::format("{:.4g}", nano / 1000);
      };
      const auto beyond = [&](const char* role) {
        const double with = time("Check", role);
        return with < 0 ? std::string("–") : fmt::format("{:+.0f}", with - time("Check", "floor"));
      };
      fmt::print(
          "| {} | {} : {} | {} : {} | {} : {} ({}) | {} : {} ({}) | {} : {} | {} : {} | {} |\n",
          size, count("Check", "testee", "instructions"), count("Check", "against", "instructions"),
          count("Load", "testee", "verified"), count("Load", "against", "verified"),
          beyond("testee"), beyond("against"), beyond("call"), micro(time("Load", "testee")),
          micro(time("Load", "against")), micro(time("Load", "floor")),
          micro(time("Change", "testee")), micro(time("Swap", "against")),
          micro(time("SwapPrepared", "testee")), micro(time("Swap", "against")),
          micro(time("Swap", "testee")));
    }
  }

 private:
  std::map<std::string, std::vector<double>> times_;
  std::map<std::string, double> counters_;
};

int Run(int argc, char** argv) {
  bool wants_table = false;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--table") {
      wants_table = true;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Place place;
  Register(place);
  Medians medians;
  if (wants_table) {
    benchmark::RunSpecifiedBenchmarks(&medians);
    medians.PrintTable();
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  return 0;
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) { return lxcspec::Run(argc, argv); }
