// SPDX-License-Identifier: Apache-2.0
//
// Holds programs against the plain meaning of their rules in the kernel: a process in a cgroup of
// its own uses device nodes. Needs root and a cgroup2 hierarchy.

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/bpf_call.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"
#include "runtime/kernel/device_program.h"
#include "runtime/kernel/device_rules.h"
#include "runtime/kernel/device_table.h"

namespace lxcspec::runtime {
namespace {

class DeviceProgramKernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto found = CgroupsOf("self");
    ASSERT_TRUE(found);
    for (const CgroupHierarchy& hierarchy : found->all) {
      if (hierarchy.version != 2) continue;
      const auto own = Cgroup::Open(hierarchy.folder, 2);
      ASSERT_TRUE(own) << own.error().ToString();
      auto made = own->Make(fmt::format("lxcspec-devices-{}", getpid()));
      ASSERT_TRUE(made) << made.error().ToString();
      cgroup_ = *std::move(made);
    }
    ASSERT_TRUE(cgroup_) << "this machine has no cgroup2 hierarchy";
    nodes_ = fmt::format("{}/nodes-XXXXXX", testing::TempDir());
    ASSERT_NE(mkdtemp(nodes_.data()), nullptr);
  }

  void TearDown() override {
    if (cgroup_) {
      constexpr std::chrono::seconds kPatience{10};
      EXPECT_TRUE(RemoveCgroup(cgroup_->folder(), kPatience));
    }
    for (const std::string& node : made_) unlink(node.c_str());
    rmdir(nodes_.c_str());
  }

  // A device node, whatever it stands for: rights are asked for before a driver is.
  std::string Node(DeviceType type, uint32_t major, uint32_t minor) {
    const bool block = type == DeviceType::kBlock;
    std::string path = fmt::format("{}/{}{}:{}", nodes_, block ? "b" : "c", major, minor);
    const mode_t mode = (block ? S_IFBLK : S_IFCHR) | 0600;
    EXPECT_EQ(mknod(path.c_str(), mode, makedev(major, minor)), 0) << path;
    made_.push_back(path);
    return path;
  }

  // Runs `body` in a process in the cgroup; what it returns is wrong, or nothing.
  std::string InCgroup(const std::function<std::string()>& body) {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return "pipe2()";
    const UniqueFd in(ends[0]);
    UniqueFd out(ends[1]);
    const pid_t child = fork();
    if (child == 0) {
      const auto added = cgroup_->Add(0);
      const std::string wrong = added ? body() : added.error().ToString();
      const ssize_t written = write(out.get(), wrong.data(), wrong.size());
      _exit(written == static_cast<ssize_t>(wrong.size()) ? 0 : 1);
    }
    out = UniqueFd();
    std::string wrong;
    std::array<char, 512> part;
    for (ssize_t count; (count = read(in.get(), part.data(), part.size())) > 0;) {
      wrong.append(part.data(), static_cast<size_t>(count));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? wrong : wrong + " (the process died)";
  }

  std::optional<Cgroup> cgroup_;
  std::string nodes_;
  std::vector<std::string> made_;
};

DeviceRule Parsed(bool allow, const std::string& text) {
  const auto rule = ParseDeviceRule(allow, text);
  EXPECT_TRUE(rule) << text;
  return rule.value();
}

Result<DeviceProgram> Loaded(const DeviceRules& rules) {
  const auto program = CompileDeviceRules(rules);
  if (!program) return Forward(program.error());
  return DeviceProgram::Load(*program);
}

struct NodeUse {
  DeviceType type;
  uint32_t major;
  uint32_t minor;
  std::string path;
};

// What the process may do with the node: kMay*.
bool MayUse(const NodeUse& node, uint32_t access) {
  if ((access & kMayMake) != 0) {
    const std::string other = node.path + "-made";
    const mode_t mode = (node.type == DeviceType::kBlock ? S_IFBLK : S_IFCHR) | 0600;
    const bool made = mknod(other.c_str(), mode, makedev(node.major, node.minor)) == 0;
    unlink(other.c_str());
    return made;
  }
  const int wanted = ((access & kMayRead) != 0 ? R_OK : 0) | ((access & kMayWrite) != 0 ? W_OK : 0);
  return faccessat(AT_FDCWD, node.path.c_str(), wanted, 0) == 0;
}

TEST_F(DeviceProgramKernelTest, TenThousandListsMeanWhatTheySay) {
  std::vector<NodeUse> nodes;
  for (const DeviceType type : {DeviceType::kBlock, DeviceType::kCharacter}) {
    for (const uint32_t major : {1U, 7U}) {
      for (const uint32_t minor : {3U, 300U}) {
        nodes.push_back({type, major, minor, Node(type, major, minor)});
      }
    }
  }
  std::vector<DeviceRule> alphabet;
  for (const bool allow : {true, false}) {
    for (const char* text : {"a", "a *:* rwm", "a *:* rw", "c *:* m", "b *:* rwm", "c 1:* w",
                             "c *:3 r", "c 1:3 rwm", "c 1:3 r", "c 7:300 rm", "b 7:* w"}) {
      alphabet.push_back(Parsed(allow, text));
    }
  }
  const std::string wrong = InCgroup([&]() -> std::string {
    constexpr unsigned kSeed = 7;
    constexpr int kLists = 10'000;
    std::mt19937 random(kSeed);
    std::optional<DeviceProgram> attached;
    std::optional<DeviceTable> table;
    int tables = 0;
    for (int round = 0; round < kLists; ++round) {
      DeviceRules rules;
      for (size_t left = 1 + random() % 6; left > 0; --left) {
        rules.Add(alphabet[random() % alphabet.size()]);
      }
      // Every other one as a table, where it can be one.
      std::optional<DeviceTable> next;
      if (auto made = DeviceTable::Create(rules); made && round % 2 == 0) next = *std::move(made);
      auto program = next ? DeviceProgram::Load(next->Lookup()) : Loaded(rules);
      if (!program) return program.error().ToString();
      tables += next ? 1 : 0;
      const auto done = program->Attach(cgroup_->fd(), attached ? &*attached : nullptr);
      if (!done) return done.error().ToString();
      attached = *std::move(program);
      table = std::move(next);
      for (const NodeUse& node : nodes) {
        for (const uint32_t access : {kMayMake, kMayRead, kMayWrite, kMayRead | kMayWrite}) {
          const bool expected = rules.Permits(node.type, node.major, node.minor, access);
          if (MayUse(node, access) != expected) {
            return fmt::format("list {}: {} access {} should be {}", round, node.path, access,
                               expected ? "allowed" : "denied");
          }
        }
      }
    }
    return tables > kLists / 4 ? "" : fmt::format("only {} tables", tables);
  });
  EXPECT_EQ(wrong, "");
}

TEST_F(DeviceProgramKernelTest, AChangeOfATableIsInForceAtOnce) {
  DeviceRules rules;
  rules.Add(Parsed(false, "a"));
  rules.Add(Parsed(true, "c 1:3 rwm"));
  // So that other minors from 256 on can be set.
  rules.Add(Parsed(true, "b 11:300 r"));
  auto table = DeviceTable::Create(rules);
  ASSERT_TRUE(table) << table.error().ToString();
  const auto program = DeviceProgram::Load(table->Lookup());
  ASSERT_TRUE(program) << program.error().ToString();
  ASSERT_TRUE(program->Attach(cgroup_->fd(), nullptr));
  const std::vector<NodeUse> nodes = {
      {DeviceType::kCharacter, 1, 5, Node(DeviceType::kCharacter, 1, 5)},
      {DeviceType::kCharacter, 7, 300, Node(DeviceType::kCharacter, 7, 300)},
      {DeviceType::kBlock, 9, 70'000, Node(DeviceType::kBlock, 9, 70'000)}};
  EXPECT_EQ(InCgroup([&]() -> std::string {
              for (int round = 0; round < 3; ++round) {
                for (const NodeUse& node : nodes) {
                  for (const uint32_t allowed : {kMayRead, kMayAll, 0U}) {
                    if (!table->CanSet(node.major, node.minor)) return "no room";
                    table->Set(node.type, node.major, node.minor, allowed);
                    for (const uint32_t access : {kMayMake, kMayRead, kMayWrite}) {
                      if (MayUse(node, access) == ((access & allowed) != 0)) continue;
                      return fmt::format("{}: access {} where {} is allowed", node.path, access,
                                         allowed);
                    }
                  }
                }
                if (UniqueFd(open("/dev/full", O_RDONLY | O_CLOEXEC)).valid()) return "open";
                if (!UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)).valid()) return "shut";
              }
              return "";
            }),
            "");
}

TEST_F(DeviceProgramKernelTest, ADenialOfReadingStopsReadingAndWriting) {
  DeviceRules rules;
  rules.Add(Parsed(false, "c 1:3 r"));
  EXPECT_EQ(InCgroup([&]() -> std::string {
              const auto program = Loaded(rules);
              if (!program) return program.error().ToString();
              const auto attached = program->Attach(cgroup_->fd(), nullptr);
              if (!attached) return attached.error().ToString();
              const auto may = [](const char* path, int flags) {
                return UniqueFd(open(path, flags | O_CLOEXEC)).valid();
              };
              if (may("/dev/null", O_RDONLY)) return "O_RDONLY";
              if (may("/dev/null", O_RDWR)) return "O_RDWR";
              if (!may("/dev/null", O_WRONLY)) return "O_WRONLY";
              if (!may("/dev/zero", O_RDWR)) return "another device";
              const auto detached = program->Detach(cgroup_->fd());
              if (!detached) return detached.error().ToString();
              return may("/dev/null", O_RDWR) ? "" : "after it was detached";
            }),
            "");
}

TEST_F(DeviceProgramKernelTest, AReplacementLeavesNoMomentOpenOrShut) {
  DeviceRules one;
  one.Add(Parsed(true, "c 1:3 rwm"));
  DeviceRules two = one;
  two.Add(Parsed(true, "c 1:5 rwm"));
  auto first = Loaded(one);
  auto second = Loaded(two);
  ASSERT_TRUE(first) << first.error().ToString();
  ASSERT_TRUE(second);
  ASSERT_TRUE(first->Attach(cgroup_->fd(), nullptr));
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd ready(ends[0]);
  UniqueFd said(ends[1]);
  const pid_t swapper = fork();
  if (swapper == 0) {
    // Until the other end is closed, and at least once.
    for (char byte = 0; write(said.get(), &byte, 1) == 1;) {
      if (!second->Attach(cgroup_->fd(), &*first)) _exit(1);
      std::swap(*first, *second);
    }
    _exit(2);
  }
  said = UniqueFd();
  const std::string wrong = InCgroup([&]() -> std::string {
    for (int swaps = 0; swaps < 2000; ++swaps) {
      char byte = 0;
      if (read(ready.get(), &byte, 1) != 1) return "the rules are not replaced";
      // Allowed, and denied, by both.
      if (!UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)).valid()) return "shut";
      if (UniqueFd(open("/dev/full", O_RDWR | O_CLOEXEC)).valid()) return "open";
    }
    return "";
  });
  kill(swapper, SIGKILL);
  waitpid(swapper, nullptr, 0);
  EXPECT_EQ(wrong, "");
}

Result<bpf_prog_info> InfoOf(const DeviceProgram& program) {
  bpf_prog_info info = {};
  bpf_attr attributes = {};
  attributes.info.bpf_fd = static_cast<uint32_t>(program.fd());
  attributes.info.info_len = sizeof(info);
  attributes.info.info = BpfAddress(&info);
  if (Bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return ErrnoFailure("BPF_OBJ_GET_INFO_BY_FD");
  return info;
}

// The program that looks into a table of that many rules, some with minors from 256 on where
// `deep`.
Result<bpf_prog_info> InfoOfTable(uint32_t rules_count, bool deep) {
  DeviceRules rules;
  rules.Add(Parsed(false, "a"));
  for (uint32_t i = 0; i < rules_count; ++i) {
    rules.Add({.allow = true,
               .character = true,
               .major = i % 250,
               .minor = i / 250 * (deep ? 1000 : 2),
               .access = kMayAll});
  }
  const auto table = DeviceTable::Create(rules);
  if (!table) return Forward(table.error());
  const auto program = DeviceProgram::Load(table->Lookup());
  if (!program) return Forward(program.error());
  return InfoOf(*program);
}

TEST_F(DeviceProgramKernelTest, ProgramsThatLookIntoATableHaveANameAndItsMap) {
  const auto info = InfoOfTable(1, false);
  ASSERT_TRUE(info) << info.error().ToString();
  EXPECT_STREQ(info->name, "lxc_devices");
  EXPECT_EQ(info->nr_map_ids, 1U);
}

TEST_F(DeviceProgramKernelTest, WhatTheVerifierWalksDoesNotGrowWithTheRules) {
  for (const bool deep : {false, true}) {
    for (const uint32_t count : {1U, 12U, 64U, 1024U, 5000U}) {
      const auto info = InfoOfTable(count, deep);
      ASSERT_TRUE(info) << info.error().ToString();
      // 0 where the kernel does not tell: before Linux 5.16.
      EXPECT_LE(info->verified_insns, deep ? 64U : 32U) << count;
    }
  }
}

TEST_F(DeviceProgramKernelTest, SixtyFiveThousandRulesLoadAsATable) {
  DeviceRules rules;
  for (uint32_t i = 0; i < 65'536; ++i) {
    rules.Add({.allow = true,
               .character = true,
               .major = i / 256,
               .minor = i % 256,
               .access = 1 + i % kMayAll});
  }
  const auto table = DeviceTable::Create(rules);
  ASSERT_TRUE(table) << table.error().ToString();
  const auto program = DeviceProgram::Load(table->Lookup());
  EXPECT_TRUE(program) << program.error().ToString();
}

TEST_F(DeviceProgramKernelTest, ThousandsOfRulesLoad) {
  DeviceRules rules;
  for (uint32_t i = 0; i < 2000; ++i) {
    rules.Add({.allow = true,
               .character = true,
               .major = 300 + i % 100,
               .minor = 2 * i,
               .access = kMayRead | kMayWrite});
  }
  const auto program = Loaded(rules);
  EXPECT_TRUE(program) << program.error().ToString();
}

}  // namespace
}  // namespace lxcspec::runtime
