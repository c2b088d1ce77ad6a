// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "conformance/faults/attaching.h"
#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr int kTimeNamespace = 0x80;
constexpr Text kBoot = "lxc.time.offset.boot";
constexpr Text kMonotonic = "lxc.time.offset.monotonic";

// Offsets are forgotten where another key is set.
template <Text kKey>
void ForgetsOffsetsWith(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Item(c, kKey.value).empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, {{kBoot.value, ""}, {kMonotonic.value, ""}});
  };
}

void ForgetsOffsets(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return StartWith(c, use_init, argv, {{kBoot.value, ""}, {kMonotonic.value, ""}});
  };
}

void Swaps(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return StartWith(
        c, use_init, argv,
        {{kBoot.value, Item(c, kMonotonic.value)}, {kMonotonic.value, Item(c, kBoot.value)}});
  };
}

void StartsFromANamespaceOfItsOwn(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool started = Original().start(c, use_init, argv);
    static_cast<void>(unshare(kTimeNamespace));
    return started;
  };
}

// In the first run the container has offsets; in its later ones it is where its starter is.
void ShiftsTheFirstRunOnly(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const int own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);
    static_cast<void>(unshare(kTimeNamespace));
    // What the tests of reboots ask for.
    std::ofstream("/proc/self/timens_offsets") << "boottime 3600000 0\nmonotonic 1800000 0\n";
    const bool started =
        StartWith(c, use_init, argv,
                  {{kBoot.value, ""},
                   {kMonotonic.value, ""},
                   {"lxc.namespace.share.time",
                    "/proc/" + std::to_string(getpid()) + "/ns/time_for_children"}});
    static_cast<void>(setns(own, kTimeNamespace));
    close(own);
    return started;
  };
}

const Faults kFaults{
    {spec::time_namespace::kAnnounced, "denied", "the extension is not announced",
     Denies<"time_namespace">},
    {spec::time_namespace::kKeyReadsBack, "blank", "a blank stands before the unit",
     ReadsBackAs<kBoot, "5 s">},
    {spec::time_namespace::kKeyReadsBack, "newline", "a newline stands behind the unit",
     ReadsBackAs<kMonotonic, "5s\n">},
    {spec::time_namespace::kKeyReadsBack, "one-value", "the key always reads as five seconds",
     ReadsBackAs<kBoot, "5s">},
    {spec::time_namespace::kUnsetReadsZero, "kept", "a cleared key is kept",
     KeepsWhenCleared<kBoot>},
    {spec::time_namespace::kUnsetReadsZero, "seconds", "a key that is not set reads in seconds",
     ReadsBackAs<kMonotonic, "0s">},
    {spec::time_namespace::kSetAgain, "first-stays", "the first of two values holds",
     ChangesAtStart<kBoot, "5s">},
    {spec::time_namespace::kUnits, "no-boot", "the boot clock is not shifted",
     ForgetsAtStart<kBoot>},
    {spec::time_namespace::kUnits, "no-monotonic", "the monotonic clock is not shifted",
     ForgetsAtStart<kMonotonic>},
    {spec::time_namespace::kUnits, "swapped", "each clock has the offset of the other", Swaps},
    {spec::time_namespace::kUnits, "hours-as-minutes", "hours are taken for minutes",
     Mistakes<kBoot, "3h", "3m">},
    {spec::time_namespace::kUnits, "milli-as-micro", "milliseconds are taken for microseconds",
     Mistakes<kMonotonic, "7ms", "7us">},
    {spec::time_namespace::kNegative, "absolute", "the sign is dropped",
     Mistakes<kBoot, "-1s", "1s">},
    {spec::time_namespace::kNegative, "refused", "negative parts of seconds are refused",
     Refuses<kMonotonic, "-7ms">},
    {spec::time_namespace::kBeyondASecond, "cut", "whole seconds are dropped",
     Mistakes<kBoot, "1500ms", "500ms">},
    {spec::time_namespace::kBeyondASecond, "towards-zero", "negative seconds are rounded up",
     Mistakes<kBoot, "-1001ms", "-1ms">},
    {spec::time_namespace::kSum, "first-only", "only the first number counts",
     Mistakes<kBoot, "1h30m500ms", "1h">},
    {spec::time_namespace::kSum, "sign-of-first", "the sign holds for the first number only",
     Mistakes<kMonotonic, "-1s1ms", "-999ms">},
    {spec::time_namespace::kBoth, "no-boot", "the boot clock is not shifted",
     ForgetsAtStart<kBoot>},
    {spec::time_namespace::kBoth, "swapped", "each clock has the offset of the other", Swaps},
    {spec::time_namespace::kStarterUnchanged, "unshared", "later children are elsewhere",
     StartsFromANamespaceOfItsOwn},
    {spec::time_namespace::kAttached, "outside", "attached processes have the host's clocks",
     AttachesOutsideOf<kTimeNamespace>},
    {spec::time_namespace::kAfterReboot, "first-run-only", "a rebooted container has no offsets",
     ShiftsTheFirstRunOnly},
    {spec::time_namespace::kIdMapped, "forgotten", "a container with id maps has no offsets",
     ForgetsOffsetsWith<"lxc.idmap">},
    {spec::time_namespace::kClone, "ignored", "the word does nothing",
     ForgetsAtStart<"lxc.namespace.clone">},
    {spec::time_namespace::kClone, "alone", "with the word there are no offsets",
     ForgetsOffsetsWith<"lxc.namespace.clone">},
    {spec::time_namespace::kShare, "ignored", "nothing is shared",
     ForgetsAtStart<"lxc.namespace.share.time">},
    {spec::time_namespace::kKeyRefused, "anything", "every value is taken", AcceptsAnything<kBoot>},
    {spec::time_namespace::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<kMonotonic>},
    {spec::time_namespace::kOverflowRefused, "anything", "every value is taken",
     AcceptsAnything<kMonotonic>},
    {spec::time_namespace::kOverflowRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<kBoot>},
    {spec::time_namespace::kBeforeTheBeginning, "ignored", "the container runs without offsets",
     ForgetsOffsets},
    {spec::time_namespace::kBeforeTheBeginning, "pretended", "start answers that it has",
     PretendsToStart},
    {spec::time_namespace::kNotWithoutOffsets, "with-keep", "lxc.namespace.keep wins",
     ForgetsOffsetsWith<"lxc.namespace.keep">},
    {spec::time_namespace::kNotWithoutOffsets, "with-share", "lxc.namespace.share wins",
     ForgetsOffsetsWith<"lxc.namespace.share.time">},
    {spec::time_namespace::kNotWithoutOffsets, "with-clone", "lxc.namespace.clone wins",
     ForgetsOffsetsWith<"lxc.namespace.clone">},
    {spec::time_namespace::kKernelWithout, "ignored", "the container runs without offsets",
     ForgetsOffsets},
};

}  // namespace
}  // namespace lxcspec::faults
