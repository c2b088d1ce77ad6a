// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>
#include <regex>
#include <string>

#include "conformance/faults/policies.h"

namespace lxcspec::faults {
namespace {

constexpr char kProfile[] = "lxc.seccomp.profile";

std::string Rewritten(const std::string& policy, const char* pattern, const char* with) {
  return std::regex_replace(policy, std::regex(pattern, std::regex::multiline), with);
}

// What a pattern matches in a policy is taken for something else.
template <Text kPattern, Text kWith>
void Misreads(Broken& broken) {
  ReadsPolicyAs<[](std::string policy) { return Rewritten(policy, kPattern.value, kWith.value); }>(
      broken);
}

// The rules behind the head of a policy are gone; the head may be changed.
template <Text kHead>
void ForgetsRules(Broken& broken) {
  ReadsPolicyAs<[](std::string) { return std::string(kHead.value); }>(broken);
}

const Faults kFaults{
    {spec::seccomp_allow_deny_syntax::kAnnounced, "denied", "the extension is not announced",
     Denies<"seccomp_allow_deny_syntax">},
    {spec::seccomp_allow_deny_syntax::kKeyReadsBack, "kept", "a cleared profile is kept",
     KeepsWhenCleared<"lxc.seccomp.profile">},
    {spec::seccomp_allow_deny_syntax::kKeyReadsBack, "other", "the profile reads as another",
     ReadsBackAs<"lxc.seccomp.profile", "/other">},
    {spec::seccomp_allow_deny_syntax::kNoPolicy, "default", "there is a filter without a policy",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (!Item(c, kProfile).empty()) return Original().start(c, use_init, argv);
         return StartUnder(c, use_init, argv, "2\ndenylist\ngetppid errno 1\n");
       };
     }},
    {spec::seccomp_allow_deny_syntax::kDenylistAllowsRest, "no-filter", "there is no filter at all",
     ForgetsAtStart<"lxc.seccomp.profile">},
    {spec::seccomp_allow_deny_syntax::kDenylistAllowsRest, "denies", "other calls fail too",
     ReadsPolicyAs<[](std::string policy) {
       return policy + "\n[all]\ngetpgrp errno 1\ngetpid errno 1\ngetuid errno 1\ngetsid errno 1\n";
     }>},
    {spec::seccomp_allow_deny_syntax::kDenylistKills, "eperm",
     "a rule without an action is errno 1", Misreads<"^([a-z_0-9]+)$", "$1 errno 1">},
    {spec::seccomp_allow_deny_syntax::kAllowlistAllows, "kills", "listed calls are killed too",
     ReadsPolicyAs<[](std::string policy) {
       return Rewritten(policy, "^getpgrp$", "getpgrp kill");
     }>},
    {spec::seccomp_allow_deny_syntax::kAllowlistKillsRest, "eperm", "other calls fail with EPERM",
     Misreads<"^(allowlist|whitelist)$", "$1 errno 1">},
    {spec::seccomp_allow_deny_syntax::kOlderWords, "swapped", "whitelist means denylist",
     MistakesInPolicy<"whitelist", "denylist">},
    {spec::seccomp_allow_deny_syntax::kOlderWords, "black-swapped", "blacklist is no filter",
     ReadsPolicyAs<[](std::string policy) {
       return policy.find("blacklist") == std::string::npos ? policy : "2\ndenylist\n";
     }>},
    {spec::seccomp_allow_deny_syntax::kOlderWords, "unknown", "the older words are refused",
     Misreads<"^(blacklist|whitelist)", "greylist">},
    {spec::seccomp_allow_deny_syntax::kDefaultAction, "ignored", "the default action is kill",
     Misreads<"^(allowlist|whitelist) .*$", "$1">},
    {spec::seccomp_allow_deny_syntax::kVersion1, "allows-rest", "other calls are made",
     ReadsPolicyAs<[](std::string policy) {
       return policy.starts_with("1") ? "2\ndenylist\n" : policy;
     }>},
    {spec::seccomp_allow_deny_syntax::kErrno, "one-more", "errno 33 is errno 34",
     MistakesInPolicy<"errno 33", "errno 34">},
    {spec::seccomp_allow_deny_syntax::kErrno, "always-eperm", "every errno is 1",
     Misreads<"errno [1-9][0-9]*", "errno 1">},
    {spec::seccomp_allow_deny_syntax::kErrnoZero, "made", "errno 0 makes the call",
     Misreads<"^.* errno 0.*$", "">},
    {spec::seccomp_allow_deny_syntax::kErrnoZero, "eperm", "errno 0 is errno 1",
     Misreads<"errno 0", "errno 1">},
    {spec::seccomp_allow_deny_syntax::kKill, "trap", "kill is trap",
     MistakesInPolicy<" kill", " trap">},
    {spec::seccomp_allow_deny_syntax::kKill, "eperm", "kill is errno 1",
     MistakesInPolicy<" kill", " errno 1">},
    {spec::seccomp_allow_deny_syntax::kTrap, "kill", "trap is kill",
     MistakesInPolicy<" trap", " kill">},
    {spec::seccomp_allow_deny_syntax::kAllow, "eperm", "allow is errno 1",
     MistakesInPolicy<" allow", " errno 1">},
    {spec::seccomp_allow_deny_syntax::kComparisons, "any", "comparisons are not looked at",
     Misreads<" ?\\[[^a-z\\]]*\\]", "">},
    {spec::seccomp_allow_deny_syntax::kComparisons, "ge-is-gt", "at least is more than",
     MistakesInPolicy<"SCMP_CMP_GE", "SCMP_CMP_GT">},
    {spec::seccomp_allow_deny_syntax::kComparisons, "le-is-lt", "at most is less than",
     MistakesInPolicy<"SCMP_CMP_LE", "SCMP_CMP_LT">},
    {spec::seccomp_allow_deny_syntax::kComparisons, "lower-half", "only the lower 32 bits count",
     MistakesInPolicy<"0x500000005", "0x5">},
    {spec::seccomp_allow_deny_syntax::kComparisons, "ne-is-eq", "unequal is equal",
     MistakesInPolicy<"SCMP_CMP_NE", "SCMP_CMP_EQ">},
    {spec::seccomp_allow_deny_syntax::kMaskedComparison, "unmasked", "the mask is not looked at",
     Misreads<"SCMP_CMP_MASKED_EQ,[^\\]]*", "SCMP_CMP_EQ">},
    {spec::seccomp_allow_deny_syntax::kMaskedComparison, "lower-half",
     "only the lower bits of the mask count", MistakesInPolicy<"0xf0000000f0", "0xf0">},
    {spec::seccomp_allow_deny_syntax::kEachArgument, "first-only",
     "every comparison is with the first", Misreads<"\\[5,7,", "[0,7,">},
    {spec::seccomp_allow_deny_syntax::kAllComparisons, "first-only",
     "only the first comparison counts", Misreads<"\\] ?\\[[0-9][^\\]]*", "">},
    {spec::seccomp_allow_deny_syntax::kAnyLine, "last-only",
     "of several rules for a call one counts", Misreads<"^getppid errno 11 .*$", "">},
    {spec::seccomp_allow_deny_syntax::kOneOfSeveral, "none", "where rules contradict none counts",
     Misreads<"^getppid errno 3[34].*$", "">},
    {spec::seccomp_allow_deny_syntax::kSectionAll, "ignored", "rules behind [all] do not hold",
     Misreads<"\\[all\\]", "[arm]">},
    {spec::seccomp_allow_deny_syntax::kSectionNative, "everywhere",
     "rules behind [x86_64] hold for all", Misreads<"\\[x86_64\\]", "[all]">},
    {spec::seccomp_allow_deny_syntax::kSectionCompat, "ignored", "rules behind [x86] do not hold",
     Misreads<"\\[x86\\]", "[arm]">},
    {spec::seccomp_allow_deny_syntax::kSectionCompatOnly, "everywhere",
     "rules behind [x86] hold for all", Misreads<"\\[x86\\]", "[all]">},
    {spec::seccomp_allow_deny_syntax::kSectionOfOthers, "everywhere",
     "rules of another machine hold here",
     Misreads<"\\[(arm|arm64|aarch64|ppc|ppc64le|mips|s390x|riscv64)\\]", "[all]">},
    {spec::seccomp_allow_deny_syntax::kEveryConvention, "native-only",
     "rules hold for 64-bit programs only", Misreads<"^(2\n[a-z]+.*)$", "$1\n[x86_64]">},
    {spec::seccomp_allow_deny_syntax::kForceUmount, "ignored", "the line is not looked at",
     MistakesInPolicy<"reject_force_umount", "">},
    {spec::seccomp_allow_deny_syntax::kForceUmount, "every-umount", "every umount2 fails",
     MistakesInPolicy<"reject_force_umount", "umount2 errno 13">},
    {spec::seccomp_allow_deny_syntax::kForceUmount, "alone", "only MNT_FORCE alone is refused",
     MistakesInPolicy<"reject_force_umount", "umount2 errno 13 [1,1,SCMP_CMP_EQ]">},
    {spec::seccomp_allow_deny_syntax::kForceUmount, "other-errno", "the call fails with EPERM",
     MistakesInPolicy<"reject_force_umount", "umount2 errno 1 [1,1,SCMP_CMP_MASKED_EQ,1]">},
    {spec::seccomp_allow_deny_syntax::kComments, "rules", "a comment is a rule",
     Misreads<"^#.*$", "getppid nonsense">},
    {spec::seccomp_allow_deny_syntax::kUnknownCallSkipped, "refused", "an unknown call is refused",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string policy = PolicyOf(Item(c, kProfile));
         const bool unknown = policy.find("of_nobody") != std::string::npos;
         return !unknown && Original().start(c, use_init, argv);
       };
     }},
    {spec::seccomp_allow_deny_syntax::kReadAtStart, "when-set",
     "the policy is what the file said first",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         static const std::string first = PolicyOf(Item(c, kProfile));
         if (first.empty()) return Original().start(c, use_init, argv);
         return StartUnder(c, use_init, argv, first);
       };
     }},
    {spec::seccomp_allow_deny_syntax::kAttached, "not", "what is attached has no filter",
     ForgetsAtStart<"lxc.seccomp.profile">},
    {spec::seccomp_allow_deny_syntax::kMissingFile, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kBadHead, "ignored", "a container starts without its policy",
     StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kBadAction, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kBadComparison, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kBadSection, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kBadNumber, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kTextBehindRule, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
    {spec::seccomp_allow_deny_syntax::kNoFilters, "ignored",
     "a container starts without its policy", StartsWithoutBadPolicy},
};

}  // namespace
}  // namespace lxcspec::faults
