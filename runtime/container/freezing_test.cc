// SPDX-License-Identifier: Apache-2.0
//
// A folder with a cgroup's files stands for a cgroup, so that the test decides when it is frozen.

#include "runtime/container/freezing.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>

#include "runtime/container/client.h"
#include "runtime/container/command_server.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;

class FreezingTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "freezing.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    Put("cgroup.freeze", "0");
    Put("cgroup.events", "populated 1\nfrozen 0\n");
    cgroup_.emplace(Cgroup::Open(folder_, 2).value());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Put(const std::string& file, const std::string& text) const {
    std::ofstream(fs::path(folder_) / file) << text;
  }
  // What the kernel was asked for last.
  std::string Asked() const {
    std::ifstream file(fs::path(folder_) / "cgroup.freeze");
    std::string word;
    file >> word;
    return word;
  }
  // Ends with the errno, or 0.
  Freezing::OnEnd Into(std::optional<int>& end) {
    return [&end](const Status& status) { end = status ? 0 : status.error().code; };
  }

  std::string folder_;
  std::optional<Cgroup> cgroup_;
  EventLoop loop_ = EventLoop::Create().value();
  Freezing freezing_{loop_};
};

TEST_F(FreezingTest, EndsOnceTheCgroupSaysSo) {
  std::optional<int> end;
  freezing_.Begin(*cgroup_, true, minutes(1), Into(end));
  EXPECT_EQ(Asked(), "1");
  EXPECT_FALSE(end);
  Put("cgroup.events", "populated 1\nfrozen 1\n");
  while (!end) ASSERT_TRUE(loop_.RunOnce());
  EXPECT_EQ(end, 0);
}

TEST_F(FreezingTest, WhatIsSoAlreadyEndsAtOnce) {
  std::optional<int> end;
  freezing_.Begin(*cgroup_, false, minutes(1), Into(end));
  EXPECT_EQ(end, 0);
}

TEST_F(FreezingTest, CgroupThatIsNotFrozenInTimeIsThawed) {
  std::optional<int> end;
  freezing_.Begin(*cgroup_, true, milliseconds(5), Into(end));
  while (!end) ASSERT_TRUE(loop_.RunOnce());
  EXPECT_EQ(end, ETIMEDOUT);
  EXPECT_EQ(Asked(), "0");
}

TEST_F(FreezingTest, TheOppositeEndsWhatGoesOn) {
  std::optional<int> freeze;
  std::optional<int> thaw;
  freezing_.Begin(*cgroup_, true, minutes(1), Into(freeze));
  freezing_.Begin(*cgroup_, false, minutes(1), Into(thaw));
  EXPECT_EQ(freeze, ECANCELED);
  EXPECT_EQ(thaw, 0);
  EXPECT_EQ(Asked(), "0");
}

TEST_F(FreezingTest, CgroupWithoutAFreezerIsRefused) {
  fs::remove(fs::path(folder_) / "cgroup.freeze");
  std::optional<int> end;
  freezing_.Begin(*cgroup_, true, minutes(1), Into(end));
  EXPECT_EQ(end, ENOSYS);
}

TEST_F(FreezingTest, OtherCommandsAreAnsweredWhileACgroupCannotBeFrozen) {
  const Place place{.lxcpath = folder_, .name = "c"};
  CommandServer server(loop_);
  std::optional<int> end;
  server.HandleLate(Command::kFreeze, [&](const Request&, const Client& client) {
    freezing_.Begin(*cgroup_, true, minutes(1), [&end, client](const Status& status) {
      end = status ? 0 : status.error().code;
      client.Send({.code = *end, .body = "", .fds = {}});
    });
  });
  bool was_asked = false;
  server.Handle(Command::kState, [&](const Request&) {
    was_asked = true;
    return Reply{.code = 0, .body = "FREEZING", .fds = {}};
  });
  ASSERT_TRUE(server.Listen(CommandAddress(place)));

  auto freeze = std::async(std::launch::async, [&] { return Query(place, Command::kFreeze); });
  while (Asked() != "1") ASSERT_TRUE(loop_.RunOnce());
  auto state = std::async(std::launch::async, [&] { return Query(place, Command::kState); });
  while (!was_asked) ASSERT_TRUE(loop_.RunOnce());
  EXPECT_EQ(state.get().value().body, "FREEZING");
  EXPECT_FALSE(end);

  freezing_.Cancel();
  const auto frozen = freeze.get();
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().code, ECANCELED);
}

}  // namespace
}  // namespace lxcspec::runtime
