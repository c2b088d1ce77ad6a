// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <vector>

namespace lxcspec::runtime {
namespace {

// In pages.
int64_t Resident() {
  int64_t size = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident;
}

TEST(MemoryTest, WhatWasFreedIsGivenBack) {
  constexpr int kBlocks = 64 * 1024;
  constexpr size_t kSize = 256;
  std::vector<std::unique_ptr<char[]>> blocks;
  for (int i = 0; i < kBlocks; ++i) blocks.push_back(std::make_unique<char[]>(kSize));
  // In use behind the others, so that they are not given back by themselves.
  const auto last = std::make_unique<char[]>(kSize);
  blocks.clear();
  const int64_t before = Resident();
  ReleaseMemory();
  EXPECT_LT(Resident(), before - int64_t{kBlocks} * kSize / 4096 / 2);
}

TEST(MemoryTest, CodeThatWasForgottenIsExecuted) {
  for (int i = 0; i < 100; ++i) ReleaseMemory();
}

}  // namespace
}  // namespace lxcspec::runtime
