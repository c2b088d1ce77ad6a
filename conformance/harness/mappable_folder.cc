// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/mappable_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "conformance/harness/child.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr off_t kImageSize = 64L << 20;

Status WriteWhole(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return FailErrno(fmt::format("open({})", path));
  if (write(file.get(), text.data(), text.size()) < 0) {
    return FailErrno(fmt::format("write({})", path));
  }
  return {};
}

// A user namespace that lives until the descriptor of it is closed.
Result<UniqueFd> MappedNamespace() {
  UniqueFd opened;
  RETURN_IF_ERROR(RunInChild(
      CLONE_NEWUSER, "a user namespace", [] { return Status(); },
      [&](pid_t child) -> Status {
        RETURN_IF_ERROR(WriteWhole(fmt::format("/proc/{}/uid_map", child), "0 100000 65536"));
        RETURN_IF_ERROR(WriteWhole(fmt::format("/proc/{}/gid_map", child), "0 100000 65536"));
        opened.Reset(open(fmt::format("/proc/{}/ns/user", child).c_str(), O_RDONLY | O_CLOEXEC));
        return opened ? Status() : FailErrno("open(/proc/.../ns/user)");
      }));
  return opened;
}

// The folder belongs to root.
Status SeeMappedOwner(const fs::path& folder) {
  ASSIGN_OR_RETURN(const UniqueFd users, MappedNamespace());
  const UniqueFd tree(
      static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, folder.c_str(),
                               static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))));
  if (!tree) return FailErrno("open_tree");
  mount_attr attributes{.attr_set = MOUNT_ATTR_IDMAP,
                        .userns_fd = static_cast<uint64_t>(users.get())};
  if (syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) !=
      0) {
    return FailErrno("mount_setattr(MOUNT_ATTR_IDMAP)");
  }
  struct stat found = {};
  if (fstatat(tree.get(), "", &found, AT_EMPTY_PATH) != 0) return FailErrno("fstatat");
  return found.st_uid == 100000 ? Status() : Fail(EPROTO, "fstatat");
}

std::string NameOfFileSystem(const fs::path& folder) {
  struct statfs found = {};
  if (statfs(folder.c_str(), &found) != 0) return "an unknown file system";
  if (found.f_type == TMPFS_MAGIC) return "tmpfs";
  if (found.f_type == EXT4_SUPER_MAGIC) return "ext4";
  return fmt::format("file system {:#x}", static_cast<unsigned long>(found.f_type));
}

// It has no journal, which would only cost time here.
Status FormatExt4(const std::string& image) {
  std::string program;
  for (const char* place : {"/usr/sbin/mke2fs", "/sbin/mke2fs"}) {
    if (program.empty() && access(place, X_OK) == 0) program = place;
  }
  if (program.empty()) return Fail(ENOENT, "find mke2fs, of e2fsprogs");
  std::array<std::string, 11> words = {program, "-q", "-F",           "-t",          "ext4", "-m",
                                       "0",     "-O", "^has_journal", "-Enodiscard", image};
  std::array<char*, words.size() + 1> argv = {};
  for (size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Fail(failed, program);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return FailErrno("waitpid(mke2fs)");
  }
  if (status != 0) return Fail(EPROTO, fmt::format("{}: status {:#x}", program, status));
  return {};
}

struct LoopDevice {
  UniqueFd fd;
  std::string path;
};

// A device that is free again when nothing has it open any more.
Result<LoopDevice> AttachLoop(int image) {
  const UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return FailErrno("open(/dev/loop-control)");
  // Somebody else may be quicker to take the one that is free.
  for (int attempts = 0; attempts < 64; ++attempts) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return FailErrno("ioctl(LOOP_CTL_GET_FREE)");
    LoopDevice device{.fd = UniqueFd(), .path = fmt::format("/dev/loop{}", number)};
    device.fd.Reset(open(device.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!device.fd) return FailErrno(fmt::format("open({})", device.path));
    loop_config config = {};
    config.fd = static_cast<uint32_t>(image);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (ioctl(device.fd.get(), LOOP_CONFIGURE, &config) == 0) return device;
    if (errno != EBUSY) return FailErrno(fmt::format("ioctl({}, LOOP_CONFIGURE)", device.path));
  }
  return Fail(EBUSY, "find a free loop device");
}

// The image lives as long as the mount does: its file is there no longer.
Status MountExt4(const fs::path& folder) {
  const std::string path = folder / "lxcspec-image";
  const UniqueFd image(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!image) return FailErrno(fmt::format("open({}, O_CREAT)", path));
  Status formatted = ftruncate(image.get(), kImageSize) == 0
                         ? FormatExt4(path)
                         : Status(FailErrno(fmt::format("ftruncate({})", path)));
  unlink(path.c_str());
  RETURN_IF_ERROR(formatted);
  ASSIGN_OR_RETURN(const LoopDevice device, AttachLoop(image.get()));
  // No thread of the kernel goes through the tables of inodes meanwhile.
  if (mount(device.path.c_str(), folder.c_str(), "ext4", 0, "noinit_itable") != 0) {
    return FailErrno(fmt::format("mount({}, ext4)", device.path));
  }
  return {};
}

}  // namespace

MappableFolder::~MappableFolder() {
  if (!covered_.empty()) umount2(covered_.c_str(), MNT_DETACH);
}

Result<MappableFolder> MappableFolder::Ext4(const fs::path& folder) {
  RETURN_IF_ERROR(MountExt4(folder));
  MappableFolder made("ext4", folder);
  RETURN_IF_ERROR(SeeMappedOwner(folder));
  return made;
}

Result<MappableFolder> MappableFolder::Make(const fs::path& folder) {
  const std::string own = NameOfFileSystem(folder);
  const Status seen = SeeMappedOwner(folder);
  if (seen) return MappableFolder(own, "");
  // Without the call, or the flag, there is nothing that could be mapped.
  if (seen.error().code == ENOSYS) return Propagate(seen.error());
  Result<MappableFolder> made = Ext4(folder);
  if (made) return made;
  return Fail(made.error().code, fmt::format("{}: {}; instead of it: {}", own,
                                             seen.error().ToString(), made.error().attempted));
}

Result<MappableFolder> MappableFolder::MakeMount(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Fail(error.value(), "mkdir " + folder.string());
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "mode=0755") != 0) {
    return FailErrno(fmt::format("mount(tmpfs, {})", folder.string()));
  }
  MappableFolder made("tmpfs", folder);
  if (SeeMappedOwner(folder)) return made;
  // Not above the other one: what is mounted below a folder is mapped with it.
  umount2(folder.c_str(), MNT_DETACH);
  made.covered_.clear();
  return Ext4(folder);
}

}  // namespace lxcspec
