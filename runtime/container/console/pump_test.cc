// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/pump.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "runtime/kernel/pty.h"

namespace lxcspec::runtime {
namespace {

constexpr std::chrono::seconds kDeadline(30);

class PumpTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(MakeRaw(pty_.peer.get())); }

  // Runs the loop until something holds. False when it did not in time.
  bool RunUntil(const std::function<bool()>& holds) {
    bool is_late = false;
    const auto timer = loop_.After(kDeadline, [&] { is_late = true; });
    while (!holds() && !is_late) {
      if (!loop_.RunOnce()) return false;
    }
    loop_.Cancel(timer);
    return !is_late;
  }

  void Write(const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = write(pty_.peer.get(), text.data() + at, text.size() - at);
      ASSERT_GT(count, 0);
      at += static_cast<size_t>(count);
    }
  }

  static std::string Text(size_t size) {
    std::string text(size, '\0');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 24);
    return text;
  }

  EventLoop loop_ = EventLoop::Create().value();
  Pty pty_ = OpenPty().value();
  ConsoleRing ring_ = ConsoleRing::Create(1 << 22).value();
  std::string shown_;
  ConsolePump pump_{loop_, pty_.primary.get(), ring_, [this](const RingPieces& output) {
                      for (const iovec& piece : output) {
                        shown_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
                      }
                    }};
};

TEST_F(PumpTest, FloodArrivesWholeInTheRingAndTheSink) {
  ASSERT_TRUE(pump_.Start());
  const std::string text = Text(3'000'000);
  std::thread writer([&] { Write(text); });
  const bool arrived = RunUntil([&] { return shown_.size() >= text.size(); });
  writer.join();

  ASSERT_TRUE(arrived) << shown_.size();
  EXPECT_TRUE(shown_ == text);
  std::string kept(text.size(), '\0');
  EXPECT_EQ(ring_.Copy(kept), text.size());
  EXPECT_TRUE(kept == text);
}

TEST_F(PumpTest, TrickleArrivesWhole) {
  ASSERT_TRUE(pump_.Start());
  const std::string text = Text(20'000);
  std::thread writer([&] {
    for (size_t i = 0; i < text.size(); i += 2) Write(text.substr(i, 2));
  });
  const bool arrived = RunUntil([&] { return shown_.size() >= text.size(); });
  writer.join();

  ASSERT_TRUE(arrived) << shown_.size();
  EXPECT_TRUE(shown_ == text);
}

TEST_F(PumpTest, HeldPumpReadsNothingUntilItIsLetGo) {
  ASSERT_TRUE(pump_.Start());
  pump_.Hold(true);
  Write("word");
  bool is_time = false;
  loop_.After(std::chrono::milliseconds(20), [&] { is_time = true; });
  ASSERT_TRUE(RunUntil([&] { return is_time; }));
  EXPECT_EQ(shown_, "");
  pump_.Hold(false);

  EXPECT_TRUE(RunUntil([&] { return shown_ == "word"; })) << shown_;
}

TEST_F(PumpTest, WhatWasWrittenIsAvailableAtOnce) {
  Write("last words");

  EXPECT_EQ(pump_.ReadAvailable(1 << 20), 10U);
  EXPECT_EQ(shown_, "last words");
}

TEST_F(PumpTest, HangUpOfAllPeersIsNoEndOfTheConsole) {
  const std::string path = pty_.path;
  Write("one");
  pty_.peer = UniqueFd();

  EXPECT_EQ(pump_.ReadAvailable(1 << 20), 3U);
  EXPECT_EQ(pump_.ReadAvailable(1 << 20), 0U);
}

}  // namespace
}  // namespace lxcspec::runtime
