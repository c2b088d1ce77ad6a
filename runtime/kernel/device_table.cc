// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/device_table.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <bit>
#include <cstring>
#include <utility>

#include "runtime/kernel/bpf_call.h"
#include "runtime/kernel/device_table_format.h"

namespace lxcspec::runtime {
namespace {

// As bpftool shows it.
constexpr char kName[] = "lxc_devices";

// What each register holds.
constexpr int kVerdict = BPF_REG_0;
// The context at first, then a place in the table.
constexpr int kPlace = BPF_REG_1;
constexpr int kAccess = BPF_REG_2;
constexpr int kMajor = BPF_REG_3;
constexpr int kMinor = BPF_REG_4;
constexpr int kIndex = BPF_REG_5;
// A block's offset, on the way to the verdict.
constexpr int kBlock = kVerdict;

constexpr int kBlockShift = 8;

// The access is the upper half of its number in the context, the type the lower: each is loaded
// alone, which takes less than to part them.
constexpr bool kLowerFirst = std::endian::native == std::endian::little;
constexpr int kTypeOffset = offsetof(bpf_cgroup_dev_ctx, access_type) + (kLowerFirst ? 0 : 2);
constexpr int kAccessOffset = offsetof(bpf_cgroup_dev_ctx, access_type) + (kLowerFirst ? 2 : 0);

class Lookup {
 public:
  Lookup(int table_fd, size_t size, bool is_deep)
      : table_fd_(table_fd),
        block_mask_(static_cast<int>(size - table::kBlockSize)),
        is_deep_(is_deep) {}

  std::vector<bpf_insn> Compile();

 private:
  void Emit(int code, int destination, int source, int offset, int immediate) {
    code_.push_back(BpfInstruction(code, destination, source, offset, immediate));
  }
  void Calculate(int operation, int destination, int immediate) {
    Emit(BPF_ALU64 | BPF_K | operation, destination, 0, 0, immediate);
  }
  void CalculateWith(int operation, int destination, int source) {
    Emit(BPF_ALU64 | BPF_X | operation, destination, source, 0, 0);
  }
  void Load(int size, int destination, int offset) {
    Emit(BPF_LDX | BPF_MEM | size, destination, kPlace, offset, 0);
  }
  // Returns where it stands, for Land().
  size_t JumpIf(int operation, int subject, int immediate) {
    Emit(BPF_JMP | BPF_K | operation, subject, 0, 0, immediate);
    return code_.size() - 1;
  }
  void Land(size_t jump) { code_[jump].off = static_cast<int16_t>(code_.size() - jump - 1); }

  // Makes kPlace that offset in the table.
  void PointAt(int offset) {
    Emit(BPF_LD | BPF_DW | BPF_IMM, kPlace, BPF_PSEUDO_MAP_VALUE, 0, table_fd_);
    Emit(0, 0, 0, 0, 0);
    CalculateWith(BPF_ADD, kPlace, offset);
  }
  // Makes kBlock the offset of the block whose number stands at kPlace and an offset more.
  void LoadBlock(int offset) {
    Load(BPF_H, kBlock, offset);
    Calculate(BPF_LSH, kBlock, kBlockShift);
    // Changes nothing: what the table holds is nothing that the verifier knows.
    Calculate(BPF_AND, kBlock, block_mask_);
  }
  // The number of a block in a node, by bits of the minor.
  void Descend(uint32_t shift, uint32_t count) {
    CalculateWith(BPF_MOV, kIndex, kMinor);
    Calculate(BPF_RSH, kIndex, static_cast<int>(shift - 1));
    Calculate(BPF_AND, kIndex, static_cast<int>((count - 1) * sizeof(uint16_t)));
    CalculateWith(BPF_ADD, kBlock, kIndex);
    PointAt(kBlock);
  }

  // By the byte that stands at kPlace and an offset more, alone or as a number of two bytes.
  void Decide(int size, int offset) {
    Load(size, kVerdict, offset);
    CalculateWith(BPF_RSH, kVerdict, kAccess);
    Calculate(BPF_AND, kVerdict, 1);
    Emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  const int table_fd_;
  const int block_mask_;
  const bool is_deep_;
  std::vector<bpf_insn> code_;
};

std::vector<bpf_insn> Lookup::Compile() {
  Load(BPF_H, kIndex, kTypeOffset);
  Load(BPF_H, kAccess, kAccessOffset);
  Load(BPF_W, kMajor, offsetof(bpf_cgroup_dev_ctx, major));
  Load(BPF_W, kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
  Calculate(BPF_AND, kIndex, table::kTypes - 1);
  const size_t is_far = JumpIf(BPF_JGE, kMajor, table::kMajors);
  Calculate(BPF_LSH, kIndex, table::kMajorsShift);
  CalculateWith(BPF_ADD, kIndex, kMajor);
  Calculate(BPF_LSH, kIndex, 2);
  static_assert(table::kEntrySize == 1 << 2);
  PointAt(kIndex);
  const size_t is_small = JumpIf(BPF_JLT, kMinor, table::kBlockSize);

  if (is_deep_) {
    LoadBlock(sizeof(uint16_t));
    Descend(table::kUpperShift, table::kUpper);
    LoadBlock(0);
    Descend(table::kLowerShift, table::kMinorsOfUpper / table::kBlockSize);
    Calculate(BPF_AND, kMinor, table::kBlockSize - 1);
  } else {
    Decide(BPF_H, sizeof(uint16_t));
  }

  Land(is_small);
  LoadBlock(0);
  CalculateWith(BPF_ADD, kBlock, kMinor);
  PointAt(kBlock);
  Decide(BPF_B, 0);

  // A copy of the few instructions: the verifier would walk what is shared as often.
  Land(is_far);
  PointAt(kIndex);
  Decide(BPF_B, table::kFarPlace);
  return std::move(code_);
}

}  // namespace

std::vector<bpf_insn> CompileTableLookup(int table_fd, size_t size, bool is_deep) {
  return Lookup(table_fd, size, is_deep).Compile();
}

Result<DeviceTable> DeviceTable::Create(const DeviceRules& rules) {
  auto layout = DeviceTableLayout::Make(rules);
  if (!layout) return Forward(std::move(layout).error());
  auto table = Make(layout->bytes().size(), layout->is_deep());
  if (!table) return table;
  // One call takes less than as many page faults as there are pages.
  const uint32_t key = 0;
  bpf_attr attributes = {};
  attributes.map_fd = static_cast<uint32_t>(table->fd_.get());
  attributes.key = BpfAddress(&key);
  attributes.value = BpfAddress(layout->bytes().data());
  if (Bpf(BPF_MAP_UPDATE_ELEM, attributes) != 0) {
    return ErrnoFailure("bpf(BPF_MAP_UPDATE_ELEM, device table)");
  }
  table->Keep(*std::move(layout));
  return table;
}

Result<DeviceTable> DeviceTable::Reserve(size_t size, bool is_deep) {
  auto table = Make(size, is_deep);
  if (!table) return table;
  if (!table->Map()) return ErrnoFailure("mmap(device table)");
  // The pages are here before anybody waits for what is written to them.
  memset(table->bytes_, 0, size);
  return table;
}

Result<DeviceTable> DeviceTable::Make(size_t size, bool is_deep) {
  bpf_attr attributes = {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = sizeof(uint32_t);
  attributes.value_size = static_cast<uint32_t>(size);
  attributes.max_entries = 1;
  attributes.map_flags = BPF_F_MMAPABLE;
  static_assert(sizeof(kName) <= sizeof(attributes.map_name));
  memcpy(attributes.map_name, kName, sizeof(kName));
  auto fd = BpfMake(BPF_MAP_CREATE, attributes,
                    fmt::format("bpf(BPF_MAP_CREATE, device table of {} bytes)", size));
  if (!fd) return Forward(std::move(fd).error());
  return DeviceTable(*std::move(fd), size, is_deep);
}

bool DeviceTable::Map() {
  if (bytes_ != nullptr) return true;
  void* const mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (mapped == MAP_FAILED) return false;
  bytes_ = static_cast<uint8_t*>(mapped);
  return true;
}

bool DeviceTable::Take(DeviceTableLayout layout) {
  if (layout.is_deep() != is_deep_ || layout.bytes().size() > size_ || !Map()) return false;
  memcpy(bytes_, layout.bytes().data(), layout.bytes().size());
  Keep(std::move(layout));
  return true;
}

void DeviceTable::Keep(DeviceTableLayout layout) {
  layout_ = std::move(layout);
  layout_.bytes_ = {};
  // What is behind is room for changes.
  layout_.users_.resize(size_ / table::kBlockSize);
}

DeviceTable::DeviceTable(DeviceTable&& other) noexcept
    : layout_(std::move(other.layout_)),
      fd_(std::move(other.fd_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      size_(other.size_),
      is_deep_(other.is_deep_) {}

DeviceTable& DeviceTable::operator=(DeviceTable&& other) noexcept {
  std::swap(layout_, other.layout_);
  std::swap(fd_, other.fd_);
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  std::swap(is_deep_, other.is_deep_);
  return *this;
}

DeviceTable::~DeviceTable() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

}  // namespace lxcspec::runtime
