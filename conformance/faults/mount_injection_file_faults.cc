// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "conformance/faults/mounts.h"

namespace lxcspec::faults {
namespace {

// Whether the source is of such a type; of a link it is the link's own where `kFollows` is false.
template <bool kFollows, auto kIs>
bool SourceIs(abi::Container*, const MountArguments& call) {
  struct stat status {};
  if (call.source == nullptr) return false;
  const int found = kFollows ? stat(call.source, &status) : lstat(call.source, &status);
  return found == 0 && kIs(status.st_mode);
}

bool IsNoFolder(mode_t mode) { return !S_ISDIR(mode); }
bool IsSpecial(mode_t mode) { return !S_ISDIR(mode) && !S_ISREG(mode); }
bool IsLink(mode_t mode) { return S_ISLNK(mode); }

std::string& LastSource() {
  static std::string& last = *new std::string;
  return last;
}

const Faults kFaults{
    {spec::mount_injection_file::kAnnounced, "denied", "the extension is not announced",
     Denies<"mount_injection_file">},
    {spec::mount_injection_file::kBindsFile, "other-file", "another file is mounted",
     ChangesMount<[](MountArguments& call) {
       if (SourceIs<true, IsNoFolder>(nullptr, call)) call.source = "/dev/null";
     }>},
    {spec::mount_injection_file::kBindsSpecial, "regular-only", "only regular files are mounted",
     RefusesMount<EINVAL, SourceIs<true, IsSpecial>>},
    {spec::mount_injection_file::kDeviceWorks, "nodev", "a device cannot be opened",
     ChangesMount<[](MountArguments& call) { call.flags |= MS_NODEV; }>},
    {spec::mount_injection_file::kMakesTarget, "refused", "a target that is missing is refused",
     RefusesMount<ENOENT, LacksTarget>},
    {spec::mount_injection_file::kKeepsTarget, "removed", "the target is removed and made anew",
     MountsFor<NaiveMount>},
    {spec::mount_injection_file::kFollowsLink, "removed", "a link at the target is removed",
     MountsFor<NaiveMount>},
    {spec::mount_injection_file::kFollowsSourceLink, "refused", "a link as source is refused",
     RefusesMount<ELOOP, SourceIs<false, IsLink>>},
    {spec::mount_injection_file::kReadOnly, "writable", "a read-only file can be written",
     ChangesMount<[](MountArguments& call) {
       call.flags &= ~static_cast<unsigned long>(MS_RDONLY);
     }>},
    {spec::mount_injection_file::kUmount, "nothing", "an umount does nothing",
     Umounts<[](abi::Container*, const char*, unsigned long) { return 0; }>},
    {spec::mount_injection_file::kUmount, "deletes", "an umount deletes the file of the host",
     [](Broken& broken) {
       AfterMount<[](abi::Container*, const MountArguments& call, int result) {
         if (result == 0) LastSource() = call.source;
         return result;
       }>(broken);
       Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
         const int result = Original().umount(c, target, flags, nullptr);
         if (result == 0) unlink(LastSource().c_str());
         return result;
       }>(broken);
     }},
    {spec::mount_injection_file::kFileOverFolder, "replaced", "an empty folder is replaced",
     MountsFor<NaiveMount>},
    {spec::mount_injection_file::kFileOverFolder, "other-errno", "a file over a folder: EINVAL",
     MisreportsMounts<ENOTDIR, EINVAL>},
    {spec::mount_injection_file::kNoTrace, "left", "a success leaves a folder", LeavesTrace<false>},
    {spec::mount_injection_file::kUserNamespace, "refused", "a container with id maps gets none",
     RefusesMount<EPERM, HasIdMaps>},
    {spec::mount_injection_file::kStopped, "pretended", "a stopped container answers 0",
     PretendsWhenStopped},
    {spec::mount_injection_file::kWithoutNewCalls, "refused", "an older kernel gets ENOSYS",
     RefusesMount<ENOSYS, LacksNewCalls>},
};

}  // namespace
}  // namespace lxcspec::faults
