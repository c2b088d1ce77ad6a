// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/filter.h"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/kernel/seccomp/rule_conflicts.h"

namespace lxcspec::runtime {
namespace {

// SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, which older headers lack.
constexpr unsigned long kWaitKillable = 1UL << 5;

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

struct Architecture {
  uint32_t token;
  bool has_32_bits;
};

// The machine's own first.
std::vector<Architecture> Architectures() {
  const uint32_t own = seccomp_arch_native();
  switch (own) {
    case SCMP_ARCH_X86_64:
      return {{own, false}, {SCMP_ARCH_X86, true}, {SCMP_ARCH_X32, false}};
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

std::string NameOf(const PolicyRule& rule) {
  return rule.name.empty() ? std::to_string(rule.number) : rule.name;
}

uint32_t ActionOf(const SeccompVerdict& verdict) {
  switch (verdict.action) {
    case SeccompAction::kAllow:
      return SCMP_ACT_ALLOW;
    case SeccompAction::kTrap:
      return SCMP_ACT_TRAP;
    case SeccompAction::kErrno:
      return SCMP_ACT_ERRNO(verdict.number);
    case SeccompAction::kNotify:
      return SCMP_ACT_NOTIFY;
    case SeccompAction::kKill:
      break;
  }
  return SCMP_ACT_KILL;
}

scmp_arg_cmp ComparisonOf(const ArgumentTest& test) {
  constexpr std::array<scmp_compare, 7> kOperators = {SCMP_CMP_NE,       SCMP_CMP_LT, SCMP_CMP_LE,
                                                      SCMP_CMP_EQ,       SCMP_CMP_GE, SCMP_CMP_GT,
                                                      SCMP_CMP_MASKED_EQ};
  scmp_arg_cmp made{.arg = test.index,
                    .op = kOperators.at(static_cast<size_t>(test.comparison)),
                    .datum_a = test.value,
                    .datum_b = 0};
  if (test.comparison == Comparison::kMaskedEqual) {
    made.datum_a = test.mask;
    made.datum_b = test.value & test.mask;
  }
  return made;
}

// A rule as one architecture sees it.
struct ResolvedRule {
  const PolicyRule* rule;
  // As seccomp_rule_add(3) takes it: of the machine's own architecture.
  int call;
  std::vector<ArgumentTest> tests;
};

class Compiler {
 public:
  explicit Compiler(const SeccompPolicy& policy)
      : policy_(policy), architectures_(Architectures()) {
    // Version 1 has numbers, which mean the same on no two architectures.
    if (policy_.by_number) architectures_.resize(1);
  }

  Result<SeccompFilter> Compile() {
    Context whole(nullptr, seccomp_release);
    for (const Architecture& architecture : architectures_) {
      auto part = CompileFor(architecture);
      if (!part) return Forward(std::move(part).error());
      if (whole == nullptr) {
        whole = *std::move(part);
        continue;
      }
      const int merged = seccomp_merge(whole.get(), part->get());
      if (merged != 0) return Failure(-merged, "seccomp_merge()");
      // What was merged is gone.
      static_cast<void>(part->release());
    }
    Warn();
    filter_.notifies |= policy_.otherwise.action == SeccompAction::kNotify;
    TRY(Export(whole));
    return std::move(filter_);
  }

 private:
  Result<Context> CompileFor(const Architecture& architecture) {
    auto rules = Resolve(architecture);
    if (!rules) return Forward(std::move(rules).error());
    Context context(seccomp_init(ActionOf(policy_.otherwise)), seccomp_release);
    if (context == nullptr) return Failure(ENOSYS, "line 2: this kernel lacks the default action");
    const uint32_t own = seccomp_arch_native();
    if (architecture.token != own) {
      const int added = seccomp_arch_add(context.get(), architecture.token);
      if (added != 0) return Failure(-added, "seccomp_arch_add()");
      const int removed = seccomp_arch_remove(context.get(), own);
      if (removed != 0) return Failure(-removed, "seccomp_arch_remove()");
    }
    for (const ResolvedRule& rule : *rules) {
      // libseccomp has no rules that change nothing.
      if (rule.rule->verdict == policy_.otherwise) continue;
      filter_.notifies |= rule.rule->verdict.action == SeccompAction::kNotify;
      std::array<scmp_arg_cmp, kArgumentCount> comparisons{};
      std::transform(rule.tests.begin(), rule.tests.end(), comparisons.begin(), ComparisonOf);
      const int added =
          seccomp_rule_add_array(context.get(), ActionOf(rule.rule->verdict), rule.call,
                                 static_cast<unsigned>(rule.tests.size()), comparisons.data());
      if (added != 0) {
        return Failure(-added, fmt::format("line {}: seccomp_rule_add({})", rule.rule->line,
                                           NameOf(*rule.rule)));
      }
    }
    return context;
  }

  // What there is of a rule's call on an architecture. Equal for names of the same call.
  std::optional<int> NumberOn(const Architecture& architecture, const PolicyRule& rule) const {
    if (policy_.by_number) return static_cast<int>(rule.number);
    const int number = seccomp_syscall_resolve_name_arch(architecture.token, rule.name.c_str());
    // Calls that share one number with others, as socketcall(2), have these numbers of their own.
    constexpr int kFirstShared = -101;
    constexpr int kLastShared = -299;
    const bool is_shared = number <= kFirstShared && number >= kLastShared;
    return number >= 0 || is_shared ? std::optional(number) : std::nullopt;
  }

  Result<std::vector<ResolvedRule>> Resolve(const Architecture& architecture) {
    std::vector<ResolvedRule> resolved;
    std::map<int, std::vector<size_t>> by_number;
    for (const PolicyRule& rule : policy_.rules) {
      if (!AppliesTo(rule, architecture)) continue;
      const auto number = NumberOn(architecture, rule);
      if (!number) continue;
      exist_.push_back(&rule);
      auto tests = architecture.has_32_bits ? Narrowed(rule.tests) : rule.tests;
      if (!tests) continue;
      auto& others = by_number[*number];
      for (const size_t other : others) {
        const ResolvedRule& before = resolved[other];
        if (before.rule->verdict == rule.verdict || !CanBothHold(before.tests, *tests)) continue;
        return Failure(EINVAL, fmt::format("line {}: {}: line {} says otherwise of the same call",
                                           rule.line, NameOf(rule), before.rule->line));
      }
      others.push_back(resolved.size());
      const int call =
          policy_.by_number ? *number : seccomp_syscall_resolve_name(rule.name.c_str());
      resolved.push_back({.rule = &rule, .call = call, .tests = *std::move(tests)});
    }
    return resolved;
  }

  // Of rules that are for this machine, and stand for no call of it.
  void Warn() {
    std::sort(exist_.begin(), exist_.end());
    for (const PolicyRule& rule : policy_.rules) {
      if (std::binary_search(exist_.begin(), exist_.end(), &rule)) continue;
      const bool applies =
          std::any_of(architectures_.begin(), architectures_.end(),
                      [&](const Architecture& one) { return AppliesTo(rule, one); });
      if (!applies) continue;
      filter_.warnings.push_back(fmt::format(
          "line {}: there is no system call {} here: the rule is left out", rule.line, rule.name));
    }
  }

  // libseccomp 2.5 writes a program nowhere but into a descriptor.
  Status Export(const Context& context) {
    const UniqueFd file(memfd_create("seccomp filter", MFD_CLOEXEC));
    if (!file.valid()) return ErrnoFailure("memfd_create()");
    const int exported = seccomp_export_bpf(context.get(), file.get());
    if (exported != 0) return Failure(-exported, "seccomp_export_bpf()");
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return ErrnoFailure("fstat()");
    const auto size = static_cast<size_t>(status.st_size);
    filter_.program.resize(size / sizeof(sock_filter));
    if (filter_.program.size() > BPF_MAXINSNS) {
      return Failure(E2BIG, fmt::format("the policy makes {} instructions, the kernel takes {}",
                                        filter_.program.size(), BPF_MAXINSNS));
    }
    if (pread(file.get(), filter_.program.data(), size, 0) != status.st_size) {
      return ErrnoFailure("pread()");
    }
    return {};
  }

  const SeccompPolicy& policy_;
  std::vector<Architecture> architectures_;
  SeccompFilter filter_;
  // Rules whose calls this machine has.
  std::vector<const PolicyRule*> exist_;
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
