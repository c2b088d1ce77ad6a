// SPDX-License-Identifier: Apache-2.0

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
    {spec::seccomp_allow_nesting::kStacksInAContainer, "outer-only", "with 1 no policy is loaded",
     LoadsNothingWith<"1">},
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
