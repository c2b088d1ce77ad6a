// SPDX-License-Identifier: Apache-2.0
//
// Where what is in a device table: device_table.h says what it is.

#ifndef LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_FORMAT_H_
#define LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_FORMAT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/kernel/device_rules.h"

namespace lxcspec::runtime::table {

inline constexpr size_t kBlockSize = 256;
using Block = std::array<uint8_t, kBlockSize>;

// Majors that drivers can have: Linux numbers them below 512, fs/char_dev.c and block/genhd.c. For
// all others there is a byte for each type behind the entries.
inline constexpr uint32_t kMajorsShift = 9;
inline constexpr uint32_t kMajors = 1U << kMajorsShift;
// By the lower two bits of the type. Types 0 and 3 do not exist, and allow nothing.
inline constexpr uint32_t kTypes = 4;
inline constexpr size_t kEntrySize = 2 * sizeof(uint16_t);
inline constexpr size_t kFarPlace = kTypes * kMajors * kEntrySize;
inline constexpr size_t kEntryBlocks = kFarPlace / kBlockSize + 1;

// Room for changes, at least.
inline constexpr size_t kSpareBlocks = 16;
// A map's value has at most 4 MiB in the kernels that this runs on: KMALLOC_MAX_SIZE.
inline constexpr size_t kMostBlocks = (size_t{4} << 20) / kBlockSize;

// Numbers of a node by the upper seven of a minor's twenty bits, and by the five after these.
inline constexpr size_t kUpper = kBlockSize / sizeof(uint16_t);
inline constexpr uint32_t kUpperShift = 13;
inline constexpr uint32_t kLowerShift = 8;
inline constexpr uint32_t kMinorsOfUpper = 1U << kUpperShift;

constexpr size_t EntryPlace(DeviceType type, uint32_t major) {
  return (static_cast<uint32_t>(type) * kMajors + major) * kEntrySize;
}
constexpr size_t UpperOffset(uint32_t minor) { return (minor >> kUpperShift) * sizeof(uint16_t); }
constexpr size_t LowerOffset(uint32_t minor) {
  return (minor % kMinorsOfUpper >> kLowerShift) * sizeof(uint16_t);
}

}  // namespace lxcspec::runtime::table

#endif  // LXCSPEC_RUNTIME_KERNEL_DEVICE_TABLE_FORMAT_H_
