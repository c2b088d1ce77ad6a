// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/run_record.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RunRecordTest : public ::testing::Test {
 protected:
  RunRecordTest()
      : place_{.lxcpath = fmt::format("/lxcspec-record-test/{}", getpid()), .name = "c"} {}
  ~RunRecordTest() override {
    if (auto left = RunRecord::TakeAbandoned(place_)) left->Remove();
  }

  bool IsRecorded() const {
    const auto places = RecordedPlaces();
    return std::any_of(places.begin(), places.end(), [&](const Place& place) {
      return place.lxcpath == place_.lxcpath && place.name == place_.name;
    });
  }

  const Place& place() const { return place_; }

 private:
  Place place_;
};

TEST_F(RunRecordTest, OnlyOneHoldsIt) {
  auto record = RunRecord::Take(place());
  ASSERT_TRUE(record) << record.error().ToString();
  EXPECT_EQ(RunRecord::Take(place()).error().code, EBUSY);
  EXPECT_FALSE(RunRecord::TakeAbandoned(place()));
  record->Remove();
  EXPECT_FALSE(RunRecord::TakeAbandoned(place()));
}

TEST_F(RunRecordTest, WhatAKilledHolderWroteIsThereForTheNext) {
  const pid_t holder = fork();
  if (holder == 0) {
    auto record = RunRecord::Take(place());
    const bool written =
        record &&
        record->Write({.place = place(), .cgroups = {"/a", "/a/b"}, .devices = {"veth0"}});
    _exit(written ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(holder, &status, 0), holder);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(IsRecorded());

  auto left = RunRecord::TakeAbandoned(place());

  ASSERT_TRUE(left);
  EXPECT_THAT(left->contents().cgroups, ElementsAre("/a", "/a/b"));
  EXPECT_THAT(left->contents().devices, ElementsAre("veth0"));
  left->Remove();
  EXPECT_FALSE(IsRecorded());
}

TEST_F(RunRecordTest, AShorterTextReplacesALongerOne) {
  auto record = RunRecord::Take(place()).value();
  ASSERT_TRUE(record.Write({.place = place(), .cgroups = {std::string(200, 'x')}, .devices = {}}));
  ASSERT_TRUE(record.Write({.place = place(), .cgroups = {}, .devices = {}}));
  EXPECT_TRUE(IsRecorded());
  record.Remove();
}

TEST_F(RunRecordTest, WhatCannotBeUnderstoodNamesNothing) {
  {
    const auto record = RunRecord::Take(place());
    ASSERT_TRUE(record);
  }
  auto left = RunRecord::TakeAbandoned(place());
  ASSERT_TRUE(left);
  EXPECT_THAT(left->contents().cgroups, IsEmpty());
  left->Remove();
}

}  // namespace
}  // namespace lxcspec::runtime
