// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "runtime/kernel/device_table.h"
#include "runtime/kernel/device_table_format.h"

namespace lxcspec::runtime {
namespace {

using table::Block;
using table::kBlockSize;

// The sets of uses that are allowed where these uses are, as bits.
uint8_t SetsWithin(uint32_t allowed) {
  uint8_t sets = 0;
  for (uint32_t uses = 0; uses <= kMayAll; ++uses) {
    // Where nothing is allowed, not even asking for nothing is.
    if (allowed != 0 && (uses & ~allowed) == 0) sets |= static_cast<uint8_t>(1U << uses);
  }
  return sets;
}

// What rules say about the minors of a major, or of any.
struct Minors {
  uint32_t any = 0;
  std::map<uint32_t, uint32_t> each;
};

uint16_t NumberAt(std::span<const uint8_t> bytes, size_t place) {
  uint16_t number = 0;
  memcpy(&number, bytes.data() + place, sizeof(number));
  return number;
}

}  // namespace

class DeviceTableBuilder {
 public:
  explicit DeviceTableBuilder(const DeviceRules& rules) : rules_(rules) {
    made_.bytes_.resize(table::kEntryBlocks * kBlockSize);
    made_.users_.resize(table::kEntryBlocks, 1);
    made_.is_deep_ =
        std::any_of(rules.accesses().begin(), rules.accesses().end(),
                    [](const auto& said) { return said.first.minor.value_or(0) >= kBlockSize; });
  }

  Result<DeviceTableLayout> Build() {
    for (const DeviceType type : {DeviceType::kBlock, DeviceType::kCharacter}) {
      TRY(AddType(type));
    }
    made_.next_free_ = made_.users_.size();
    // The program can mask what it reads.
    made_.users_.resize(std::bit_ceil(made_.next_free_ + table::kSpareBlocks));
    made_.bytes_.resize(made_.users_.size() * kBlockSize);
    return std::move(made_);
  }

 private:
  uint8_t Sets(uint32_t said) const {
    return SetsWithin(rules_.IsAllowlist() ? said : kMayAll & ~said);
  }

  Status AddType(DeviceType type) {
    // A minor of any major cannot be told for the majors that have no entry.
    Minors of_any;
    std::map<uint32_t, Minors> of_each;
    for (const auto& [devices, access] : rules_.accesses()) {
      if (devices.type != type) continue;
      if (devices.major.value_or(0) >= table::kMajors) {
        return Failure(ENOTSUP,
                       fmt::format("device rule for major {}: beyond the table", *devices.major));
      }
      Minors& minors = devices.major ? of_each[*devices.major] : of_any;
      (devices.minor ? minors.each[*devices.minor] : minors.any) |= access;
    }
    if (!of_any.each.empty()) {
      return Failure(ENOTSUP, "device rule for one minor of any major: beyond the table");
    }
    made_.bytes_[table::kFarPlace + static_cast<size_t>(type)] = Sets(of_any.any);
    const auto other = Blocks(of_any);
    if (!other) return Forward(other.error());
    for (uint32_t major = 0; major < table::kMajors; ++major) Enter(type, major, *other);
    for (auto& [major, minors] : of_each) {
      minors.any |= of_any.any;
      const auto blocks = Blocks(minors);
      if (!blocks) return Forward(blocks.error());
      Count(*other, -1);
      Enter(type, major, *blocks);
    }
    return {};
  }

  void Enter(DeviceType type, uint32_t major, std::pair<uint16_t, uint16_t> blocks) {
    uint8_t* const entry = made_.bytes_.data() + table::EntryPlace(type, major);
    memcpy(entry, &blocks.first, sizeof(uint16_t));
    memcpy(entry + sizeof(uint16_t), &blocks.second, sizeof(uint16_t));
    Count(blocks, 1);
  }

  // One user more, or one less.
  void Count(std::pair<uint16_t, uint16_t> blocks, int difference) {
    made_.users_[blocks.first] += static_cast<uint32_t>(difference);
    if (made_.is_deep_) made_.users_[blocks.second] += static_cast<uint32_t>(difference);
  }

  // The block of the minors below 256, and the node of the others or the byte of all of them.
  Result<std::pair<uint16_t, uint16_t>> Blocks(const Minors& minors) {
    if (!made_.is_deep_) {
      const auto low = Leaf(minors, minors.each.begin(), 0);
      if (!low) return Forward(low.error());
      return std::pair<uint16_t, uint16_t>(*low, Sets(minors.any));
    }
    const auto uniform = Leaf(minors, minors.each.end(), 0);
    if (!uniform) return Forward(uniform.error());
    auto inner_default = Node(*uniform);
    if (!inner_default) return Forward(inner_default.error());
    std::array<uint16_t, table::kUpper> upper;
    upper.fill(*inner_default);
    uint16_t low = *uniform;
    for (auto next = minors.each.begin(); next != minors.each.end();) {
      const uint32_t first = next->first & ~(table::kMinorsOfUpper - 1);
      std::array<uint16_t, table::kUpper> inner;
      inner.fill(*uniform);
      while (next != minors.each.end() && next->first - first < table::kMinorsOfUpper) {
        const uint32_t begin = next->first & ~static_cast<uint32_t>(kBlockSize - 1);
        const auto leaf = Leaf(minors, next, begin);
        if (!leaf) return Forward(leaf.error());
        // Those below 256 are looked up without a node.
        (begin == 0 ? low : inner[(begin - first) / kBlockSize]) = *leaf;
        while (next != minors.each.end() && next->first - begin < kBlockSize) ++next;
      }
      const auto node = Node(inner);
      if (!node) return Forward(node.error());
      upper[first / table::kMinorsOfUpper] = *node;
    }
    const auto node = Node(upper);
    if (!node) return Forward(node.error());
    return std::pair(low, *node);
  }

  // The bytes of 256 minors from `begin` on, those from `next` on being the ones that rules name.
  Result<uint16_t> Leaf(const Minors& minors, std::map<uint32_t, uint32_t>::const_iterator next,
                        uint32_t begin) {
    Block block;
    block.fill(Sets(minors.any));
    for (; next != minors.each.end() && next->first - begin < kBlockSize; ++next) {
      block[next->first - begin] = Sets(minors.any | next->second);
    }
    return Place(block, {});
  }

  Result<uint16_t> Node(uint16_t everywhere) {
    std::array<uint16_t, table::kUpper> numbers;
    numbers.fill(everywhere);
    return Node(numbers);
  }

  Result<uint16_t> Node(const std::array<uint16_t, table::kUpper>& numbers) {
    Block block;
    static_assert(sizeof(numbers) == kBlockSize);
    memcpy(block.data(), numbers.data(), kBlockSize);
    return Place(block, numbers);
  }

  // The number of a block of this content, which has these numbers in it. Leaves and nodes of the
  // same bytes are told apart: their users are not the same.
  Result<uint16_t> Place(const Block& block, std::span<const uint16_t> numbers) {
    const std::string content =
        (numbers.empty() ? "l" : "n") + std::string(block.begin(), block.end());
    const auto known = places_.find(content);
    if (known != places_.end()) return known->second;
    const size_t number = made_.users_.size();
    if (number + table::kSpareBlocks >= table::kMostBlocks) {
      return Failure(
          E2BIG, fmt::format("{} device rules: too many for one table", rules_.accesses().size()));
    }
    made_.users_.push_back(0);
    for (const uint16_t named : numbers) ++made_.users_[named];
    made_.bytes_.insert(made_.bytes_.end(), block.begin(), block.end());
    return places_[content] = static_cast<uint16_t>(number);
  }

  const DeviceRules& rules_;
  DeviceTableLayout made_;
  std::unordered_map<std::string, uint16_t> places_;
};

Result<DeviceTableLayout> DeviceTableLayout::Make(const DeviceRules& rules) {
  return DeviceTableBuilder(rules).Build();
}

bool DeviceTableLayout::CanSet(uint32_t major, uint32_t minor) const {
  // A device is in each type's part, and each time there are three blocks on the way to it.
  constexpr size_t kMost = 2 * 3;
  return major < table::kMajors && (is_deep_ || minor < kBlockSize) &&
         users_.size() - next_free_ >= kMost;
}

void DeviceTableLayout::Set(std::span<uint8_t> table, DeviceType type, uint32_t major,
                            uint32_t minor, uint32_t allowed) {
  const size_t entry = table::EntryPlace(type, major);
  // The places of block numbers on the way to the byte, of which the first is no block's.
  std::array<size_t, 3> offsets = {entry, 0, 0};
  size_t depth = 1;
  if (minor >= kBlockSize) {
    offsets = {entry + sizeof(uint16_t), table::UpperOffset(minor), table::LowerOffset(minor)};
    depth = 3;
  }
  size_t place = offsets[0];
  size_t publish = 0;
  uint16_t published = 0;
  bool is_own = true;
  for (size_t level = 0; level < depth; ++level) {
    uint16_t number = NumberAt(table, place);
    is_own = is_own && users_[number] == 1;
    if (!is_own) {
      const auto copy = static_cast<uint16_t>(next_free_++);
      uint8_t* const to = table.data() + copy * kBlockSize;
      memcpy(to, table.data() + number * kBlockSize, kBlockSize);
      --users_[number];
      users_[copy] = 1;
      const bool has_numbers = level + 1 < depth;
      for (size_t at = 0; has_numbers && at < kBlockSize; at += sizeof(uint16_t)) {
        ++users_[NumberAt({to, kBlockSize}, at)];
      }
      if (publish == 0) {
        publish = place;
        published = copy;
      } else {
        memcpy(table.data() + place, &copy, sizeof(copy));
      }
      number = copy;
    }
    place = number * kBlockSize + (level + 1 < depth ? offsets[level + 1] : minor % kBlockSize);
  }
  std::atomic_ref<uint8_t>(table[place]).store(SetsWithin(allowed), std::memory_order_release);
  if (publish != 0) {
    // What was copied becomes visible with one store, when it is complete.
    auto* const number = reinterpret_cast<uint16_t*>(table.data() + publish);
    std::atomic_ref<uint16_t>(*number).store(published, std::memory_order_release);
  }
}

}  // namespace lxcspec::runtime
