// SPDX-License-Identifier: Apache-2.0

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "conformance/faults/policies.h"

namespace lxcspec::faults {
namespace {

constexpr char kNesting[] = "lxc.seccomp.allow_nesting";
constexpr char kProfile[] = "lxc.seccomp.profile";

// Starts without the policy where nesting is set to that value.
template <Text kValue>
void LoadsNothingWith(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string set = Item(c, kNesting);
    if ((set.empty() ? "0" : set) != kValue.value) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kProfile, "");
  };
}

// A process that has no filter of the client's, because it was there before them, as a service is
// that starts containers for everybody. It starts what it is told to.
class Service {
 public:
  // Before the client can have a filter: when it loads the library.
  static void Begin() {
    int ends[2];
    if (end_ >= 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
    const pid_t client = getpid();
    if (fork() == 0) {
      close(ends[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() == client) Serve(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    end_ = ends[0];
  }

  static bool Start(abi::Container* c) {
    char file[] = "/tmp/config.XXXXXX";
    close(mkstemp(file));
    char started = 0;
    if (Original().save_config(c, file)) {
      const std::string request = std::string(c->name) + '\n' + c->config_path + '\n' + file;
      send(end_, request.data(), request.size(), MSG_NOSIGNAL);
      if (recv(end_, &started, 1, 0) != 1) started = 0;
    }
    unlink(file);
    return started != 0;
  }

 private:
  static void Serve(int end) {
    std::array<char, 4096> bytes;
    for (ssize_t got; (got = recv(end, bytes.data(), bytes.size(), 0)) > 0;) {
      const std::string request(bytes.data(), static_cast<size_t>(got));
      const size_t path = request.find('\n') + 1;
      const size_t file = request.find('\n', path) + 1;
      const std::string name = request.substr(0, path - 1);
      const std::string lxcpath = request.substr(path, file - path - 1);
      abi::Container* c = OriginalLibrary().container_new(name.c_str(), lxcpath.c_str());
      const char started =
          c != nullptr && c->load_config(c, request.c_str() + file) && c->start(c, 0, nullptr);
      send(end, &started, 1, MSG_NOSIGNAL);
      if (c != nullptr) OriginalLibrary().container_put(c);
    }
  }

  static inline int end_ = -1;
};

void StartsFromOutside(Broken& broken) {
  broken.library.get_version = [] {
    Service::Begin();
    return OriginalLibrary().get_version();
  };
  broken.members.start = [](abi::Container* c, int, char* const[]) { return Service::Start(c); };
}

const Faults kFaults{
    {spec::seccomp_allow_nesting::kAnnounced, "denied", "the extension is not announced",
     Denies<"seccomp_allow_nesting">},
    {spec::seccomp_allow_nesting::kKeyReadsBack, "kept", "a cleared key is kept",
     KeepsWhenCleared<"lxc.seccomp.allow_nesting">},
    {spec::seccomp_allow_nesting::kKeyReadsBack, "zero", "the key always reads as 0",
     ReadsBackAs<"lxc.seccomp.allow_nesting", "0">},
    {spec::seccomp_allow_nesting::kStacks, "ignored", "1 is as 0",
     ForgetsAtStart<"lxc.seccomp.allow_nesting">},
    {spec::seccomp_allow_nesting::kStacks, "outer-only", "with 1 no policy is loaded",
     LoadsNothingWith<"1">},
    {spec::seccomp_allow_nesting::kStacks, "from-outside",
     "containers are started by a process without their client's filter", StartsFromOutside},
    {spec::seccomp_allow_nesting::kInnerLoosensNothing, "from-outside",
     "containers are started by a process without their client's filter", StartsFromOutside},
    {spec::seccomp_allow_nesting::kOuterHolds, "from-outside",
     "containers are started by a process without their client's filter", StartsFromOutside},
    {spec::seccomp_allow_nesting::kStacksInAContainer, "outer-only", "with 1 no policy is loaded",
     LoadsNothingWith<"1">},
    {spec::seccomp_allow_nesting::kStacksInAContainer, "from-outside",
     "containers are started by a process without their client's filters", StartsFromOutside},
    {spec::seccomp_allow_nesting::kInnerContainer, "outer-only",
     "with 1 a container in a container has the outer one's policy alone", LoadsNothingWith<"1">},
    {spec::seccomp_allow_nesting::kInnerContainer, "without-nesting", "1 is as 0",
     ForgetsAtStart<"lxc.seccomp.allow_nesting">},
    {spec::seccomp_allow_nesting::kAttached, "not",
     "with 1 what is attached is not under the policy", LoadsNothingWith<"1">},
    {spec::seccomp_allow_nesting::kWithoutOuter, "nothing", "with 1 no policy is loaded",
     LoadsNothingWith<"1">},
    {spec::seccomp_allow_nesting::kWithoutOuter, "nothing-with-zero", "with 0 no policy is loaded",
     LoadsNothingWith<"0">},
    {spec::seccomp_allow_nesting::kUnconfinedTold, "silent",
     "with 0 no policy is loaded, and nothing said", LoadsNothingWith<"0">},
    {spec::seccomp_allow_nesting::kKeyRefused, "anything", "everything is taken",
     AcceptsAnything<"lxc.seccomp.allow_nesting">},
    {spec::seccomp_allow_nesting::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<"lxc.seccomp.allow_nesting">},
    {spec::seccomp_allow_nesting::kNoPolicy, "default", "with 1 there is a filter without a policy",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (!Item(c, kProfile).empty()) return Original().start(c, use_init, argv);
         return StartUnder(c, use_init, argv, "2\ndenylist\ngetppid errno 1\n");
       };
     }},
    {spec::seccomp_allow_nesting::kNoFilters, "ignored", "a container starts without its policy",
     StartsWithoutBadPolicy},
};

}  // namespace
}  // namespace lxcspec::faults
