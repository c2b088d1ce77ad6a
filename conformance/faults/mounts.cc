// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sstream>
#include <string_view>

namespace lxcspec::faults {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr char kExchangeInside[] = "/dev/.lxc-mounts";
constexpr std::string_view kWord = "shmounts:";

// In a child in the container's mounts, and in its user namespace if asked.
bool RunInside(abi::Container* c, bool enter_users, const std::function<bool()>& work) {
  const std::string namespaces = "/proc/" + std::to_string(Original().init_pid(c)) + "/ns/";
  const int users = open((namespaces + "user").c_str(), O_RDONLY | O_CLOEXEC);
  const int mounts = open((namespaces + "mnt").c_str(), O_RDONLY | O_CLOEXEC);
  const pid_t child = users < 0 || mounts < 0 ? -1 : fork();
  if (child == 0) {
    if (enter_users && !Item(c, "lxc.idmap").empty() &&
        (setns(users, CLONE_NEWUSER) != 0 || setgid(0) != 0 || setuid(0) != 0)) {
      _exit(EXIT_FAILURE);
    }
    _exit(setns(mounts, CLONE_NEWNS) == 0 && work() ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  close(users);
  close(mounts);
  int status = EXIT_FAILURE;
  if (child > 0) waitpid(child, &status, 0);
  return status == 0;
}

void MakeFile(const std::string& path) {
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0);
  if (file >= 0) close(file);
}

void MakePoint(const std::string& path, bool is_folder) {
  MakeFolders(is_folder ? path : path.substr(0, path.rfind('/')));
  if (!is_folder) MakeFile(path);
}

bool IsFolder(const char* path) {
  struct stat status {};
  return path == nullptr || *path == '\0' || stat(path, &status) != 0 || S_ISDIR(status.st_mode);
}

int Failed() { return errno > 0 ? -errno : -EPERM; }

}  // namespace

int MountAsIs(abi::Container* c, const MountArguments& arguments) {
  return Original().mount(c, arguments.source, arguments.target, arguments.type, arguments.flags,
                          arguments.data, nullptr);
}

std::string ExchangeOf(abi::Container* c) {
  std::istringstream words(Item(c, "lxc.mount.auto"));
  for (std::string word; words >> word;) {
    if (word.starts_with(kWord)) return word.substr(kWord.size());
  }
  return "";
}

bool HasTarget(abi::Container* c, const char* target) {
  const std::string path = "/proc/" + std::to_string(Original().init_pid(c)) + "/root" + target;
  return access(path.c_str(), F_OK) == 0;
}

void MakeFolders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), kFolderMode);
  }
  mkdir(path.c_str(), kFolderMode);
}

int NaiveMount(abi::Container* c, const MountArguments& arguments) {
  const std::string exchange = ExchangeOf(c);
  if (exchange.empty() || arguments.target == nullptr) return -EINVAL;
  std::string way = exchange + "/.lxcmount_XXXXXX";
  if (mkdtemp(way.data()) == nullptr) return Failed();
  const bool is_folder = IsFolder(arguments.source);
  if (!is_folder) {
    rmdir(way.c_str());
    MakeFile(way);
  }
  const bool mounted = mount(arguments.source != nullptr ? arguments.source : "none", way.c_str(),
                             arguments.type, arguments.flags, arguments.data) == 0;
  const int error = Failed();
  const std::string target = arguments.target;
  const bool moved = mounted && RunInside(c, true, [&] {
                       const std::string from =
                           std::string(kExchangeInside) + way.substr(way.rfind('/'));
                       remove(target.c_str());
                       MakePoint(target, is_folder);
                       return mount(from.c_str(), target.c_str(), nullptr, MS_MOVE, nullptr) == 0;
                     });
  umount2(way.c_str(), MNT_DETACH);
  remove(way.c_str());
  if (!mounted) return error;
  return moved ? 0 : -EPERM;
}

int RawBind(abi::Container* c, const MountArguments& arguments, bool with_hosts_rights) {
  if (!arguments.IsBind() || arguments.target == nullptr || *arguments.target != '/') {
    return MountAsIs(c, arguments);
  }
  const unsigned recursive = (arguments.flags & MS_REC) != 0 ? AT_RECURSIVE : 0;
  const int tree =
      open_tree(AT_FDCWD, arguments.source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
  if (tree < 0) return Failed();
  mount_attr attributes{};
  if ((arguments.flags & MS_RDONLY) != 0) attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (attributes.attr_set != 0 &&
      mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof(attributes)) != 0) {
    close(tree);
    return Failed();
  }
  const std::string target = arguments.target;
  const bool is_folder = IsFolder(arguments.source);
  const bool moved = RunInside(c, !with_hosts_rights, [&] {
    MakePoint(target, is_folder);
    return move_mount(tree, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
  });
  close(tree);
  return moved ? 0 : -EPERM;
}

int RemountInside(abi::Container* c, const char* target, unsigned long flags) {
  const bool done = RunInside(c, false, [&] {
    return mount(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | flags, nullptr) == 0;
  });
  return done ? 0 : -EPERM;
}

bool LacksNewCalls(abi::Container*, const MountArguments&) {
  return open_tree(-1, "", 0) < 0 && errno == ENOSYS;
}

}  // namespace lxcspec::faults
