// SPDX-License-Identifier: Apache-2.0
//
// lxc.mount.auto's cgroup words, with containers in cgroups of their own.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "runtime/container/setup/cgroup_mounts.h"
#include "runtime/container/setup/test_container.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

// A cgroup in every hierarchy that lets one be made and entered.
class OwnCgroups {
 public:
  OwnCgroups() : name_(fmt::format("lxcspec-setup-{}", getpid())) {
    const auto present = FindHostHierarchies(ReadWhole("/proc/self/mountinfo").value_or(""),
                                             ReadWhole("/proc/self/cgroup").value_or(""), "");
    for (HostHierarchy hierarchy : present) {
      hierarchy.path = fmt::format("{}/{}", hierarchy.path == "/" ? "" : hierarchy.path, name_);
      if (mkdir(Folder(hierarchy).c_str(), 0755) == 0) made_.push_back(hierarchy);
    }
  }
  ~OwnCgroups() {
    for (const HostHierarchy& one : made_) rmdir(Folder(one).c_str());
  }
  OwnCgroups(const OwnCgroups&) = delete;
  OwnCgroups& operator=(const OwnCgroups&) = delete;

  // Moves this process. A hierarchy that asks for more, as cpuset does, is left out.
  void Enter() const {
    for (const HostHierarchy& one : made_) {
      std::ofstream(Folder(one) / "cgroup.procs") << getpid();
    }
  }

  bool pure_cgroup2() const { return made_.size() == 1 && made_[0].controllers.empty(); }

  bool has_cgroup2() const {
    return std::any_of(made_.begin(), made_.end(),
                       [](const HostHierarchy& one) { return one.controllers.empty(); });
  }

  // One to look at: of cgroup v1, where there is one.
  const HostHierarchy* Example() const {
    for (const HostHierarchy& one : made_) {
      if (one.controllers == "pids" || one.controllers == "freezer" || pure_cgroup2()) return &one;
    }
    return nullptr;
  }

 private:
  static fs::path Folder(const HostHierarchy& one) { return one.mount_point + one.path; }

  std::string name_;
  std::vector<HostHierarchy> made_;
};

class CgroupAutomountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    example_ = cgroups_.Example();
    ASSERT_NE(example_, nullptr);
    // Where the container has the hierarchy, and its own cgroup in it.
    top_ = "/sys/fs/cgroup";
    if (!cgroups_.pure_cgroup2()) {
      top_ += example_->mount_point.substr(example_->mount_point.rfind('/'));
    }
  }

  TestRun Run(const std::string& words, const std::vector<std::string>& questions,
              uint64_t namespaces = 0) {
    const fs::path answer = root_.folder() / "answer";
    const pid_t child = fork();
    if (child == 0) {
      cgroups_.Enter();
      const TestRun run = RunInContainer(root_, {.config = "lxc.mount.auto = proc sys " + words,
                                                 .questions = questions,
                                                 .namespaces = namespaces | CLONE_NEWNET});
      std::ofstream(answer) << run.error << "\n" << run.output;
      _exit(0);
    }
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    std::ifstream file(answer);
    TestRun run;
    std::getline(file, run.error);
    run.output.assign(std::istreambuf_iterator<char>(file), {});
    return run;
  }

  // Whether a file of the container's own cgroup, of the hierarchy's top, and of the folder above
  // all hierarchies can be opened for writing.
  void ExpectWritable(const std::string& word, const char* own, std::optional<const char*> top) {
    const bool full = word.starts_with("cgroup-full");
    const std::string own_file =
        top_ + (cgroups_.pure_cgroup2() && !full ? "" : example_->path) + "/cgroup.procs";
    const std::string top_file = top_ + (full ? "/cgroup.procs" : "/new");

    const TestRun run =
        Run(word, {"write:" + own_file, "write:" + top_file, "write:/sys/fs/cgroup/above"});

    EXPECT_EQ(run.error, "") << word;
    EXPECT_TRUE(HasLine(run.output, fmt::format("write {}: {}", own_file, own))) << word << "\n"
                                                                                 << run.output;
    if (cgroups_.pure_cgroup2()) return;
    EXPECT_TRUE(HasLine(run.output, "write /sys/fs/cgroup/above: ok")) << word << "\n"
                                                                       << run.output;
    if (!top) return;
    EXPECT_TRUE(HasLine(run.output, fmt::format("write {}: {}", top_file, *top))) << word << "\n"
                                                                                  << run.output;
  }

  OwnCgroups cgroups_;
  TestRoot root_;
  const HostHierarchy* example_ = nullptr;
  std::string top_;
};

TEST_F(CgroupAutomountTest, MixedLetsTheContainerWriteItsOwnCgroupOnly) {
  ExpectWritable("cgroup:mixed", "ok", "EROFS");
}

TEST_F(CgroupAutomountTest, ReadOnlyLetsItWriteNone) {
  ExpectWritable("cgroup:ro", "EROFS", "EROFS");
}

TEST_F(CgroupAutomountTest, ReadWriteHasPlainFoldersAbove) {
  ExpectWritable("cgroup:rw", "ok", "ok");
}

TEST_F(CgroupAutomountTest, FullMixedShowsAllAndLetsItWriteItsOwn) {
  ExpectWritable("cgroup-full:mixed", "ok", "EROFS");
}

TEST_F(CgroupAutomountTest, FullReadOnlyShowsAll) {
  ExpectWritable("cgroup-full:ro", "EROFS", "EROFS");
}

TEST_F(CgroupAutomountTest, FullReadWriteLetsItWriteAll) {
  ExpectWritable("cgroup-full:rw", "ok", "ok");
}

TEST_F(CgroupAutomountTest, ForcedInANamespaceShowsTheOwnCgroupAsTheTop) {
  // Made by init itself in a start, once it is in its cgroups: here it is from the beginning.
  const TestRun run = Run("cgroup:ro:force", {"write:" + top_ + "/cgroup.procs"}, CLONE_NEWCGROUP);

  EXPECT_TRUE(HasLine(run.output, fmt::format("write {}/cgroup.procs: EROFS", top_))) << run.output;
}

TEST_F(CgroupAutomountTest, Cgroup2IsMountedWhereTheHostHasIt) {
  const TestRun run =
      Run("cgroup2", {"write:/sys/fs/cgroup/cgroup.procs", "read:/proc/self/mountinfo"},
          CLONE_NEWCGROUP);

  if (!cgroups_.has_cgroup2()) {
    EXPECT_THAT(run.error, HasSubstr("no cgroup2"));
    return;
  }
  EXPECT_TRUE(HasLine(run.output, "write /sys/fs/cgroup/cgroup.procs: ok")) << run.output;
  EXPECT_THAT(run.output, HasSubstr(" / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime"));
}

}  // namespace
}  // namespace lxcspec::runtime
