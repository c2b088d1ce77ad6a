// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong for members that return a descriptor, or a negated errno. kMember is a pointer
// to the member: &abi::Container::init_pidfd.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_DESCRIPTORS_H_
#define LXCSPEC_CONFORMANCE_FAULTS_DESCRIPTORS_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {

using GetsDescriptor = int (*)(abi::Container*);

// What the call returns goes through `kChange`, which owns a descriptor that it gets.
template <GetsDescriptor abi::Container::*kMember, auto kChange>
void ChangesDescriptor(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) { return kChange((Original().*kMember)(c)); };
}

// The descriptor survives an exec.
template <GetsDescriptor abi::Container::*kMember>
void GivesInherited(Broken& broken) {
  ChangesDescriptor<kMember, [](int fd) {
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
    return fd;
  }>(broken);
}

// The descriptor is of another file.
template <GetsDescriptor abi::Container::*kMember, Text kFile>
void GivesOtherFile(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) {
    const int fd = (Original().*kMember)(c);
    if (fd < 0) return fd;
    close(fd);
    return open(kFile.value, O_RDWR | O_CLOEXEC);
  };
}

// Every call returns the same descriptor.
template <GetsDescriptor abi::Container::*kMember>
void GivesShared(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) {
    static const int only = (Original().*kMember)(c);
    return only < 0 ? (Original().*kMember)(c) : only;
  };
}

// Every call returns a duplicate of what the first one got, of whatever container.
template <GetsDescriptor abi::Container::*kMember>
void GivesFirst(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) {
    static const int first = (Original().*kMember)(c);
    return first < 0 ? (Original().*kMember)(c) : fcntl(first, F_DUPFD_CLOEXEC, 0);
  };
}

// Every call returns a duplicate of what the first one for that container got.
template <GetsDescriptor abi::Container::*kMember>
void Remembers(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) {
    static std::map<std::string, int>& first = *new std::map<std::string, int>;
    const auto known = c != nullptr ? first.find(c->name) : first.end();
    if (known != first.end()) return fcntl(known->second, F_DUPFD_CLOEXEC, 0);
    const int fd = (Original().*kMember)(c);
    if (fd >= 0) first[c->name] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return fd;
  };
}

// A call that succeeds, or one that fails, leaves another descriptor open.
template <GetsDescriptor abi::Container::*kMember, bool kFailed>
void LeavesOneOpen(Broken& broken) {
  ChangesDescriptor<kMember, [](int fd) {
    if ((fd < 0) == kFailed) (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd;
  }>(broken);
}

// Only the object that started the container gets one.
template <GetsDescriptor abi::Container::*kMember>
void AnswersStarterOnly(Broken& broken) {
  static std::set<const abi::Container*>& starters = *new std::set<const abi::Container*>;
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    starters.insert(c);
    return Original().start(c, use_init, argv);
  };
  broken.members.*kMember = [](abi::Container* c) {
    return starters.contains(c) ? (Original().*kMember)(c) : -EPERM;
  };
}

// Releasing an object closes the descriptor that it gave last.
template <GetsDescriptor abi::Container::*kMember>
void ClosesWithObject(Broken& broken) {
  static std::map<abi::Container*, int>& given = *new std::map<abi::Container*, int>;
  broken.members.*kMember = [](abi::Container* c) {
    const int fd = (Original().*kMember)(c);
    given[c] = fd;
    return fd;
  };
  broken.library.container_put = [](abi::Container* c) {
    const auto known = given.find(c);
    if (known != given.end() && known->second >= 0) close(known->second);
    return OriginalLibrary().container_put(c);
  };
}

// A frozen container gives none.
template <GetsDescriptor abi::Container::*kMember>
void RefusesFrozen(Broken& broken) {
  broken.members.*kMember = [](abi::Container* c) {
    const bool frozen = c != nullptr && std::string_view(Original().state(c)) == "FROZEN";
    return frozen ? -EBUSY : (Original().*kMember)(c);
  };
}

// One errno for another; 0 for a success with a descriptor of /dev/null.
template <GetsDescriptor abi::Container::*kMember, int kOf, int kInstead>
void MisreportsDescriptor(Broken& broken) {
  ChangesDescriptor<kMember, [](int fd) {
    if (fd != -kOf) return fd;
    return kInstead == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -kInstead;
  }>(broken);
}

// NULL for the container gets that answer.
template <GetsDescriptor abi::Container::*kMember, int kAnswer>
void AnswersNull(Broken& broken) {
  broken.members.*
      kMember = [](abi::Container* c) { return c == nullptr ? kAnswer : (Original().*kMember)(c); };
}

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_DESCRIPTORS_H_
