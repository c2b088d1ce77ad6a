// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

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
  struct One {
    uint32_t minor;
    uint32_t access;
  };

  uint32_t any = 0;
  // By minor.
  std::vector<One> each;
};

// Differs for most blocks that differ.
uint64_t Hash(const Block& block) {
  // As many sums as the processor adds up at once.
  constexpr size_t kSums = 4;
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  std::array<uint64_t, kBlockSize / sizeof(uint64_t)> words;
  memcpy(words.data(), block.data(), kBlockSize);
  std::array<uint64_t, kSums> sums{};
  for (size_t at = 0; at < words.size(); at += kSums) {
    for (size_t sum = 0; sum < kSums; ++sum) {
      sums[sum] = std::rotl((sums[sum] ^ words[at + sum]) * kFactor, 29);
    }
  }
  uint64_t hash = 0;
  for (const uint64_t sum : sums) hash = std::rotl((hash ^ sum) * kFactor, 29);
  return hash;
}

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

  // Rules are in the order of their types, majors and minors, those about any of them first.
  Status AddType(DeviceType type) {
    const auto& all = rules_.accesses();
    auto next = all.lower_bound({type, std::nullopt, std::nullopt});
    const auto is_next = [&](std::optional<uint32_t> major) {
      return next != all.end() && next->first.type == type && next->first.major == major;
    };
    const uint32_t of_any = is_next(std::nullopt) && !next->first.minor ? (next++)->second : 0;
    // A minor of any major cannot be told for the majors that have no entry.
    if (is_next(std::nullopt)) {
      return Failure(ENOTSUP, "device rule for one minor of any major: beyond the table");
    }
    made_.bytes_[table::kFarPlace + static_cast<size_t>(type)] = Sets(of_any);
    Minors minors{.any = of_any, .each = {}};
    const auto other = Blocks(minors);
    if (!other) return Forward(other.error());
    uint32_t begin = 0;
    while (next != all.end() && next->first.type == type) {
      const uint32_t major = *next->first.major;
      if (major >= table::kMajors) {
        return Failure(ENOTSUP, fmt::format("device rule for major {}: beyond the table", major));
      }
      minors.any = of_any;
      minors.each.clear();
      for (; is_next(major); ++next) {
        if (!next->first.minor) {
          minors.any |= next->second;
        } else {
          minors.each.push_back({*next->first.minor, next->second});
        }
      }
      const auto blocks = Blocks(minors);
      if (!blocks) return Forward(blocks.error());
      Enter(type, begin, major, *other);
      Enter(type, major, major + 1, *blocks);
      begin = major + 1;
    }
    Enter(type, begin, table::kMajors, *other);
    return {};
  }

  // Those majors have these blocks.
  void Enter(DeviceType type, uint32_t begin, uint32_t end, std::pair<uint16_t, uint16_t> blocks) {
    const std::array<uint16_t, 2> entry = {blocks.first, blocks.second};
    static_assert(sizeof(entry) == table::kEntrySize);
    for (uint32_t major = begin; major < end; ++major) {
      memcpy(made_.bytes_.data() + table::EntryPlace(type, major), entry.data(), sizeof(entry));
    }
    made_.users_[blocks.first] += end - begin;
    if (made_.is_deep_) made_.users_[blocks.second] += end - begin;
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
      const uint32_t first = next->minor & ~(table::kMinorsOfUpper - 1);
      std::array<uint16_t, table::kUpper> inner;
      inner.fill(*uniform);
      while (next != minors.each.end() && next->minor - first < table::kMinorsOfUpper) {
        const uint32_t begin = next->minor & ~static_cast<uint32_t>(kBlockSize - 1);
        const auto leaf = Leaf(minors, next, begin);
        if (!leaf) return Forward(leaf.error());
        // Those below 256 are looked up without a node.
        (begin == 0 ? low : inner[(begin - first) / kBlockSize]) = *leaf;
        while (next != minors.each.end() && next->minor - begin < kBlockSize) ++next;
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
  Result<uint16_t> Leaf(const Minors& minors, std::vector<Minors::One>::const_iterator next,
                        uint32_t begin) {
    Block block;
    block.fill(Sets(minors.any));
    for (; next != minors.each.end() && next->minor - begin < kBlockSize; ++next) {
      block[next->minor - begin] = Sets(minors.any | next->access);
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
    const bool is_node = !numbers.empty();
    const size_t mask = known_.size() - 1;
    size_t slot = Hash(block) & mask;
    for (; known_[slot].number != 0; slot = (slot + 1) & mask) {
      const Known& known = known_[slot];
      if (known.is_node == is_node &&
          memcmp(made_.bytes_.data() + known.number * kBlockSize, block.data(), kBlockSize) == 0) {
        return known.number;
      }
    }
    const size_t number = made_.users_.size();
    if (number + table::kSpareBlocks >= table::kMostBlocks) {
      return Failure(
          E2BIG, fmt::format("{} device rules: too many for one table", rules_.accesses().size()));
    }
    made_.users_.push_back(0);
    for (const uint16_t named : numbers) ++made_.users_[named];
    made_.bytes_.insert(made_.bytes_.end(), block.begin(), block.end());
    known_[slot] = {static_cast<uint16_t>(number), is_node};
    if (number * 2 > known_.size()) Rehash();
    return static_cast<uint16_t>(number);
  }

  void Rehash() {
    const std::vector<Known> before = std::exchange(known_, std::vector<Known>(known_.size() * 2));
    const size_t mask = known_.size() - 1;
    for (const Known& known : before) {
      if (known.number == 0) continue;
      Block block;
      memcpy(block.data(), made_.bytes_.data() + known.number * kBlockSize, kBlockSize);
      size_t slot = Hash(block) & mask;
      while (known_[slot].number != 0) slot = (slot + 1) & mask;
      known_[slot] = known;
    }
  }

  // A block that was placed; the number 0 is none's.
  struct Known {
    uint16_t number = 0;
    bool is_node = false;
  };
  static constexpr size_t kKnownAtFirst = 1024;

  const DeviceRules& rules_;
  DeviceTableLayout made_;
  // At the place that the hash of its bytes says, or behind; at most half full.
  std::vector<Known> known_ = std::vector<Known>(kKnownAtFirst);
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
