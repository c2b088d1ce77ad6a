// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong about mounts in a running container. Those that mount something themselves do it
// as simply as it can be done, and for a container that could be hostile.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_MOUNTS_H_
#define LXCSPEC_CONFORMANCE_FAULTS_MOUNTS_H_

#include <sys/mount.h>

#include <cerrno>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {

// The arguments of one call.
struct MountArguments {
  const char* source;
  const char* target;
  const char* type;
  unsigned long flags;
  const void* data;

  bool IsBind() const { return (flags & MS_BIND) != 0; }
};

inline constexpr unsigned long kPropagation = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;

// The original's answer.
int MountAsIs(abi::Container* c, const MountArguments& arguments);

// The host's side of the container's exchange folder; empty where there is none.
std::string ExchangeOf(abi::Container* c);

// Whether something is at the target, as the host sees it.
bool HasTarget(abi::Container* c, const char* target);

// Makes a folder and its parents on the host, by path.
void MakeFolders(const std::string& path);

// The way of old: mounted in the exchange folder, and moved from there to the target, both by path,
// after whatever is at the target was removed.
int NaiveMount(abi::Container* c, const MountArguments& arguments);

// A bind by descriptor that is put into the container as it is: with the source's propagation, with
// flags that can be taken away again, and with the rights of the host's root or of the container's.
int RawBind(abi::Container* c, const MountArguments& arguments, bool with_hosts_rights);

// In the container's mounts, as the host's root.
int RemountInside(abi::Container* c, const char* target, unsigned long flags);

// What a call does with `kMount(c, arguments)` in the original's place.
template <auto kMount>
void Mounts(Broken& broken) {
  broken.members.mount = [](abi::Container* c, const char* source, const char* target,
                            const char* type, unsigned long flags, const void* data, abi::Mount*) {
    return kMount(c, MountArguments{source, target, type, flags, data});
  };
}

// The same for a container that there is; NULL is passed on.
template <auto kMount>
void MountsFor(Broken& broken) {
  Mounts<[](abi::Container* c, const MountArguments& arguments) {
    return c == nullptr ? MountAsIs(c, arguments) : kMount(c, arguments);
  }>(broken);
}

// The original gets arguments that were changed.
template <auto kChange>
void ChangesMount(Broken& broken) {
  Mounts<[](abi::Container* c, MountArguments arguments) {
    kChange(arguments);
    return MountAsIs(c, arguments);
  }>(broken);
}

// Something happens behind a call, which knows what it returned.
template <auto kAfter>
void AfterMount(Broken& broken) {
  MountsFor<[](abi::Container* c, const MountArguments& arguments) {
    const int result = MountAsIs(c, arguments);
    return kAfter(c, arguments, result);
  }>(broken);
}

template <auto kUmount>
void Umounts(Broken& broken) {
  broken.members.umount = [](abi::Container* c, const char* target, unsigned long flags,
                             abi::Mount*) { return kUmount(c, target, flags); };
}

template <auto kChange>
void ChangesUmountFlags(Broken& broken) {
  Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
    return Original().umount(c, target, kChange(flags), nullptr);
  }>(broken);
}

// One errno for another, of either call.
template <int kOf, int kInstead>
void MisreportsMounts(Broken& broken) {
  AfterMount<[](abi::Container*, const MountArguments&, int result) {
    return result == -kOf ? -kInstead : result;
  }>(broken);
  Umounts<[](abi::Container* c, const char* target, unsigned long flags) {
    const int result = Original().umount(c, target, flags, nullptr);
    return result == -kOf ? -kInstead : result;
  }>(broken);
}

// A call for a container or with arguments of which `kIs` is true is refused.
template <int kError, auto kIs>
void RefusesMount(Broken& broken) {
  MountsFor<[](abi::Container* c, const MountArguments& arguments) {
    return kIs(c, arguments) ? -kError : MountAsIs(c, arguments);
  }>(broken);
}

inline bool HasIdMaps(abi::Container* c, const MountArguments&) {
  return !Item(c, "lxc.idmap").empty();
}

inline bool LacksTarget(abi::Container* c, const MountArguments& arguments) {
  return arguments.target != nullptr && !HasTarget(c, arguments.target);
}

// Whether the caller has no mounts by descriptor.
bool LacksNewCalls(abi::Container* c, const MountArguments& arguments);

// Whatever happens, it is left in the exchange folder.
template <bool kFailed>
void LeavesTrace(Broken& broken) {
  AfterMount<[](abi::Container* c, const MountArguments&, int result) {
    const std::string exchange = ExchangeOf(c);
    if ((result != 0) == kFailed && !exchange.empty()) MakeFolders(exchange + "/left");
    return result;
  }>(broken);
}

// A stopped container answers as if it had done what it was asked to.
inline void PretendsWhenStopped(Broken& broken) {
  AfterMount<[](abi::Container* c, const MountArguments&, int result) {
    return Original().is_running(c) ? result : 0;
  }>(broken);
}

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_MOUNTS_H_
