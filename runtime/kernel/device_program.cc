// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/device_program.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "runtime/kernel/bpf_call.h"

namespace lxcspec::runtime {
namespace {

constexpr char kName[] = "lxc_devices";

// What each register holds.
constexpr int kVerdict = BPF_REG_0;
constexpr int kContext = BPF_REG_1;
constexpr int kType = BPF_REG_2;
constexpr int kMajor = BPF_REG_3;
constexpr int kMinor = BPF_REG_4;
constexpr int kAccess = BPF_REG_5;

constexpr int kAccessShift = 16;

// From the first number of each on, up to the next one's, the value is the same.
struct Interval {
  uint32_t first = 0;
  size_t value = 0;

  auto operator<=>(const Interval&) const = default;
};
using Intervals = std::vector<Interval>;

void Append(Intervals& intervals, uint32_t first, size_t value) {
  if (!intervals.empty() && intervals.back().first == first) intervals.pop_back();
  if (intervals.empty() || intervals.back().value != value) intervals.push_back({first, value});
}

// What the rules say about the minors of a major, or of any.
struct Minors {
  uint32_t any = 0;
  std::map<uint32_t, uint32_t> each;
};

class Compiler {
 public:
  explicit Compiler(const DeviceRules& rules) : rules_(rules) {}

  Result<std::vector<bpf_insn>> Compile();

 private:
  // A place in the program that jumps may name before it is known.
  struct Label {
    std::optional<size_t> place;
    std::vector<size_t> jumps;
  };

  size_t NewLabel() {
    labels_.emplace_back();
    return labels_.size() - 1;
  }
  void Place(size_t label) { labels_[label].place = code_.size(); }

  void Emit(int code, int destination, int source, int offset, int immediate);
  void Jump(int operation, int destination, uint32_t operand, size_t label);
  void Tree(int subject, const Intervals& intervals, size_t begin, size_t end);
  Status Link();

  Intervals MajorsOf(DeviceType type);
  size_t LabelOf(const Minors& minors, const Minors& of_any_major);
  size_t LabelOf(uint32_t allowed);

  const DeviceRules& rules_;
  std::vector<bpf_insn> code_;
  std::vector<Label> labels_;
  // Where each decision about minors begins, and where the one about accesses.
  std::map<Intervals, size_t> blocks_;
  std::array<std::optional<size_t>, kMayAll + 1> leaves_;
};

void Compiler::Emit(int code, int destination, int source, int offset, int immediate) {
  code_.push_back(BpfInstruction(code, destination, source, offset, immediate));
}

void Compiler::Jump(int operation, int destination, uint32_t operand, size_t label) {
  labels_[label].jumps.push_back(code_.size());
  Emit(BPF_JMP | BPF_K | operation, destination, 0, 0, static_cast<int>(operand));
}

// Goes to the label that is the value of the interval in which the subject is.
void Compiler::Tree(int subject, const Intervals& intervals, size_t begin, size_t end) {
  if (end - begin == 1) {
    Jump(BPF_JA, 0, 0, intervals[begin].value);
    return;
  }
  const size_t middle = begin + (end - begin) / 2;
  const bool last = end - middle == 1;
  const size_t right = last ? intervals[middle].value : NewLabel();
  Jump(BPF_JGE, subject, intervals[middle].first, right);
  Tree(subject, intervals, begin, middle);
  if (last) return;
  Place(right);
  Tree(subject, intervals, middle, end);
}

Status Compiler::Link() {
  for (const Label& label : labels_) {
    for (const size_t jump : label.jumps) {
      const auto distance = static_cast<int64_t>(*label.place) - static_cast<int64_t>(jump) - 1;
      if (distance > std::numeric_limits<int16_t>::max()) {
        return Failure(E2BIG, fmt::format("{} device rules: too many for one program",
                                          rules_.accesses().size()));
      }
      code_[jump].off = static_cast<int16_t>(distance);
    }
  }
  return {};
}

size_t Compiler::LabelOf(uint32_t allowed) {
  auto& leaf = leaves_[allowed];
  if (!leaf) leaf = NewLabel();
  return *leaf;
}

size_t Compiler::LabelOf(const Minors& minors, const Minors& of_any_major) {
  const auto allowed = [&](uint32_t said) {
    return LabelOf(rules_.IsAllowlist() ? said : kMayAll & ~said);
  };
  const uint32_t any = minors.any | of_any_major.any;
  std::map<uint32_t, uint32_t> each = minors.each;
  for (const auto& [minor, access] : of_any_major.each) each[minor] |= access;
  Intervals intervals;
  Append(intervals, 0, allowed(any));
  for (const auto& [minor, access] : each) {
    Append(intervals, minor, allowed(any | access));
    Append(intervals, minor + 1, allowed(any));
  }
  // Where minors make no difference, there is nothing to look up.
  if (intervals.size() == 1) return intervals[0].value;
  const auto [block, is_new] = blocks_.try_emplace(std::move(intervals), 0);
  if (is_new) block->second = NewLabel();
  return block->second;
}

Intervals Compiler::MajorsOf(DeviceType type) {
  Minors of_any;
  std::map<uint32_t, Minors> of_each;
  for (const auto& [devices, access] : rules_.accesses()) {
    if (devices.type != type) continue;
    Minors& minors = devices.major ? of_each[*devices.major] : of_any;
    (devices.minor ? minors.each[*devices.minor] : minors.any) |= access;
  }
  const size_t other = LabelOf(of_any, {});
  Intervals majors;
  Append(majors, 0, other);
  for (const auto& [major, minors] : of_each) {
    Append(majors, major, LabelOf(minors, of_any));
    Append(majors, major + 1, other);
  }
  return majors;
}

Result<std::vector<bpf_insn>> Compiler::Compile() {
  constexpr int kLoad = BPF_LDX | BPF_MEM | BPF_W;
  constexpr int kSet = BPF_ALU64 | BPF_MOV | BPF_K;
  Emit(kLoad, kAccess, kContext, offsetof(bpf_cgroup_dev_ctx, access_type), 0);
  Emit(kLoad, kMajor, kContext, offsetof(bpf_cgroup_dev_ctx, major), 0);
  Emit(kLoad, kMinor, kContext, offsetof(bpf_cgroup_dev_ctx, minor), 0);
  // The access is in the upper half, the type in the lower.
  Emit(BPF_ALU64 | BPF_MOV | BPF_X, kType, kAccess, 0, 0);
  Emit(BPF_ALU64 | BPF_AND | BPF_K, kType, 0, 0, (1 << kAccessShift) - 1);
  Emit(kSet, kVerdict, 0, 0, 0);

  const Intervals block = MajorsOf(DeviceType::kBlock);
  const Intervals character = MajorsOf(DeviceType::kCharacter);
  const size_t is_block = NewLabel();
  Jump(BPF_JEQ, kType, static_cast<uint32_t>(DeviceType::kBlock), is_block);
  // A type that is not known yet may not be used.
  Jump(BPF_JNE, kType, static_cast<uint32_t>(DeviceType::kCharacter), LabelOf(0));
  Tree(kMajor, character, 0, character.size());
  Place(is_block);
  Tree(kMajor, block, 0, block.size());
  for (const auto& [intervals, label] : blocks_) {
    Place(label);
    Tree(kMinor, intervals, 0, intervals.size());
  }
  for (uint32_t allowed = kMayAll; allowed > 0; --allowed) {
    if (!leaves_[allowed]) continue;
    Place(*leaves_[allowed]);
    const uint32_t forbidden = kMayAll & ~allowed;
    if (forbidden != 0) Jump(BPF_JSET, kAccess, forbidden << kAccessShift, LabelOf(0));
    Emit(kSet, kVerdict, 0, 0, 1);
    Emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  Place(LabelOf(0));
  Emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  TRY(Link());
  return std::move(code_);
}

}  // namespace

Result<std::vector<bpf_insn>> CompileDeviceRules(const DeviceRules& rules) {
  return Compiler(rules).Compile();
}

Result<DeviceProgram> DeviceProgram::Load(const std::vector<bpf_insn>& instructions) {
  // The kernel gives nothing that needs a licence to a program as plain as this.
  static constexpr char kLicence[] = "Apache-2.0";
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = BpfAddress(instructions.data());
  attributes.insn_cnt = static_cast<uint32_t>(instructions.size());
  attributes.license = BpfAddress(kLicence);
  static_assert(sizeof(kName) <= sizeof(attributes.prog_name));
  memcpy(attributes.prog_name, kName, sizeof(kName));
  auto fd = BpfMake(
      BPF_PROG_LOAD, attributes,
      fmt::format("bpf(BPF_PROG_LOAD, device program of {} instructions)", instructions.size()));
  if (!fd) return Forward(std::move(fd).error());
  return DeviceProgram(*std::move(fd));
}

Status DeviceProgram::Attach(int cgroup_fd, const DeviceProgram* replaced) const {
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(cgroup_fd);
  attributes.attach_bpf_fd = static_cast<uint32_t>(fd());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced != nullptr) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<uint32_t>(replaced->fd());
    if (Bpf(BPF_PROG_ATTACH, attributes) == 0) return {};
    if (errno != EINVAL) return ErrnoFailure("bpf(BPF_PROG_ATTACH, BPF_F_REPLACE)");
    // Before Linux 5.5: for a moment both must allow.
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    attributes.replace_bpf_fd = 0;
  }
  if (Bpf(BPF_PROG_ATTACH, attributes) != 0) return ErrnoFailure("bpf(BPF_PROG_ATTACH)");
  if (replaced == nullptr) return {};
  auto detached = replaced->Detach(cgroup_fd);
  if (!detached) static_cast<void>(Detach(cgroup_fd));
  return detached;
}

Status DeviceProgram::Detach(int cgroup_fd) const {
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(cgroup_fd);
  attributes.attach_bpf_fd = static_cast<uint32_t>(fd());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  if (Bpf(BPF_PROG_DETACH, attributes) != 0) return ErrnoFailure("bpf(BPF_PROG_DETACH)");
  return {};
}

bool HasDevicePrograms() {
  const auto nothing_allowed = CompileDeviceRules({});
  return nothing_allowed && DeviceProgram::Load(*nothing_allowed);
}

}  // namespace lxcspec::runtime
