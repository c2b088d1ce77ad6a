// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/liblxc_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace lxcspec {
namespace {

using ::testing::Eq;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::Optional;

// A struct filled with non-NULL pointers whose last byte is the last one before unreadable memory.
class GuardedContainer {
 public:
  explicit GuardedContainer(size_t size) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* mapped =
        mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start_ = static_cast<char*>(mapped);
    mprotect(start_ + page_, page_, PROT_NONE);
    raw_ = start_ + page_ - size;
    memset(raw_, 0x5a, size);
  }
  ~GuardedContainer() { munmap(start_, 2 * page_); }
  GuardedContainer(const GuardedContainer&) = delete;
  GuardedContainer& operator=(const GuardedContainer&) = delete;

  void* raw() const { return raw_; }

 private:
  size_t page_;
  char* start_;
  char* raw_;
};

abi::Container ReadGuarded(const AbiVersion& version) {
  GuardedContainer guarded(ContainerSize(version));
  return ReadMembers(guarded.raw(), version);
}

TEST(ParseAbiVersionTest, ReadsTheLeadingNumbers) {
  EXPECT_THAT(ParseAbiVersion("5.0.2"), Optional(Eq(AbiVersion{5, 0, 2})));
  EXPECT_THAT(ParseAbiVersion("4.0"), Optional(Eq(AbiVersion{4, 0, 0})));
  EXPECT_THAT(ParseAbiVersion("7.0.0-rc1"), Optional(Eq(AbiVersion{7, 0, 0})));
}

TEST(ParseAbiVersionTest, RefusesWhatIsNoVersion) {
  for (const char* text : {"", "devel", "7", ".5", "-1.0", "v5.0"}) {
    EXPECT_EQ(ParseAbiVersion(text), std::nullopt) << text;
  }
}

TEST(ContainerSizeTest, IsTheReleasesOwn) {
  EXPECT_EQ(ContainerSize({3, 1, 0}), 536u);
  EXPECT_EQ(ContainerSize({3, 2, 1}), 544u);
  EXPECT_EQ(ContainerSize({4, 0, 4}), 552u);
  EXPECT_EQ(ContainerSize({4, 0, 6}), 568u);
  EXPECT_EQ(ContainerSize({5, 0, 2}), 568u);
  EXPECT_EQ(ContainerSize({6, 0, 4}), 584u);
  EXPECT_EQ(ContainerSize({7, 0, 0}), 584u);
}

TEST(ReadMembersTest, OlderStructsLackLaterMembers) {
  EXPECT_THAT(ReadGuarded({2, 0, 0}).console_log, IsNull());
  EXPECT_THAT(ReadGuarded({3, 1, 0}).umount, NotNull());
  EXPECT_THAT(ReadGuarded({3, 1, 0}).seccomp_notify_fd, IsNull());
  EXPECT_THAT(ReadGuarded({3, 2, 0}).init_pidfd, IsNull());
  EXPECT_THAT(ReadGuarded({5, 0, 2}).devpts_fd, NotNull());
  EXPECT_THAT(ReadGuarded({5, 0, 2}).set_timeout, IsNull());
  EXPECT_THAT(ReadGuarded({6, 0, 0}).set_timeout, NotNull());
}

TEST(ReadMembersTest, FindsInitPidfdBeforeTheInsertionOf405) {
  EXPECT_THAT(ReadGuarded({4, 0, 4}).init_pidfd, NotNull());
  EXPECT_THAT(ReadGuarded({4, 0, 4}).seccomp_notify_fd_active, IsNull());
  EXPECT_THAT(ReadGuarded({4, 0, 5}).init_pidfd, NotNull());
  EXPECT_THAT(ReadGuarded({4, 0, 5}).seccomp_notify_fd_active, NotNull());
}

}  // namespace
}  // namespace lxcspec
