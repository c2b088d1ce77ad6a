// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/injection/exchange.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/setup/automount_words.h"
#include "runtime/container/storage/child.h"
#include "runtime/extensions/mount_injection_file.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr int kMostTries = 1000;

bool IsSame(int one, int other) {
  struct stat first = {};
  struct stat second = {};
  return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

Result<std::string> NewName() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), 0) != sizeof(number)) return ErrnoFailure("getrandom");
  return fmt::format(".lxcmount_{:016x}", number);
}

// Everything that is done on the host, in a process and a mount namespace of its own, where what is
// mounted in the exchange folder is mounted for the host and the container too, and nothing else.
class Passage {
 public:
  Passage(const Entrance& entrance, const ExchangeFolder& folder, const InjectedMount& request)
      : entrance_(entrance), folder_(folder), request_(request) {}

  Status Go() {
    TRY(MakeMount());
    TRY(MakeTransfer());
    Status done = Offer();
    if (done) done = Take();
    const Status cleared = Clear();
    return done ? cleared : done;
  }

 private:
  // The mount as it is to be, where only this process sees it.
  Status MakeMount() {
    if (unshare(CLONE_NEWNS) != 0) return ErrnoFailure("unshare(CLONE_NEWNS)");
    TRY(SetPropagation("/proc", MS_SLAVE));
    // Only where it is a mount of its own.
    Status covered = SetPropagation(kWorkbench, MS_SLAVE);
    if (!covered && covered.error().code != EINVAL) return covered;
    if (mount("none", kWorkbench, "tmpfs", 0, "mode=0755") != 0) return ErrnoFailure("mount tmpfs");
    if (request_.IsBind()) {
      const auto source = Open(request_.source, O_PATH);
      if (!source) return Forward(source.error());
      const auto is_folder = IsFolder(source->get());
      if (!is_folder) return Forward(is_folder.error());
      is_folder_ = *is_folder;
    }
    TRY(MakePoint(AT_FDCWD, point_, is_folder_));
    const char* const source = request_.source.empty() ? "none" : request_.source.c_str();
    const unsigned long flags = request_.IsBind() ? MS_BIND | (request_.flags & MS_REC)
                                                  : request_.flags & ~(request_.Propagation());
    if (mount(source, point_.c_str(), request_.IsBind() ? nullptr : request_.type.c_str(), flags,
              request_.data.empty() ? nullptr : request_.data.c_str()) != 0) {
      return ErrnoFailure(fmt::format("mount({}, {})", source, request_.type));
    }
    auto made = Open(point_, O_PATH);
    if (!made) return Forward(std::move(made).error());
    mount_ = *std::move(made);
    TRY(RestrictInjection(mount_.get(), request_));
    // What is unmounted in the exchange folder is unmounted in the container as well otherwise.
    return SetPropagation(mount_.get(), MS_PRIVATE | MS_REC);
  }

  // A new place in the exchange folder.
  Status MakeTransfer() {
    auto folder = Open(folder_.on_host, O_PATH | O_DIRECTORY);
    if (!folder) return Forward(std::move(folder).error());
    exchange_ = *std::move(folder);
    auto name = NewName();
    if (!name) return Forward(std::move(name).error());
    name_ = *std::move(name);
    TRY(MakePoint(exchange_.get(), name_, is_folder_));
    transfer_ = UniqueFd(openat(exchange_.get(), name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!transfer_.valid()) return ErrnoFailure("open a place in the exchange folder");
    return {};
  }

  Status Offer() {
    // By descriptor: the name may be a link by now, to a place of the host.
    struct stat status = {};
    if (fstat(transfer_.get(), &status) != 0) return ErrnoFailure("stat in the exchange folder");
    if (S_ISLNK(status.st_mode) || S_ISDIR(status.st_mode) != is_folder_) {
      return Failure(EBUSY, "the exchange folder has changed");
    }
    if (mount(point_.c_str(), DescriptorPath(transfer_.get()).c_str(), nullptr,
              MS_BIND | (request_.flags & MS_REC), nullptr) != 0) {
      return ErrnoFailure("mount in the exchange folder");
    }
    offered_ = true;
    return {};
  }

  // Moves it to its target, in the container.
  Status Take() {
    return RunInChildWithin(kContainersTime, [&]() -> Status {
      const auto descriptors = OpenDescriptorFolder();
      if (!descriptors) return Forward(descriptors.error());
      TRY(entrance_.BecomeRoot());
      TRY(entrance_.EnterMounts());
      const auto root = Open("/", O_PATH | O_DIRECTORY);
      if (!root) return Forward(root.error());
      const auto offered =
          OpenInRoot(root->get(), folder_.in_container + "/" + name_, O_PATH | O_NOFOLLOW);
      if (!offered) return Forward(offered.error());
      if (!IsSame(offered->get(), mount_.get())) {
        return Failure(EBUSY, "the exchange folder has changed");
      }
      return AttachInside(offered->get(), is_folder_, request_, *descriptors,
                          [&](int target) { return Move(*descriptors, offered->get(), target); });
    });
  }

  static Status Move(const UniqueFd& descriptors, int from, int to) {
    if (fchdir(descriptors.get()) != 0) return ErrnoFailure("fchdir(/proc/self/fd)");
    const std::string source = std::to_string(from);
    if (mount(source.c_str(), std::to_string(to).c_str(), nullptr, MS_MOVE, nullptr) != 0) {
      return ErrnoFailure("move the mount to its target");
    }
    return SetPropagation(source, MS_PRIVATE | MS_REC);
  }

  // Unmounts it there, if that is where it is.
  bool UnmountAt(const std::string& path) const {
    // Nothing of the folder leads out of it, whatever the container makes of it meanwhile.
    const auto found = OpenInRoot(exchange_.get(), path, O_PATH | O_NOFOLLOW);
    return found && !IsSame(found->get(), transfer_.get()) && IsSame(found->get(), mount_.get()) &&
           umount2(DescriptorPath(found->get()).c_str(), MNT_DETACH) == 0;
  }

  // Where it is mounted below a folder, as the kernel has it: the same part of the same file
  // system.
  Result<std::vector<std::string>> PlacesBelow(const std::string& folder) const {
    const auto table = ReadWhole("/proc/self/mountinfo");
    if (!table) return Forward(table.error());
    constexpr size_t kDevice = 2;
    constexpr size_t kRoot = 3;
    constexpr size_t kPoint = 4;
    std::vector<std::pair<std::string, std::string>> mounts;
    std::string own;
    std::istringstream lines(*table);
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> fields = Words(line, " ");
      if (fields.size() <= kPoint) continue;
      const std::string path = UnescapeOctal(fields[kPoint]);
      const std::string what = fields[kDevice] + " " + fields[kRoot];
      if (path == point_) own = what;
      if (path.starts_with(folder + "/")) mounts.emplace_back(what, path.substr(folder.size()));
    }
    std::vector<std::string> places;
    for (const auto& [what, path] : mounts) {
      if (what == own) places.push_back(path);
    }
    return places;
  }

  Status UnmountOffered() const {
    if (UnmountAt(name_)) return {};
    // The container has renamed it, and may do so again before it is found.
    std::error_code error;
    const std::string folder =
        std::filesystem::read_symlink(DescriptorPath(exchange_.get()), error).string();
    if (error) return Failure(error.value(), "find the exchange folder");
    for (int tries = 0; tries < kMostTries; ++tries) {
      const auto places = PlacesBelow(folder);
      if (!places) return Forward(places.error());
      if (places->empty()) return {};
      for (const std::string& place : *places) UnmountAt(place);
    }
    return Failure(EBUSY, "unmount in the exchange folder");
  }

  Status Clear() const {
    Status unmounted = offered_ ? UnmountOffered() : Status();
    // Only if it is still what was made.
    const UniqueFd now(openat(exchange_.get(), name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (now.valid() && IsSame(now.get(), transfer_.get())) {
      unlinkat(exchange_.get(), name_.c_str(), is_folder_ ? AT_REMOVEDIR : 0);
    }
    return unmounted;
  }

  const Entrance& entrance_;
  const ExchangeFolder& folder_;
  const InjectedMount& request_;
  const std::string point_ = std::string(kWorkbench) + "/m";
  bool is_folder_ = true;
  UniqueFd mount_;
  UniqueFd exchange_;
  std::string name_;
  UniqueFd transfer_;
  bool offered_ = false;
};

}  // namespace

Result<ExchangeFolder> ExchangeFolderOf(const std::string& automounts) {
  constexpr bool kAnyPrivileges = true;
  const auto mounts = ParseAutoMounts(Words(automounts, " \t\n"), kAnyPrivileges);
  if (!mounts) return Forward(mounts.error());
  if (mounts->shared_source.empty()) return Failure(EINVAL, "lxc.mount.auto without shmounts");
  return ExchangeFolder{.on_host = mounts->shared_source, .in_container = mounts->shared_target};
}

Status InjectThroughExchange(const Entrance& entrance, const ExchangeFolder& folder,
                             const InjectedMount& request) {
  if ((request.Propagation() & MS_SLAVE) != 0) {
    return Failure(EOPNOTSUPP, "a slave through an exchange folder");
  }
  return RunInChild({}, [&] { return Passage(entrance, folder, request).Go(); });
}

}  // namespace lxcspec::runtime
