// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand mounts in containers that do what they can against it: they exchange the target, the
// folders on the way to it and what is in the exchange folder for links and mounts, unmount the
// exchange folder, and end in the middle. Nothing of the host changes, nothing that was there is
// deleted or replaced, and every call ends. A suite of its own:
//
//   bazel build //conformance/launcher //conformance/storm:mounts //conformance/probes:probe
//   launcher --suite mounts --testee liblxc.so.1 --probe probe --results FILE --speed 100
//
// mount_injection_storm_result.txt has what it printed last.

#include <sys/mman.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <new>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::IsSupersetOf;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kCallsOfARound = 500;
// Some containers end before their round does.
constexpr uint64_t kRoundsBetweenEnds = 4;
constexpr int kMostErrno = 134;
constexpr int kStopSeconds = 10;

// What the clients saw.
struct Seen {
  std::atomic<uint64_t> calls = 0;
  std::atomic<uint64_t> mounted = 0;
  std::atomic<uint64_t> unmounted = 0;
  std::atomic<uint64_t> after_end = 0;
  std::atomic<int64_t> longest_us = 0;
  std::array<std::atomic<uint64_t>, kMostErrno> failures{};
};

struct Storm {
  std::string name;
  bool users;        // a container with a user namespace
  bool by_exchange;  // a client without mounts by descriptor
  uint64_t calls;
};

class MountInjectionStormTest : public MountTest, public ::testing::WithParamInterface<Storm> {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    void* const memory =
        mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    seen_ = new (memory) Seen;
    ASSERT_TRUE(fs::create_directories(given() / "folder"));
    ASSERT_OK(WriteContent(given() / "file", "kept"));
    ASSERT_TRUE(fs::create_directory(rootfs() / "place"));
    if (GetParam().users) {
      ASSERT_OK_AND_ASSIGN(config_, MapIds());
    }
    config_.emplace_back("lxc.mount.entry", given().string() + " given none bind,create=dir 0 0");
  }

  // A folder of the host that the container has.
  fs::path given() const { return scratch() / "given"; }

  std::vector<std::string> HostMounts() const {
    std::vector<std::string> mounts;
    for (const SeenMount& mount : MountsOf(getpid())) mounts.push_back(mount.point);
    return mounts;
  }

  MountCall Call(uint64_t number) const {
    static const std::array<std::string, 6> kTargets = {
        "/place/here",       "/place/here/folder",  "/place/here/file",
        "/place/here/new/x", "/place/here/../here", "/given/../place/here/file"};
    MountCall call = Bind(kTargets[number % kTargets.size()]);
    switch (number % 5) {
      case 0:
        call.source = (source() / "file").string();
        break;
      case 1:
        call = {.source = "name", .target = call.target, .type = "tmpfs", .flags = 0, .data = {}};
        break;
      case 2:
        call.flags |= MS_RDONLY | MS_REC;
        break;
      default:
        break;
    }
    return call;
  }

  // In a client of its own.
  void MakeCalls(Container& container, const UniqueFd& init, uint64_t first) {
    for (uint64_t number = first; number < first + kCallsOfARound; ++number) {
      const MountCall call = Call(number);
      const auto begin = Clock::now();
      const Status mounted = container.Mount(call);
      const int64_t took =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
      seen_->longest_us = std::max(seen_->longest_us.load(), took);
      ++seen_->calls;
      if (mounted) {
        ++seen_->mounted;
        if (container.Umount(call.target, MNT_DETACH)) ++seen_->unmounted;
      } else if (IsReadable(init)) {
        ++seen_->after_end;
      } else {
        ++seen_->failures.at(std::clamp(mounted.error().code, 0, kMostErrno - 1));
      }
    }
  }

  void Round(uint64_t round) {
    ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(config_, "c" + std::to_string(round)));
    ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));
    // Either unmounts the exchange folder, or uses it.
    const bool unmounts = round % 2 == 0;
    ASSERT_OK(container.Ask(
        {"start", "mayhem", "/place/here", "/given", unmounts ? kExchange : "/nowhere"}));
    if (!unmounts) {
      ASSERT_OK(
          container.Ask({"start", "exchange-names", kExchange, (outside() / "folder").string()}));
    }
    auto client = OtherClient::Start([&] {
      if (GetParam().by_exchange && !RefuseMountsByDescriptor()) return false;
      MakeCalls(*container, init, round * kCallsOfARound);
      return true;
    });
    ASSERT_OK(client);
    if (round % kRoundsBetweenEnds == kRoundsBetweenEnds - 1) {
      const uint64_t end = seen_->calls + random_() % kCallsOfARound;
      ASSERT_TRUE(Eventually([&] { return seen_->calls.load(); }, ::testing::Ge(end)));
      ASSERT_OK(SendSignal(init, SIGKILL));
    }
    EXPECT_THAT(client->Await(), SucceedsWith(true));
    static_cast<void>(container->Stop());
    ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  }

  // What the container itself has left in its exchange folder is its own.
  void ClearExchange() const {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(exchange(), error)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("taken-") || entry.is_symlink(error)) fs::remove(entry.path(), error);
    }
  }

  Seen* seen_ = nullptr;

 private:
  ConfigItems config_;
  std::mt19937 random_{20261126};
};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionStormTest,
                         ::testing::Values(Storm{"Privileged", false, false, 10'000},
                                           Storm{"UserNamespace", true, false, 10'000},
                                           Storm{"PrivilegedByExchange", false, true, 5'000},
                                           Storm{"UserNamespaceByExchange", true, true, 5'000}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionStormTest, HostileContainersChangeNothingOfTheHost) {
  COVERS(spec::mount_injection::kHostileTarget, spec::mount_injection::kEndingContainer);
  const std::vector<std::string> mounts = HostMounts();
  const std::vector<std::string> given_before = TreeOf(given());
  const std::vector<std::string> outside_before = TreeOf(outside());
  const std::vector<std::string> source_before = TreeOf(source());
  const auto begin = Clock::now();

  // Calls for a container that has ended do not count.
  for (uint64_t round = 0; seen_->calls - seen_->after_end < GetParam().calls; ++round) {
    ASSERT_NO_FATAL_FAILURE(Round(round));
    ASSERT_TRUE(Eventually([&] { return HostMounts(); }, ::testing::Eq(mounts)));
    ASSERT_EQ(TreeOf(outside()), outside_before);
    ASSERT_THAT(TreeOf(given()), IsSupersetOf(given_before));
    ClearExchange();
    ASSERT_THAT(TreeOf(exchange()), ::testing::IsEmpty());
  }

  EXPECT_EQ(TreeOf(source()), source_before);
  EXPECT_GT(seen_->mounted, 0U);
  std::cout << "storm: " << GetParam().name << ": calls " << seen_->calls << " mounted "
            << seen_->mounted << " unmounted " << seen_->unmounted << " after the end "
            << seen_->after_end;
  for (int code = 0; code < kMostErrno; ++code) {
    if (seen_->failures.at(code) > 0) {
      std::cout << ' ' << ErrnoName(code) << ' ' << seen_->failures.at(code);
    }
  }
  std::cout << ", longest call " << seen_->longest_us / 1000 << " ms, "
            << std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count()
            << " ms in all\n";
}

}  // namespace
}  // namespace lxcspec
