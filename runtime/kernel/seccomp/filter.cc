// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/filter.h"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "runtime/kernel/seccomp/assembler.h"
#include "runtime/kernel/seccomp/narrowing.h"

namespace lxcspec::runtime {
namespace {

// SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, which older headers lack.
constexpr unsigned long kWaitKillable = 1UL << 5;

struct Architecture {
  uint32_t token;
  // Of arguments: what is above them no program means.
  bool has_32_bits;
};

// The machine's own first.
std::vector<Architecture> Architectures() {
  const uint32_t own = seccomp_arch_native();
  switch (own) {
    case SCMP_ARCH_X86_64:
      return {{own, false}, {SCMP_ARCH_X86, true}, {SCMP_ARCH_X32, true}};
    case SCMP_ARCH_AARCH64:
      return {{own, false}, {SCMP_ARCH_ARM, true}};
    case SCMP_ARCH_PPC64:
      return {{own, false}, {SCMP_ARCH_PPC, true}};
    case SCMP_ARCH_S390X:
      return {{own, false}, {SCMP_ARCH_S390, true}};
    case SCMP_ARCH_MIPS64:
      return {{own, false}, {SCMP_ARCH_MIPS, true}, {SCMP_ARCH_MIPS64N32, true}};
    case SCMP_ARCH_MIPSEL64:
      return {{own, false}, {SCMP_ARCH_MIPSEL, true}, {SCMP_ARCH_MIPSEL64N32, true}};
    default:
      return {{own, sizeof(void*) == sizeof(uint32_t)}};
  }
}

bool AppliesTo(const PolicyRule& rule, const Architecture& architecture) {
  return rule.architecture.empty() ||
         seccomp_arch_resolve_name(rule.architecture.c_str()) == architecture.token;
}

uint32_t ReturnOf(const SeccompVerdict& verdict) {
  switch (verdict.action) {
    case SeccompAction::kAllow:
      return SECCOMP_RET_ALLOW;
    case SeccompAction::kTrap:
      return SECCOMP_RET_TRAP;
    case SeccompAction::kErrno:
      return SECCOMP_RET_ERRNO | verdict.number;
    case SeccompAction::kNotify:
      return SECCOMP_RET_USER_NOTIF;
    case SeccompAction::kKill:
      break;
  }
  return SECCOMP_RET_KILL_THREAD;
}

// The kernel's name of an architecture: x32 is a way to make calls of x86-64.
uint32_t AuditArchitecture(uint32_t token) {
  return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

// libseccomp's number of a call, which may be one of its own below 0.
int NumberOn(uint32_t token, const std::string& name) {
  return seccomp_syscall_resolve_name_arch(token, name.c_str());
}

// Some architectures' 32-bit programs can make calls by way of another one, whose first argument
// says which.
struct Multiplexed {
  const char* by;
  ArgumentTest as;
};

std::optional<Multiplexed> MultiplexedCall(int number) {
  // libseccomp's numbers of socket(2) and the like, and of semget(2) and the like.
  constexpr int kSocketcall = -100;
  constexpr int kIpc = -200;
  constexpr int kLast = -299;
  // ipc(2) has a version in the number's other bits.
  constexpr uint64_t kIpcMask = 0xffff;
  if (number >= kSocketcall || number < kLast) return std::nullopt;
  const bool is_ipc = number <= kIpc;
  return Multiplexed{
      .by = is_ipc ? "ipc" : "socketcall",
      .as = {.index = 0,
             .comparison = Comparison::kMaskedEqual,
             .value = static_cast<uint64_t>(is_ipc ? kIpc - number : kSocketcall - number),
             .mask = is_ipc ? kIpcMask : UINT32_MAX}};
}

// The numbers under which an architecture's calls can be made directly, also of those that
// libseccomp itself has another number for. Looked up once.
const std::map<std::string, int>& DirectNumbers(uint32_t token) {
  static std::mutex mutex;
  static std::map<uint32_t, std::map<std::string, int>> by_token;
  const std::lock_guard lock(mutex);
  auto& numbers = by_token[token];
  if (!numbers.empty()) return numbers;
  // Where the tables of all architectures begin, and further than any of them goes.
  constexpr int kFirst[] = {0, 4000};
  constexpr int kLength = 1000;
  for (const int first : kFirst) {
    for (int number = first; number < first + kLength; ++number) {
      const std::unique_ptr<char, decltype(&free)> name(
          seccomp_syscall_resolve_num_arch(token, number), free);
      if (name != nullptr) numbers.emplace(name.get(), number);
    }
  }
  return numbers;
}

class Compiler {
 public:
  explicit Compiler(const SeccompPolicy& policy)
      : policy_(policy), architectures_(Architectures()) {
    // Version 1 has numbers, which mean the same on no two architectures.
    if (policy_.by_number) architectures_.resize(1);
  }

  Result<SeccompFilter> Compile() {
    for (const PolicyRule& rule : policy_.rules) by_strictness_.push_back(&rule);
    std::stable_sort(by_strictness_.begin(), by_strictness_.end(),
                     [](const PolicyRule* one, const PolicyRule* other) {
                       return one->verdict.action < other->verdict.action;
                     });
    for (const Architecture& architecture : architectures_) AddArchitecture(architecture);
    filter_.program = AssembleFilter(rules_, ReturnOf(policy_.otherwise));
    if (filter_.program.size() > BPF_MAXINSNS) {
      return Failure(E2BIG, fmt::format("the policy makes {} instructions, the kernel takes {}",
                                        filter_.program.size(), BPF_MAXINSNS));
    }
    filter_.notifies |= policy_.otherwise.action == SeccompAction::kNotify;
    Warn();
    return std::move(filter_);
  }

 private:
  void AddArchitecture(const Architecture& architecture) {
    const uint32_t audit = AuditArchitecture(architecture.token);
    auto found = std::find_if(rules_.begin(), rules_.end(),
                              [&](const auto& one) { return one.architecture == audit; });
    if (found == rules_.end()) {
      found = rules_.insert(rules_.end(), ArchitectureRules{.architecture = audit, .rules = {}});
    }
    for (const PolicyRule* rule : by_strictness_) {
      if (AppliesTo(*rule, architecture)) AddTo(found->rules, architecture, *rule);
    }
  }

  void AddTo(std::vector<CallRule>& rules, const Architecture& architecture,
             const PolicyRule& rule) {
    const int number =
        policy_.by_number ? static_cast<int>(rule.number) : NumberOn(architecture.token, rule.name);
    const auto multiplexed = MultiplexedCall(number);
    if (number < 0 && !multiplexed) return;
    exist_.insert(&rule);
    const auto tests = architecture.has_32_bits ? Narrowed(rule.tests) : rule.tests;
    if (!tests) return;
    const auto add = [&](int of, const std::vector<ArgumentTest>& with) {
      rules.push_back({.number = static_cast<uint32_t>(of),
                       .tests = with,
                       .has_32_bits = architecture.has_32_bits,
                       .verdict = ReturnOf(rule.verdict)});
      filter_.notifies |= rule.verdict.action == SeccompAction::kNotify;
    };
    if (!multiplexed) return add(number, *tests);
    // Its arguments are in memory then, where no filter looks: so nothing becomes looser for what a
    // rule says of them, and what becomes stricter does so for all.
    if (!rule.tests.empty() && rule.verdict.action > policy_.otherwise.action) return;
    add(NumberOn(architecture.token, multiplexed->by), {multiplexed->as});
    const auto& direct = DirectNumbers(architecture.token);
    const auto found = direct.find(rule.name);
    if (found != direct.end()) add(found->second, *tests);
  }

  // Of rules that are for this machine, and stand for no call of it.
  void Warn() {
    for (const PolicyRule& rule : policy_.rules) {
      if (exist_.count(&rule) != 0) continue;
      const bool applies =
          std::any_of(architectures_.begin(), architectures_.end(),
                      [&](const Architecture& one) { return AppliesTo(rule, one); });
      if (!applies) continue;
      filter_.warnings.push_back(fmt::format(
          "line {}: there is no system call {} here: the rule is left out", rule.line, rule.name));
    }
  }

  const SeccompPolicy& policy_;
  std::vector<Architecture> architectures_;
  std::vector<const PolicyRule*> by_strictness_;
  std::vector<ArchitectureRules> rules_;
  // Rules whose calls this machine has.
  std::set<const PolicyRule*> exist_;
  SeccompFilter filter_;
};

}  // namespace

Result<SeccompFilter> CompileSeccompPolicy(const SeccompPolicy& policy) {
  return Compiler(policy).Compile();
}

bool HasSeccompFilters() {
  // Who knows the operation looks for the program.
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr) != 0 && errno == EFAULT;
}

Result<bool> IsThreadFiltered() {
  // prctl(2) may be what a filter forbids on pain of death.
  std::ifstream file("/proc/thread-self/status");
  constexpr std::string_view kLabel = "Seccomp:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kLabel)) return line.find_first_not_of(" \t0", kLabel.size()) != line.npos;
  }
  return Failure(ENODATA, "/proc/thread-self/status says nothing of seccomp");
}

Result<UniqueFd> LoadSeccompFilter(std::span<const sock_filter> program, bool with_listener) {
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()),
                          .filter = const_cast<sock_filter*>(program.data())};
  constexpr const char* kAttempted = "seccomp(SECCOMP_SET_MODE_FILTER)";
  if (!with_listener) {
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
      return ErrnoFailure(kAttempted);
    }
    return UniqueFd();
  }
  // A call that a supervisor has seen is taken back for a fatal signal only, where the kernel can
  // do that.
  long listener = -1;
  for (const unsigned long flags :
       {SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable, SECCOMP_FILTER_FLAG_NEW_LISTENER}) {
    listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    if (listener >= 0 || errno != EINVAL) break;
  }
  if (listener < 0) return ErrnoFailure(kAttempted);
  return UniqueFd(static_cast<int>(listener));
}

}  // namespace lxcspec::runtime
