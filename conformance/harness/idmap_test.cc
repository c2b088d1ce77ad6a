// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/idmap_test.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kUser = 1000;
constexpr uid_t kFar = 70000;

Status WriteMap(pid_t process, const char* file, const std::string& map) {
  const std::string path = fmt::format("/proc/{}/{}", process, file);
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), map.data(), map.size()) < 0) return FailErrno(path);
  return {};
}

}  // namespace

Result<UserNamespace> UserNamespace::Make(const std::string& map) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return FailErrno("pipe2");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const long pid = syscall(SYS_clone, static_cast<unsigned long>(CLONE_NEWUSER | SIGCHLD), nullptr,
                           nullptr, nullptr, nullptr);
  if (pid < 0) return FailErrno("clone(CLONE_NEWUSER)");
  if (pid == 0) {
    close(ends[1]);
    char byte = 0;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  UserNamespace made(static_cast<pid_t>(pid), std::move(write_end));
  RETURN_IF_ERROR(WriteMap(made.pid_, "uid_map", map));
  RETURN_IF_ERROR(WriteMap(made.pid_, "gid_map", map));
  return made;
}

UserNamespace::~UserNamespace() {
  if (pid_ < 0) return;
  keep_.Reset();
  waitpid(pid_, nullptr, 0);
}

std::string UserNamespace::path() const { return fmt::format("/proc/{}/ns/user", pid_); }

void IdMapTest::SetUp() {
  std::error_code error;
  fs::create_directories(scratch(), error);
  if (error) return Broken("mkdir " + scratch().string() + ": " + error.message());
  // Before anything is in there, since it may be hidden by that.
  Result<MappableFolder> made = MappableFolder::Make(scratch());
  if (made) {
    mappable_.push_back(*std::move(made));
  } else {
    // The kernel that cannot is a subject of these tests, too.
    scratch_is_mappable_ = Propagate(made.error());
  }
  ProbedContainerTest::SetUp();
}

void IdMapTest::TearDown() {
  for (auto file = covered_.rbegin(); file != covered_.rend(); ++file) {
    umount2(file->c_str(), MNT_DETACH);
  }
  ProbedContainerTest::TearDown();
  while (!mappable_.empty()) mappable_.pop_back();
}

Result<ProbedContainer> IdMapTest::StartMapped(const ConfigItems& config) {
  RETURN_IF_ERROR(scratch_is_mappable_);
  return StartProbed(config);
}

Result<ConfigItems> IdMapTest::MapIdsOnly() {
  ASSIGN_OR_RETURN(ConfigItems keys, MapIds());
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(rootfs(), error)) {
    if (lchown(entry.path().c_str(), 0, 0) != 0) return FailErrno("lchown(rootfs/..., 0)");
  }
  if (error) return Fail(error.value(), "walk through rootfs");
  if (lchown(rootfs().c_str(), 0, 0) != 0) return FailErrno("lchown(rootfs, 0)");
  return keys;
}

Status IdMapTest::MakeOwnedFiles(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Fail(error.value(), "mkdir " + folder.string());
  for (const auto& [name, owner] :
       {std::pair<std::string, uid_t>{"root", 0}, {"user", kUser}, {"far", kFar}}) {
    const fs::path file = folder / name;
    std::ofstream(file) << name;
    if (lchown(file.c_str(), owner, owner) != 0) return FailErrno("lchown " + file.string());
  }
  return {};
}

Result<std::string> IdMapTest::OwnerOf(const fs::path& file) {
  struct stat found = {};
  if (lstat(file.c_str(), &found) != 0) return FailErrno("lstat " + file.string());
  return fmt::format("{} {}", found.st_uid, found.st_gid);
}

Status IdMapTest::Mount(const std::string& type, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (mount(type.c_str(), folder.c_str(), type.c_str(), 0, "mode=0755") != 0) {
    return FailErrno(fmt::format("mount({})", type));
  }
  covered_.push_back(folder);
  return {};
}

Status IdMapTest::MountMappable(const fs::path& folder) {
  ASSIGN_OR_RETURN(MappableFolder made, MappableFolder::MakeMount(folder));
  mappable_.push_back(std::move(made));
  return {};
}

Status IdMapTest::Bind(const std::string& source, const fs::path& file) {
  std::ofstream(file) << "";
  if (mount(source.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return FailErrno(fmt::format("mount({}, MS_BIND)", source));
  }
  covered_.push_back(file);
  return {};
}

void IdMapTest::ExpectRefusedOrNoStart(const ConfigItems& config) {
  auto container = Configure({"pause"}, config);
  if (!container) return;
  RunningContainer owned(*std::move(container));

  EXPECT_THAT(owned->Start({}), Fails());

  EXPECT_TRUE(Eventually([&] { return owned->State(); }, std::string("STOPPED")));
}

}  // namespace lxcspec
