// SPDX-License-Identifier: Apache-2.0
//
// The ring against a deque that does the same slowly. LXCSPEC_RING_OPERATIONS in the environment
// sets how many random operations there are.

#include "runtime/kernel/console_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kPage = 4096;

ConsoleRing MakeRing(uint64_t capacity) { return ConsoleRing::Create(capacity).value(); }

std::string Joined(const RingPieces& pieces) {
  std::string text;
  for (const iovec& piece : pieces) {
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}

std::string ContentOf(const ConsoleRing& ring) { return Joined(ring.Oldest(ring.size())); }

// Bytes that tell where in the stream they are.
std::string Pattern(uint64_t from, uint64_t length) {
  std::string text(length, '\0');
  for (uint64_t i = 0; i < length; ++i) {
    text[i] = static_cast<char>(((from + i) * 0x9E3779B97F4A7C15U) >> 56);
  }
  return text;
}

TEST(ConsoleRingTest, CapacityThatIsNoPowerOfTwoIsRefused) {
  for (const uint64_t capacity : {0U, 3U, 4097U}) {
    const auto ring = ConsoleRing::Create(capacity);
    ASSERT_FALSE(ring);
    EXPECT_EQ(ring.error().code, EINVAL);
  }
}

TEST(ConsoleRingTest, CapacityBeyondMemoryIsRefused) {
  const auto ring = ConsoleRing::Create(uint64_t{1} << 62);

  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().code, ENOMEM);
}

TEST(ConsoleRingTest, BytesComeOutInOrderAndAreGoneWhenDropped) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(std::string("one two"));

  EXPECT_EQ(Joined(ring.Oldest(3)), "one");
  EXPECT_EQ(ring.Drop(4), 4U);
  EXPECT_EQ(ContentOf(ring), "two");
  EXPECT_EQ(Joined(ring.Newest(2)), "wo");
  EXPECT_EQ(ring.Drop(100), 3U);
  EXPECT_EQ(ring.size(), 0U);
}

TEST(ConsoleRingTest, WholeCapacityIsKept) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(Pattern(0, 10));
  ring.Drop(10);
  ring.Write(Pattern(10, kPage));

  EXPECT_EQ(ContentOf(ring), Pattern(10, kPage));
}

TEST(ConsoleRingTest, OverflowPushesOutTheOldest) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(Pattern(0, kPage));
  ring.Write(Pattern(kPage, 100));

  EXPECT_EQ(ContentOf(ring), Pattern(100, kPage));
}

TEST(ConsoleRingTest, WriteBeyondTheCapacityKeepsItsEnd) {
  for (const uint64_t filled : {0UL, 1UL, 1000UL, kPage}) {
    for (const uint64_t length : {kPage - 1, kPage, kPage + 1, 3 * kPage + 7, 16 * kPage}) {
      ConsoleRing ring = MakeRing(kPage);
      ring.Write(Pattern(0, filled));
      ring.Write(Pattern(filled, length));
      const uint64_t kept = std::min(filled + length, kPage);

      EXPECT_EQ(ContentOf(ring), Pattern(filled + length - kept, kept)) << filled << " " << length;
    }
  }
}

TEST(ConsoleRingTest, ReservedSpaceThatIsNotWrittenLosesNothing) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(Pattern(0, kPage));
  ring.Reserve(kPage);
  ring.Commit(0);

  EXPECT_EQ(ContentOf(ring), Pattern(0, kPage));
}

TEST(ConsoleRingTest, ReservedSpaceIsNoMoreThanTheCapacity) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(Pattern(0, 100));
  const RingPieces pieces = ring.Reserve(UINT64_MAX);

  EXPECT_EQ(pieces[0].iov_len + pieces[1].iov_len, kPage);
}

TEST(ConsoleRingTest, MovedRingKeepsItsContent) {
  ConsoleRing ring = MakeRing(kPage);
  ring.Write(std::string("kept"));
  ConsoleRing other = std::move(ring);
  ConsoleRing third = MakeRing(kPage);
  third = std::move(other);

  EXPECT_EQ(ContentOf(third), "kept");
}

// What a ring should hold, as the bytes themselves.
class Model {
 public:
  explicit Model(uint64_t capacity) : capacity_(capacity) {}

  void Write(std::string_view bytes) {
    if (bytes.size() > capacity_) bytes = bytes.substr(bytes.size() - capacity_);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    if (bytes_.size() > capacity_) Drop(bytes_.size() - capacity_);
  }
  void Drop(uint64_t length) {
    const auto count = static_cast<ptrdiff_t>(std::min<uint64_t>(length, bytes_.size()));
    bytes_.erase(bytes_.begin(), bytes_.begin() + count);
  }
  uint64_t size() const { return bytes_.size(); }
  bool Equals(const RingPieces& pieces, uint64_t from) const {
    auto at = bytes_.begin() + static_cast<ptrdiff_t>(from);
    for (const iovec& piece : pieces) {
      const auto* bytes = static_cast<const char*>(piece.iov_base);
      if (!std::equal(bytes, bytes + piece.iov_len, at)) return false;
      at += static_cast<ptrdiff_t>(piece.iov_len);
    }
    return true;
  }

 private:
  uint64_t capacity_;
  std::deque<char> bytes_;
};

class Walk {
 public:
  Walk(uint64_t capacity, uint64_t seed)
      : capacity_(capacity), random_(seed), ring_(MakeRing(capacity)), model_(capacity) {}

  void Step() {
    const uint64_t choice = random_() % 64;
    if (choice < 30) {
      ring_.Write(Take(random_() % 24));
    } else if (choice < 36) {
      Commit(random_() % 32);
    } else if (choice < 60) {
      Drop(random_() % 26);
    } else if (choice == 60 && random_() % 64 == 0) {
      ring_.Write(Take(random_() % (3 * capacity_)));
    } else if (choice == 61 && random_() % 64 == 0) {
      Drop(random_() % (2 * capacity_));
    } else if (choice == 62 && random_() % 1024 == 0) {
      Commit(random_() % (2 * capacity_));
    } else {
      Peek(random_() % 32);
    }
    ASSERT_EQ(ring_.size(), model_.size());
  }

  void CompareAll() { ASSERT_TRUE(model_.Equals(ring_.Oldest(ring_.size()), 0)); }

 private:
  // The next bytes of a fixed, aperiodic stream; the model has them already.
  std::span<const char> Take(uint64_t length) {
    static const std::string* const stream = new std::string(Pattern(0, 1 << 20));
    const uint64_t at = random_() % (stream->size() - length);
    const std::span<const char> bytes(stream->data() + at, length);
    model_.Write({bytes.data(), bytes.size()});
    return bytes;
  }

  void Commit(uint64_t length) {
    length = std::min(length, capacity_);
    const RingPieces pieces = ring_.Reserve(length);
    // As a read does that has less to give than there is room.
    const uint64_t count = length == 0 ? 0 : random_() % (length + 1);
    std::span<const char> bytes = Take(count);
    for (const iovec& piece : pieces) {
      const auto part = bytes.first(std::min<size_t>(bytes.size(), piece.iov_len));
      std::copy(part.begin(), part.end(), static_cast<char*>(piece.iov_base));
      bytes = bytes.subspan(part.size());
    }
    ring_.Commit(count);
  }

  void Drop(uint64_t length) {
    ring_.Drop(length);
    model_.Drop(length);
  }

  void Peek(uint64_t length) {
    const uint64_t count = std::min(length, model_.size());
    ASSERT_TRUE(model_.Equals(ring_.Oldest(length), 0));
    ASSERT_TRUE(model_.Equals(ring_.Newest(length), model_.size() - count));
  }

  uint64_t capacity_;
  std::mt19937_64 random_;
  ConsoleRing ring_;
  Model model_;
};

uint64_t OperationsWanted() {
  const char* wanted = getenv("LXCSPEC_RING_OPERATIONS");
  return wanted != nullptr ? strtoull(wanted, nullptr, 10) : 10'000'000;
}

TEST(ConsoleRingTest, RandomOperationsLeaveWhatADequeWould) {
  constexpr uint64_t kCapacities[] = {16, 64, 1024, kPage};
  const uint64_t operations = OperationsWanted();
  for (uint64_t done = 0, walk = 0; done < operations; ++walk) {
    const uint64_t capacity = kCapacities[walk % std::size(kCapacities)];
    SCOPED_TRACE("walk " + std::to_string(walk));
    Walk steps(capacity, walk);
    for (int i = 0; i < 250'000; ++i, ++done) {
      ASSERT_NO_FATAL_FAILURE(steps.Step()) << "step " << i;
      if (i % 4096 != 0) continue;
      ASSERT_NO_FATAL_FAILURE(steps.CompareAll()) << "step " << i;
    }
    ASSERT_NO_FATAL_FAILURE(steps.CompareAll());
  }
}

}  // namespace
}  // namespace lxcspec::runtime
