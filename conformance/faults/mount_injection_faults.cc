// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/faults/mounts.h"

namespace lxcspec::faults {
namespace {

constexpr unsigned long kOfABind = MS_BIND | MS_REC;

bool IsStopped(abi::Container* c) { return !Original().is_running(c); }

// A bind of the whole tree whose flags only its top has.
int BindWithFlagsOnTop(abi::Container* c, MountArguments arguments) {
  if (!arguments.IsBind() || (arguments.flags & MS_RDONLY) == 0) return MountAsIs(c, arguments);
  arguments.flags &= ~static_cast<unsigned long>(MS_RDONLY);
  const int result = MountAsIs(c, arguments);
  return result == 0 ? RemountInside(c, arguments.target, MS_RDONLY) : result;
}

// A second caller who comes meanwhile is refused.
int OneAtATime(abi::Container* c, const MountArguments& arguments) {
  const int lock = open(ExchangeOf(c).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return MountAsIs(c, arguments);
  const int result = flock(lock, LOCK_EX | LOCK_NB) == 0 ? MountAsIs(c, arguments) : -EBUSY;
  close(lock);
  return result;
}

// What was mounted, to be mounted again.
std::vector<std::pair<std::string, std::string>>& Remembered() {
  static auto& remembered = *new std::vector<std::pair<std::string, std::string>>;
  return remembered;
}

std::set<const abi::Container*>& Starters() {
  static auto& starters = *new std::set<const abi::Container*>;
  return starters;
}

const Faults kFaults{
    {spec::mount_injection::kAnnounced, "denied", "the extension is not announced",
     Denies<"mount_injection">},
    {spec::mount_injection::kBindsFolder, "empty", "a new file system instead of the folder",
     ChangesMount<[](MountArguments& call) {
       if (!call.IsBind()) return;
       call.type = "tmpfs";
       call.flags &= ~kOfABind;
     }>},
    {spec::mount_injection::kMakesTarget, "refused", "a target that is missing is refused",
     RefusesMount<ENOENT, LacksTarget>},
    {spec::mount_injection::kKeepsTarget, "removed", "the target is removed and made anew",
     MountsFor<NaiveMount>},
    {spec::mount_injection::kFollowsLink, "removed", "a link at the target is removed",
     MountsFor<NaiveMount>},
    {spec::mount_injection::kStaysInside, "outside", "the target is made on the host as well",
     AfterMount<[](abi::Container*, const MountArguments& call, int result) {
       MakeFolders(call.target);
       return result;
     }>},
    {spec::mount_injection::kMountsFilesystem, "no-options", "the options are dropped",
     ChangesMount<[](MountArguments& call) { call.data = nullptr; }>},
    {spec::mount_injection::kMountsFilesystem, "source-wanted", "without a source it is refused",
     RefusesMount<EINVAL,
                  [](abi::Container*, const MountArguments& call) {
                    return call.source == nullptr || *call.source == '\0';
                  }>},
    {spec::mount_injection::kSourceIsAName, "path", "a source that is no path is refused",
     RefusesMount<ENOENT,
                  [](abi::Container*, const MountArguments& call) {
                    return call.source != nullptr && access(call.source, F_OK) != 0;
                  }>},
    {spec::mount_injection::kFilesystemFlags, "dropped", "a file system has no flags",
     ChangesMount<[](MountArguments& call) {
       if (!call.IsBind()) call.flags = 0;
     }>},
    {spec::mount_injection::kBindFlags, "dropped", "a bind has no flags",
     ChangesMount<[](MountArguments& call) {
       if (call.IsBind()) call.flags &= kOfABind | kPropagation;
     }>},
    {spec::mount_injection::kBindReadOnly, "writable", "a read-only bind can be written",
     ChangesMount<[](MountArguments& call) {
       if (call.IsBind()) call.flags &= ~static_cast<unsigned long>(MS_RDONLY);
     }>},
    {spec::mount_injection::kSourceKeepsFlags, "both", "the source becomes read-only too",
     AfterMount<[](abi::Container*, const MountArguments& call, int result) {
       if ((call.flags & MS_RDONLY) != 0) {
         mount(nullptr, call.source, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr);
       }
       return result;
     }>},
    {spec::mount_injection::kRecursive, "never", "what is below is not brought",
     ChangesMount<[](MountArguments& call) { call.flags &= ~static_cast<unsigned long>(MS_REC); }>},
    {spec::mount_injection::kRecursive, "always", "what is below is always brought",
     ChangesMount<[](MountArguments& call) {
       if (call.IsBind()) call.flags |= MS_REC;
     }>},
    {spec::mount_injection::kRecursiveFlags, "top-only", "what is below can be written",
     MountsFor<BindWithFlagsOnTop>},
    {spec::mount_injection::kContainerMountsStay, "peers", "the mount is a peer of its source",
     MountsFor<[](abi::Container* c, const MountArguments& call) {
       return RawBind(c, call, false);
     }>},
    {spec::mount_injection::kPropagation, "ignored", "the propagation is not set",
     ChangesMount<[](MountArguments& call) { call.flags &= ~kPropagation; }>},
    {spec::mount_injection::kReturnsZero, "one", "a mount that worked returns 1",
     AfterMount<[](abi::Container*, const MountArguments&, int result) {
       return result == 0 ? 1 : result;
     }>},
    {spec::mount_injection::kFailureIsNegative, "one-of-umount", "an umount that fails returns 1",
     Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
       return Original().umount(c, target, flags, nullptr) == 0 ? 0 : 1;
     }>},
    {spec::mount_injection::kFailureIsNegative, "one-of-mount", "a mount that fails returns 1",
     AfterMount<[](abi::Container*, const MountArguments&, int result) {
       return result == 0 ? 0 : 1;
     }>},
    {spec::mount_injection::kUmount, "nothing", "an umount does nothing",
     Umounts<[](abi::Container*, const char*, unsigned long) { return 0; }>},
    {spec::mount_injection::kUmount, "all", "every mount at the target goes",
     Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
       const int result = Original().umount(c, target, flags, nullptr);
       while (result == 0 && Original().umount(c, target, flags, nullptr) == 0) {
       }
       return result;
     }>},
    {spec::mount_injection::kUmountOwn, "injected-only", "only injected mounts are unmounted",
     [](Broken& broken) {
       AfterMount<[](abi::Container*, const MountArguments& call, int result) {
         if (result == 0) Remembered().emplace_back(call.target, "");
         return result;
       }>(broken);
       Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
         return Remembered().empty() ? -EINVAL : Original().umount(c, target, flags, nullptr);
       }>(broken);
     }},
    {spec::mount_injection::kUmountBusy, "detached", "a mount in use goes, too",
     ChangesUmountFlags<[](unsigned long flags) { return flags | MNT_DETACH; }>},
    {spec::mount_injection::kUmountBusy, "never-detached", "MNT_DETACH is ignored",
     ChangesUmountFlags<[](unsigned long flags) {
       return flags & ~static_cast<unsigned long>(MNT_DETACH);
     }>},
    {spec::mount_injection::kUmountNofollow, "follows", "links are always followed",
     ChangesUmountFlags<[](unsigned long flags) {
       return flags & ~static_cast<unsigned long>(UMOUNT_NOFOLLOW);
     }>},
    {spec::mount_injection::kUmountNofollow, "never-follows", "links are never followed",
     ChangesUmountFlags<[](unsigned long flags) { return flags | UMOUNT_NOFOLLOW; }>},
    {spec::mount_injection::kUmountWhatIsNone, "other-errno", "EINVAL is EBUSY",
     MisreportsMounts<EINVAL, EBUSY>},
    {spec::mount_injection::kUmountWhatIsNone, "one-errno", "ENOENT is EINVAL",
     MisreportsMounts<ENOENT, EINVAL>},
    {spec::mount_injection::kUmountWhatIsNone, "any-flag", "flags that there are not are dropped",
     ChangesUmountFlags<[](unsigned long flags) { return flags & 0xf; }>},
    {spec::mount_injection::kNoSource, "other-errno", "no source: EINVAL",
     MisreportsMounts<ENOENT, EINVAL>},
    {spec::mount_injection::kUnknownFilesystem, "other-errno", "no such type: EINVAL",
     MisreportsMounts<ENODEV, EINVAL>},
    {spec::mount_injection::kRefusedData, "dropped", "options that are refused are dropped",
     AfterMount<[](abi::Container* c, MountArguments call, int result) {
       if (result != -EINVAL || call.data == nullptr) return result;
       call.data = nullptr;
       return MountAsIs(c, call);
     }>},
    {spec::mount_injection::kFolderOverFile, "replaced", "a file at the target is replaced",
     MountsFor<NaiveMount>},
    {spec::mount_injection::kFolderOverFile, "other-errno", "a folder over a file: EINVAL",
     MisreportsMounts<ENOTDIR, EINVAL>},
    {spec::mount_injection::kBadArguments, "relative", "a relative target is below the root",
     MountsFor<[](abi::Container* c, MountArguments call) {
       const std::string target =
           call.target == nullptr || *call.target == '/' ? "" : std::string("/") + call.target;
       if (!target.empty()) call.target = target.c_str();
       return MountAsIs(c, call);
     }>},
    {spec::mount_injection::kBadArguments, "other-errno", "EINVAL is EFAULT",
     MisreportsMounts<EINVAL, EFAULT>},
    {spec::mount_injection::kNoMove, "moves", "a mount of the host is moved",
     MountsFor<NaiveMount>},
    {spec::mount_injection::kFailureChangesNothing, "left", "a failure leaves a folder",
     LeavesTrace<true>},
    {spec::mount_injection::kNoTrace, "left", "a success leaves a folder", LeavesTrace<false>},
    {spec::mount_injection::kLeavesNothingOpen, "one-more", "a success leaves a descriptor open",
     AfterMount<[](abi::Container*, const MountArguments&, int result) {
       if (result == 0) static_cast<void>(open("/dev/null", O_RDONLY | O_CLOEXEC));
       return result;
     }>},
    {spec::mount_injection::kUserNamespace, "refused", "a container with id maps gets none",
     RefusesMount<EPERM, HasIdMaps>},
    {spec::mount_injection::kUserNamespaceKeepsFlags, "unlocked", "its root takes flags away",
     MountsFor<[](abi::Container* c, const MountArguments& call) {
       return RawBind(c, call, false);
     }>},
    {spec::mount_injection::kUserNamespaceRights, "of-the-host", "closed folders are entered",
     MountsFor<[](abi::Container* c, const MountArguments& call) {
       return RawBind(c, call, true);
     }>},
    {spec::mount_injection::kAnyObject, "starter-only", "only the starter's object mounts",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Starters().insert(c);
         return Original().start(c, use_init, argv);
       };
       RefusesMount<EPERM, [](abi::Container* c, const MountArguments&) {
         return !Starters().contains(c);
       }>(broken);
     }},
    {spec::mount_injection::kWhileFrozen, "refused", "a frozen container gets none",
     RefusesMount<EBUSY,
                  [](abi::Container* c, const MountArguments&) {
                    return std::string_view(Original().state(c)) == "FROZEN";
                  }>},
    {spec::mount_injection::kMany, "one-at-a-time", "a second caller is refused",
     MountsFor<OneAtATime>},
    {spec::mount_injection::kEndsWithContainer, "again", "the next run gets them as well",
     [](Broken& broken) {
       AfterMount<[](abi::Container*, const MountArguments& call, int result) {
         if (result == 0) Remembered().emplace_back(call.source, call.target);
         return result;
       }>(broken);
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool started = Original().start(c, use_init, argv);
         for (const auto& [source, target] : Remembered()) {
           MountAsIs(c, {source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr});
         }
         return started;
       };
     }},
    {spec::mount_injection::kHostileTarget, "naive", "by path, removing what is at the target",
     MountsFor<NaiveMount>},
    {spec::mount_injection::kEndingContainer, "left", "a failure leaves a folder",
     LeavesTrace<true>},
    {spec::mount_injection::kStopped, "pretended", "a stopped container answers 0",
     PretendsWhenStopped},
    {spec::mount_injection::kNoSharedFolder, "other-errno", "without a shared folder: EPERM",
     RefusesMount<EPERM,
                  [](abi::Container* c, const MountArguments&) {
                    return ExchangeOf(c).empty() && !IsStopped(c);
                  }>},
    {spec::mount_injection::kNoSharedFolder, "pretended", "without a shared folder: 0",
     RefusesMount<0, [](abi::Container* c,
                        const MountArguments&) { return ExchangeOf(c).empty() && !IsStopped(c); }>},
    {spec::mount_injection::kSharedFolderNamed, "accepted", "a folder without a name is ignored",
     Accepts<"lxc.mount.auto", "shmounts:">},
    {spec::mount_injection::kWithoutNewCalls, "refused", "an older kernel gets ENOSYS",
     RefusesMount<ENOSYS, LacksNewCalls>},
    {spec::mount_injection::kWithoutNewCalls, "no-flags", "an older kernel's mounts have no flags",
     MountsFor<[](abi::Container* c, MountArguments call) {
       if (LacksNewCalls(c, call)) call.flags &= kOfABind;
       return MountAsIs(c, call);
     }>},
    {spec::mount_injection::kNullContainer, "other-errno", "NULL for the container: EBADF",
     Mounts<[](abi::Container* c, const MountArguments& call) {
       return c == nullptr ? -EBADF : MountAsIs(c, call);
     }>},
};

}  // namespace
}  // namespace lxcspec::faults
