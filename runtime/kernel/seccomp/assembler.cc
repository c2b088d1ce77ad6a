// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/assembler.h"

#include <endian.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

namespace lxcspec::runtime {
namespace {

using Program = std::vector<sock_filter>;

// A conditional jump leads no further.
constexpr size_t kFarthest = UINT8_MAX;

// Where a test goes on.
constexpr size_t kHolds = SIZE_MAX;
constexpr size_t kFails = SIZE_MAX - 1;

sock_filter Load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

sock_filter Return(uint32_t verdict) { return BPF_STMT(BPF_RET | BPF_K, verdict); }

sock_filter Jump(size_t distance) {
  return BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(distance));
}

sock_filter Branch(uint16_t condition, uint32_t operand, size_t if_true, size_t if_false) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | condition | BPF_K), operand,
                  static_cast<uint8_t>(if_true), static_cast<uint8_t>(if_false));
}

void Append(Program& program, const Program& more) {
  program.insert(program.end(), more.begin(), more.end());
}

bool IsSame(const Program& one, const Program& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const sock_filter& first, const sock_filter& second) {
                      return std::tie(first.code, first.jt, first.jf, first.k) ==
                             std::tie(second.code, second.jt, second.jf, second.k);
                    });
}

size_t LowHalf(uint32_t argument) {
  const size_t offset = offsetof(seccomp_data, args) + argument * sizeof(uint64_t);
  return offset + (__BYTE_ORDER == __BIG_ENDIAN ? sizeof(uint32_t) : 0);
}

size_t HighHalf(uint32_t argument) {
  const size_t offset = offsetof(seccomp_data, args) + argument * sizeof(uint64_t);
  return offset + (__BYTE_ORDER == __BIG_ENDIAN ? 0 : sizeof(uint32_t));
}

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32U); }

// Falls through where the test holds, and jumps over the `rest` that follows where it fails.
class TestCode {
 public:
  TestCode(const ArgumentTest& test, bool has_32_bits, size_t rest) : rest_(rest) {
    const uint64_t value = test.value;
    switch (test.comparison) {
      case Comparison::kEqual:
        Equal(test, UINT64_MAX, has_32_bits, kHolds, kFails);
        break;
      case Comparison::kNotEqual:
        Equal(test, UINT64_MAX, has_32_bits, kFails, kHolds);
        break;
      case Comparison::kMaskedEqual:
        Equal(test, test.mask, has_32_bits, kHolds, kFails);
        break;
      case Comparison::kGreater:
        Greater(test.index, BPF_JGT, value, has_32_bits, kHolds, kFails);
        break;
      case Comparison::kGreaterOrEqual:
        Greater(test.index, BPF_JGE, value, has_32_bits, kHolds, kFails);
        break;
      case Comparison::kLessOrEqual:
        Greater(test.index, BPF_JGT, value, has_32_bits, kFails, kHolds);
        break;
      case Comparison::kLess:
        Greater(test.index, BPF_JGE, value, has_32_bits, kFails, kHolds);
        break;
    }
  }

  // With the jumps' distances, which are known only now.
  Program Take() {
    for (const Unresolved& one : unresolved_) {
      const size_t behind = code_.size() - one.at - 1;
      const auto distance = [&](size_t target) {
        if (target == kHolds) return behind;
        return target == kFails ? behind + rest_ : target;
      };
      code_[one.at].jt = static_cast<uint8_t>(distance(one.if_true));
      code_[one.at].jf = static_cast<uint8_t>(distance(one.if_false));
    }
    return std::move(code_);
  }

 private:
  struct Unresolved {
    size_t at;
    size_t if_true;
    size_t if_false;
  };

  // Targets are distances, or where the whole test goes on.
  void Compare(uint16_t condition, uint32_t operand, size_t if_true, size_t if_false) {
    unresolved_.push_back({code_.size(), if_true, if_false});
    code_.push_back(Branch(condition, operand, 0, 0));
  }

  void LoadMasked(size_t offset, uint32_t mask) {
    code_.push_back(Load(offset));
    if (mask != UINT32_MAX) code_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
  }

  void Equal(const ArgumentTest& test, uint64_t mask, bool has_32_bits, size_t if_equal,
             size_t if_not) {
    const uint64_t value = test.value & mask;
    if (!has_32_bits) {
      LoadMasked(HighHalf(test.index), High(mask));
      Compare(BPF_JEQ, High(value), 0, if_not);
    }
    LoadMasked(LowHalf(test.index), Low(mask));
    Compare(BPF_JEQ, Low(value), if_equal, if_not);
  }

  // With BPF_JGE: greater or equal.
  void Greater(uint32_t argument, uint16_t condition, uint64_t value, bool has_32_bits,
               size_t if_greater, size_t if_not) {
    if (!has_32_bits) {
      code_.push_back(Load(HighHalf(argument)));
      Compare(BPF_JGT, High(value), if_greater, 0);
      Compare(BPF_JEQ, High(value), 0, if_not);
    }
    code_.push_back(Load(LowHalf(argument)));
    Compare(condition, Low(value), if_greater, if_not);
  }

  size_t rest_;
  Program code_;
  std::vector<Unresolved> unresolved_;
};

// Falls through where the rule does not hold.
Program RuleCode(const CallRule& rule) {
  Program code = {Return(rule.verdict)};
  for (size_t i = rule.tests.size(); i > 0; --i) {
    Program test = TestCode(rule.tests[i - 1], rule.has_32_bits, code.size()).Take();
    Append(test, code);
    code = std::move(test);
  }
  return code;
}

// A call's number, and what decides about it; each ends with a return.
using Call = std::pair<uint32_t, Program>;

// With the call's number in the accumulator. Calls that are treated alike share the code for it.
Program LeafCode(std::span<const Call> calls, uint32_t otherwise) {
  Program rest = {Return(otherwise)};
  std::vector<std::pair<const Program*, size_t>> targets;
  for (const auto& [number, code] : calls) {
    const auto same = [&code = code](const auto& one) { return IsSame(*one.first, code); };
    if (std::any_of(targets.begin(), targets.end(), same)) continue;
    targets.emplace_back(&code, rest.size());
    Append(rest, code);
  }
  Program program;
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto same = [&](const auto& one) { return IsSame(*one.first, calls[i].second); };
    const size_t target = std::find_if(targets.begin(), targets.end(), same)->second;
    const size_t distance = calls.size() - i - 1 + target;
    program.push_back(Branch(BPF_JEQ, calls[i].first, distance, 0));
  }
  Append(program, rest);
  return program;
}

bool FitsIntoLeaf(std::span<const Call> calls) {
  constexpr size_t kMostCalls = 8;
  size_t size = calls.size() + 1;
  for (const Call& call : calls) size += call.second.size();
  return calls.size() <= 1 || (calls.size() <= kMostCalls && size <= kFarthest);
}

Program SearchCode(std::span<const Call> calls, uint32_t otherwise) {
  if (FitsIntoLeaf(calls)) return LeafCode(calls, otherwise);
  const auto lower = calls.first(calls.size() / 2);
  const auto upper = calls.subspan(calls.size() / 2);
  const Program below = SearchCode(lower, otherwise);
  Program code;
  if (below.size() <= kFarthest) {
    code = {Branch(BPF_JGE, upper[0].first, below.size(), 0)};
  } else {
    code = {Branch(BPF_JGE, upper[0].first, 0, 1), Jump(below.size())};
  }
  Append(code, below);
  Append(code, SearchCode(upper, otherwise));
  return code;
}

Program ArchitectureCode(const ArchitectureRules& architecture, uint32_t otherwise) {
  std::map<uint32_t, std::vector<const CallRule*>> by_number;
  for (const CallRule& rule : architecture.rules) by_number[rule.number].push_back(&rule);
  std::vector<Call> calls;
  for (const auto& [number, rules] : by_number) {
    Program code;
    bool is_decided = false;
    for (const CallRule* rule : rules) {
      Append(code, RuleCode(*rule));
      is_decided = rule->tests.empty();
      if (is_decided) break;
    }
    if (!is_decided) code.push_back(Return(otherwise));
    calls.emplace_back(number, std::move(code));
  }
  Program code = {Load(offsetof(seccomp_data, nr))};
  Append(code, SearchCode(calls, otherwise));
  return code;
}

}  // namespace

std::vector<sock_filter> AssembleFilter(std::span<const ArchitectureRules> architectures,
                                        uint32_t otherwise) {
  Program program = {Load(offsetof(seccomp_data, arch))};
  for (const ArchitectureRules& architecture : architectures) {
    const Program code = ArchitectureCode(architecture, otherwise);
    program.push_back(Branch(BPF_JEQ, architecture.architecture, 1, 0));
    program.push_back(Jump(code.size()));
    Append(program, code);
  }
  program.push_back(Return(SECCOMP_RET_KILL_THREAD));
  return program;
}

}  // namespace lxcspec::runtime
