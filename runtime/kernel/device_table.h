// SPDX-License-Identifier: Apache-2.0
//
// Device rules as a table in which a program of always the same few instructions looks devices up:
// bpf(2), BPF_MAP_TYPE_ARRAY with direct access (Linux 5.2) and BPF_F_MMAPABLE (Linux 5.5).
//
// What is executed at each use, and what the verifier walks, does not depend on the rules. And one
// device more or less is one store into the table, which programs see at once: no program is loaded
// or replaced for it.
//
// The table is blocks of 256 bytes; a number of a block is its place. At the beginning are the
// entries of each type and major number below 512, which are of two block numbers. The first is of
// a block with a byte for each minor number below 256. The second is of a node that has, for all
// minors, the numbers of nodes by their upper seven bits, and these the numbers of such blocks by
// the next five. A byte has a bit for each set of uses that is allowed. Behind the entries is such
// a byte for all other majors of each type.

#ifndef LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_H_
#define LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_H_

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/device_rules.h"

namespace lxcspec::runtime {

// The bytes of a table, wherever they are, and which of them are shared.
class DeviceTableLayout {
 public:
  // E2BIG where a table cannot have all of them: many thousand rules whose minor numbers are far
  // from each other. ENOTSUP for rules about major numbers from 512 on, which no driver has, and
  // about one minor of any major.
  static Result<DeviceTableLayout> Make(const DeviceRules& rules);

  // As they were made, with room for changes behind them: a power of two in all.
  const std::vector<uint8_t>& bytes() const { return bytes_; }

  // Whether any rule is about a minor number of 256 or more. If none is, there are no nodes, and an
  // entry's second number is the byte of all those minors.
  bool is_deep() const { return is_deep_; }

  // Whether there is a place for one device with these numbers, and room for the change.
  bool CanSet(uint32_t major, uint32_t minor) const;
  // Has a table with these bytes say what may be done with one device that it can be set for, in
  // an order in which no reader finds anything else than the old or the new.
  void Set(std::span<uint8_t> table, DeviceType type, uint32_t major, uint32_t minor,
           uint32_t allowed);

 private:
  friend class DeviceTable;
  friend class DeviceTableBuilder;
  DeviceTableLayout() = default;

  bool is_deep_ = false;
  std::vector<uint8_t> bytes_;
  // How many places name each block.
  std::vector<uint32_t> users_;
  // Behind those in use.
  size_t next_free_ = 0;
};

// The program that looks into the table of that size and depth that the descriptor is of.
std::vector<bpf_insn> CompileTableLookup(int table_fd, size_t size, bool is_deep);
inline std::vector<bpf_insn> CompileTableLookup(int table_fd, const DeviceTableLayout& layout) {
  return CompileTableLookup(table_fd, layout.bytes().size(), layout.is_deep());
}

// A table in the kernel, for as long as this or a program holds it.
class DeviceTable {
 public:
  // Beside what DeviceTableLayout::Make() says: EINVAL where the kernel has no such tables.
  static Result<DeviceTable> Create(const DeviceRules& rules);
  // One that allows nothing yet.
  static Result<DeviceTable> Reserve(size_t size, bool is_deep);

  // Has a table that was reserved, and that no program of a cgroup looks into yet, be of that
  // layout. False, and nothing changed, where it has another depth or more than there is room for.
  bool Take(DeviceTableLayout layout);

  DeviceTable(DeviceTable&& other) noexcept;
  DeviceTable& operator=(DeviceTable&& other) noexcept;
  ~DeviceTable();

  std::vector<bpf_insn> Lookup() const { return CompileTableLookup(fd_.get(), size_, is_deep_); }

  size_t size() const { return size_; }
  bool is_deep() const { return is_deep_; }

  // Has its bytes at hand, so that a change need not map them first. False where it cannot be.
  bool Map();

  // See DeviceTableLayout.
  bool CanSet(uint32_t major, uint32_t minor) { return layout_.CanSet(major, minor) && Map(); }
  void Set(DeviceType type, uint32_t major, uint32_t minor, uint32_t allowed) {
    layout_.Set({bytes_, size_}, type, major, minor, allowed);
  }

 private:
  DeviceTable(UniqueFd fd, size_t size, bool is_deep)
      : fd_(std::move(fd)), size_(size), is_deep_(is_deep) {}

  static Result<DeviceTable> Make(size_t size, bool is_deep);
  void Keep(DeviceTableLayout layout);

  // Of nothing, where it was only reserved. Its bytes are in the table alone.
  DeviceTableLayout layout_;
  UniqueFd fd_;
  // Mapped for what is written there after the table was made; null before.
  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
  bool is_deep_ = false;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_H_
