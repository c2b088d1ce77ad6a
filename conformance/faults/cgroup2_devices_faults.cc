// SPDX-License-Identifier: Apache-2.0
//
// A rule is changed when it is set: what a container is started with has another meaning than what
// it was told.

#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "conformance/faults/cgroup_ways.h"
#include "conformance/harness/device_programs.h"

namespace lxcspec::faults {
namespace {

constexpr char kAllow[] = "lxc.cgroup2.devices.allow";
constexpr char kDeny[] = "lxc.cgroup2.devices.deny";
constexpr char kLegacyAllow[] = "lxc.cgroup.devices.allow";
constexpr char kLegacyDeny[] = "lxc.cgroup.devices.deny";

struct Rule {
  bool allow;
  std::string text;

  bool operator==(const Rule&) const = default;
  bool IsForEverything() const { return text == "a" || text == "a *:* rwm"; }
};
using Rules = std::vector<Rule>;

// Every rule that is set becomes what `kChange` makes of it, which is told those that were set
// before it, of whatever container: a test has one.
template <auto kChange>
void ChangesRules(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    static Rules& before = *new Rules;
    const std::string_view name = key != nullptr ? key : "";
    if (value == nullptr || (name != kAllow && name != kDeny)) {
      return Original().set_config_item(c, key, value);
    }
    const Rule rule{.allow = name == kAllow, .text = value};
    bool taken = true;
    for (const auto& [allow, text] : kChange(rule, before)) {
      taken = Original().set_config_item(c, allow ? kAllow : kDeny, text.c_str()) && taken;
    }
    before.push_back(rule);
    return taken;
  };
}

// One rule is taken and ignored.
template <bool kAllowing, Text kRule>
void IgnoresRule(Broken& broken) {
  ChangesRules<[](const Rule& rule, const Rules&) {
    return rule == Rule{kAllowing, kRule.value} ? Rules{} : Rules{rule};
  }>(broken);
}

// Of rules of this kind that name devices the first one counts.
template <bool kAllowing>
void CountsFirst(Broken& broken) {
  ChangesRules<[](const Rule& rule, const Rules& before) {
    if (rule.IsForEverything() || rule.allow != kAllowing) return Rules{rule};
    for (const Rule& other : before) {
      if (other.allow == rule.allow && !other.IsForEverything()) return Rules{};
    }
    return Rules{rule};
  }>(broken);
}

// The last word of a rule of this kind, its uses, goes through `kChange`.
template <bool kAllowing, auto kChange>
void ChangesUses(Broken& broken) {
  ChangesRules<[](const Rule& rule, const Rules&) {
    const size_t last = rule.text.rfind(' ');
    if (rule.IsForEverything() || rule.allow != kAllowing || last == std::string::npos) {
      return Rules{rule};
    }
    const std::string uses = kChange(rule.text.substr(last + 1));
    if (uses.empty()) return Rules{};
    return Rules{{rule.allow, rule.text.substr(0, last + 1) + uses}};
  }>(broken);
}

std::string Without(std::string uses, char use) {
  std::erase(uses, use);
  return uses;
}
std::string WithoutRead(std::string uses) { return Without(std::move(uses), 'r'); }
std::string WithoutWrite(std::string uses) { return Without(std::move(uses), 'w'); }
std::string WithoutMake(std::string uses) { return Without(std::move(uses), 'm'); }
std::string AllUses(const std::string&) { return "rwm"; }

// The first letter of a rule of this kind, its type, is any.
template <bool kAllowing>
void TakesAnyType(Broken& broken) {
  ChangesRules<[](Rule rule, const Rules&) {
    if (rule.allow == kAllowing && !rule.text.empty()) rule.text[0] = 'a';
    return Rules{rule};
  }>(broken);
}

// A rule for everything clears nothing where the list is of its kind, or else where it is not.
template <bool kSameKind>
void ResetsNothing(Broken& broken) {
  ChangesRules<[](const Rule& rule, const Rules& before) {
    for (auto other = before.rbegin(); rule.IsForEverything() && other != before.rend(); ++other) {
      if (!other->IsForEverything()) continue;
      return (other->allow == rule.allow) == kSameKind ? Rules{} : Rules{rule};
    }
    return Rules{rule};
  }>(broken);
}

const Changes kNoRules{{kAllow, ""}, {kDeny, ""}};

// A container with rules that does not start is started without them.
void StartsOpen(Broken& broken) {
  StartsOtherwise<[](abi::Container*) { return kNoRules; }>(broken);
}

// With an inner cgroup a container starts without these keys.
template <auto& kOne, auto& kOther>
void ChangesWithInnerCgroup(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool inner = !Item(c, "lxc.cgroup.dir.container.inner").empty();
    if (!inner) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, {{kOne, ""}, {kOther, ""}});
  };
}

// A container that is started inside of another one, as the harness calls it, has no rules.
void IgnoresRulesInside(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool inside = std::string_view(c->name) == "inner";
    return inside ? StartWith(c, use_init, argv, kNoRules) : Original().start(c, use_init, argv);
  };
}

// What is attached enters the container's namespaces and not its cgroup.
int AttachesOutside(abi::Container* c, void*, const char* program, const char* const argv[]) {
  const std::string process = "/proc/" + std::to_string(InitOf(c)) + "/ns/";
  const pid_t child = fork();
  if (child == 0) {
    for (const char* space : {"ipc", "uts", "net", "mnt"}) {
      const int fd = open((process + space).c_str(), O_RDONLY | O_CLOEXEC);
      if (setns(fd, 0) != 0) _exit(126);
    }
    execv(program, const_cast<char* const*>(argv));
    _exit(127);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

bool IsRule(const char* item) {
  return item != nullptr && std::string_view(item).starts_with("devices.");
}

// What a running container is told about devices goes through these, one after the other, the rule
// last.
template <Text... kBefore>
void TellsBefore(Broken& broken) {
  broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
    if (IsRule(item)) {
      for (const std::string_view before : {std::string_view(kBefore.value)...}) {
        const size_t blank = before.find(' ');
        const std::string first(before.substr(0, blank));
        Original().set_cgroup_item(c, first.c_str(), before.data() + blank + 1);
      }
    }
    return Original().set_cgroup_item(c, item, value);
  };
}

// The programs of a container that has started are held for ever.
void HoldsPrograms(abi::Container* c) {
  const auto programs = DeviceProgramsOf(FolderOf(InitOf(c)));
  if (!programs) return;
  for (const uint32_t id : *programs) {
    bpf_attr attributes = {};
    attributes.prog_id = id;
    syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attributes, sizeof(attributes));
  }
}

bool HasPrograms() {
  bpf_attr attributes = {};
  return syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attributes, sizeof(attributes)) == 0 ||
         errno == ENOENT;
}

const Faults kFaults{
    {spec::cgroup2_devices::kAnnounced, "denied", "the extension is not announced",
     Denies<"cgroup2_devices">},
    {spec::cgroup2_devices::kKeysReadBack, "allow-one", "of several allowances one reads back",
     ReadsBackAs<"lxc.cgroup2.devices.allow", "c 1:3 rwm\n">},
    {spec::cgroup2_devices::kKeysReadBack, "deny-one", "of several denials one reads back",
     ReadsBackAs<"lxc.cgroup2.devices.deny", "a\n">},
    {spec::cgroup2_devices::kKeysReadBack, "after-reset",
     "what is before deny a does not read back",
     ReadsBackAs<"lxc.cgroup2.devices.deny", "b 7:* w\n">},
    {spec::cgroup2_devices::kUnrestricted, "usual-rules", "a container without rules gets some",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool has = !Item(c, kAllow).empty() || !Item(c, kDeny).empty();
         if (has) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, {{kDeny, "a"}, {kAllow, "c 1:3 rwm\nc 5:* rwm"}});
       };
     }},
    {spec::cgroup2_devices::kUnrestricted, "no-block", "it may make no block devices",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool has = !Item(c, kAllow).empty() || !Item(c, kDeny).empty();
         if (has) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kDeny, "b *:* rwm");
       };
     }},
    {spec::cgroup2_devices::kDenyAll, "ignored", "deny a is ignored", IgnoresRule<false, "a">},
    {spec::cgroup2_devices::kDenyAll, "ignored-in-full", "deny a *:* rwm is ignored",
     IgnoresRule<false, "a *:* rwm">},
    {spec::cgroup2_devices::kDenyAll, "characters", "it is for characters alone",
     Mistakes<"lxc.cgroup2.devices.deny", "a", "c *:* rwm">},
    {spec::cgroup2_devices::kDenyAll, "alone-open", "without an allowance it is ignored",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (!Item(c, kAllow).empty()) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kNoRules);
       };
     }},
    {spec::cgroup2_devices::kAllowAll, "characters", "it is for characters alone",
     Mistakes<"lxc.cgroup2.devices.allow", "a", "c *:* rwm">},
    {spec::cgroup2_devices::kAllowAll, "ignored-in-full", "allow a *:* rwm is ignored",
     IgnoresRule<true, "a *:* rwm">},
    {spec::cgroup2_devices::kAllowAll, "allowlist", "an allowance behind it makes an allowlist",
     ChangesRules<[](const Rule& rule, const Rules&) {
       return rule.allow && !rule.IsForEverything() ? Rules{{false, "a"}, rule} : Rules{rule};
     }>},
    {spec::cgroup2_devices::kAllowlist, "first", "the first rule counts", CountsFirst<true>},
    {spec::cgroup2_devices::kAllowlist, "all-uses", "a rule allows every use",
     ChangesUses<true, AllUses>},
    {spec::cgroup2_devices::kAllowlist, "no-read", "no rule allows to read",
     ChangesUses<true, WithoutRead>},
    {spec::cgroup2_devices::kAllowlist, "no-write", "no rule allows to write",
     ChangesUses<true, WithoutWrite>},
    {spec::cgroup2_devices::kAllowlist, "no-make", "no rule allows to make nodes",
     ChangesUses<true, WithoutMake>},
    {spec::cgroup2_devices::kAllowlist, "any-type", "the type is not looked at",
     TakesAnyType<true>},
    {spec::cgroup2_devices::kDenylist, "first", "the first rule counts", CountsFirst<false>},
    {spec::cgroup2_devices::kDenylist, "all-uses", "a rule denies every use",
     ChangesUses<false, AllUses>},
    {spec::cgroup2_devices::kDenylist, "no-read", "no rule denies to read",
     ChangesUses<false, WithoutRead>},
    {spec::cgroup2_devices::kDenylist, "no-write", "no rule denies to write",
     ChangesUses<false, WithoutWrite>},
    {spec::cgroup2_devices::kDenylist, "no-make", "no rule denies to make nodes",
     ChangesUses<false, WithoutMake>},
    {spec::cgroup2_devices::kDenylist, "any-type", "the type is not looked at",
     TakesAnyType<false>},
    {spec::cgroup2_devices::kDocumentedAllowlist, "no-character", "allow c *:* m is ignored",
     IgnoresRule<true, "c *:* m">},
    {spec::cgroup2_devices::kDocumentedAllowlist, "no-block", "allow b *:* m is ignored",
     IgnoresRule<true, "b *:* m">},
    {spec::cgroup2_devices::kDocumentedAllowlist, "all-uses", "allow c *:* m allows every use",
     Mistakes<"lxc.cgroup2.devices.allow", "c *:* m", "c *:* rwm">},
    {spec::cgroup2_devices::kDocumentedAllowlist, "no-device", "allow c 1:3 rwm is ignored",
     IgnoresRule<true, "c 1:3 rwm">},
    {spec::cgroup2_devices::kDocumentedDenylist, "no-character", "deny c *:* m is ignored",
     IgnoresRule<false, "c *:* m">},
    {spec::cgroup2_devices::kDocumentedDenylist, "no-block", "deny b *:* m is ignored",
     IgnoresRule<false, "b *:* m">},
    {spec::cgroup2_devices::kDocumentedDenylist, "all-uses", "deny c *:* m denies every use",
     Mistakes<"lxc.cgroup2.devices.deny", "c *:* m", "c *:* rwm">},
    {spec::cgroup2_devices::kDocumentedDenylist, "no-device", "deny c 1:3 rwm is ignored",
     IgnoresRule<false, "c 1:3 rwm">},
    {spec::cgroup2_devices::kWildcards, "minor-is-major", "1:* is as *:*",
     Mistakes<"lxc.cgroup2.devices.allow", "c 1:* m", "c *:* m">},
    {spec::cgroup2_devices::kWildcards, "major-is-minor", "*:5 is as *:*",
     Mistakes<"lxc.cgroup2.devices.allow", "c *:5 m", "c *:* m">},
    {spec::cgroup2_devices::kWildcards, "no-major", "*:5 is as 0:5",
     Mistakes<"lxc.cgroup2.devices.allow", "c *:5 m", "c 0:5 m">},
    {spec::cgroup2_devices::kWildcards, "no-minor", "1:* is as 1:0",
     Mistakes<"lxc.cgroup2.devices.allow", "c 1:* m", "c 1:0 m">},
    {spec::cgroup2_devices::kWildcards, "number", "1:5 is as 1:*",
     Mistakes<"lxc.cgroup2.devices.allow", "c 1:5 m", "c 1:* m">},
    {spec::cgroup2_devices::kWildcards, "characters", "the type a stands for characters",
     Mistakes<"lxc.cgroup2.devices.allow", "a 1:5 m", "c 1:5 m">},
    {spec::cgroup2_devices::kWildcards, "everything", "a *:* m stands for every use",
     Mistakes<"lxc.cgroup2.devices.allow", "a *:* m", "a *:* rwm">},
    {spec::cgroup2_devices::kDeniedReadStopsBoth, "read-alone",
     "denied reading is of reading alone",
     Mistakes<"lxc.cgroup2.devices.deny", "c 1:3 r", "c 1:3 m">},
    {spec::cgroup2_devices::kDeniedReadStopsBoth, "write-alone",
     "denied writing is of writing alone",
     Mistakes<"lxc.cgroup2.devices.deny", "c 1:3 w", "c 1:3 m">},
    {spec::cgroup2_devices::kDeniedReadStopsBoth, "writing-too", "denied reading stops writing too",
     Mistakes<"lxc.cgroup2.devices.deny", "c 1:3 r", "c 1:3 rw">},
    {spec::cgroup2_devices::kReset, "same-kind", "a list of the same kind is not cleared",
     ResetsNothing<true>},
    {spec::cgroup2_devices::kReset, "other-kind", "a list of the other kind stays",
     ResetsNothing<false>},
    {spec::cgroup2_devices::kDenyInAllowlist, "takes", "the denial takes from the allowance",
     Mistakes<"lxc.cgroup2.devices.allow", "c 1:* rw", "c 1:5 rw">},
    {spec::cgroup2_devices::kAllowInDenylist, "gives", "the allowance takes from the denial",
     Mistakes<"lxc.cgroup2.devices.deny", "c 1:* rwm", "c 1:5 rwm">},
    {spec::cgroup2_devices::kSpecificDeny, "ignored", "the denial is ignored",
     IgnoresRule<false, "c 1:5 rwm">},
    {spec::cgroup2_devices::kSpecificDeny, "allows", "behind an allowance it is one more",
     ChangesRules<[](const Rule& rule, const Rules& before) {
       return Rules{{rule.allow || !before.empty(), rule.text}};
     }>},
    {spec::cgroup2_devices::kSpecificDeny, "behind-only", "without an allowance it is ignored",
     ChangesRules<[](const Rule& rule, const Rules& before) {
       return rule.allow || !before.empty() ? Rules{rule} : Rules{};
     }>},
    {spec::cgroup2_devices::kAttached, "outside", "what is attached is not in the cgroup",
     [](Broken& broken) { broken.members.attach_run_wait = AttachesOutside; }},
    {spec::cgroup2_devices::kRestart, "once", "the second run has no rules",
     ChangesRestart<[](abi::Container*) { return kNoRules; }>},
    {spec::cgroup2_devices::kIdMaps, "ignored", "with id maps rules are ignored",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (Item(c, "lxc.idmap").empty()) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kNoRules);
       };
     }},
    {spec::cgroup2_devices::kLiveChange, "ignored", "a new rule is ignored",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return IsRule(item) || Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2_devices::kLiveChange, "allowances-only", "a new denial is ignored",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return (IsRule(item) && std::string_view(item) == "devices.deny") ||
                Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2_devices::kLiveChange, "devices-only", "a new rule for everything is ignored",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return (IsRule(item) && std::string_view(value) == "a") ||
                Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2_devices::kLiveChange, "instead", "a new rule is the only one",
     TellsBefore<"devices.deny a">},
    {spec::cgroup2_devices::kLiveChangeIsAtomic, "shut", "meanwhile everything is denied",
     TellsBefore<"devices.deny a", "devices.allow c 1:3 rwm">},
    {spec::cgroup2_devices::kLiveChangeIsAtomic, "open", "meanwhile everything is allowed",
     TellsBefore<"devices.allow a", "devices.deny a", "devices.allow c 1:3 rwm">},
    {spec::cgroup2_devices::kInnerCgroup, "open", "with an inner cgroup there are no rules",
     ChangesWithInnerCgroup<kAllow, kDeny>},
    {spec::cgroup2_devices::kInnerCgroup, "outside", "the init is not in the cgroup with the rules",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c), kUnified); }>},
    {spec::cgroup2_devices::kNested, "outer-only", "a container in a container has no rules",
     IgnoresRulesInside},
    {spec::cgroup2_devices::kLegacyRules, "ignored", "rules of version 1 are ignored",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return StartWith(c, use_init, argv, {{kLegacyAllow, ""}, {kLegacyDeny, ""}});
       };
     }},
    {spec::cgroup2_devices::kLegacyRules, "outside", "the init is not in the cgroup with the rules",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c), "devices"); }>},
    {spec::cgroup2_devices::kLegacyRules, "first", "the first allowance counts",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string allowed = Item(c, kLegacyAllow);
         return StartWith(c, use_init, argv, kLegacyAllow, allowed.substr(0, allowed.find('\n')));
       };
     }},
    {spec::cgroup2_devices::kLegacyInnerCgroup, "open", "with an inner cgroup there are no rules",
     ChangesWithInnerCgroup<kLegacyAllow, kLegacyDeny>},
    {spec::cgroup2_devices::kLegacyLiveChange, "ignored", "a new rule is ignored",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return IsRule(item) || Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2_devices::kLegacyLiveChange, "allowances-only", "a new denial is ignored",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return (IsRule(item) && std::string_view(item) == "devices.deny") ||
                Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2_devices::kLegacyNoRule, "ignored", "what is no rule of version 1 is ignored",
     StartsWithout<"lxc.cgroup.devices.deny">},
    {spec::cgroup2_devices::kInUserNamespace, "open", "in a user namespace there are no rules",
     IgnoresRulesInside},
    {spec::cgroup2_devices::kGone, "held", "the programs are held", DoesAfterStart<HoldsPrograms>},
    {spec::cgroup2_devices::kNoRule, "ignored", "what is no rule is ignored",
     [](Broken& broken) {
       AcceptsAnything<"lxc.cgroup2.devices.deny">(broken);
       StartsOpen(broken);
     }},
    {spec::cgroup2_devices::kOtherLeaf, "ignored", "another key is ignored",
     [](Broken& broken) {
       AcceptsAnything<"lxc.cgroup2.devices.forbid">(broken);
       StartsWithout<"lxc.cgroup2.devices.forbid">(broken);
     }},
    {spec::cgroup2_devices::kLiveNoRule, "taken", "what is no rule is taken",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return Original().set_cgroup_item(c, item, value) || IsRule(item);
       };
     }},
    {spec::cgroup2_devices::kLiveNoRule, "opens", "what is no rule opens the list",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         const bool taken = Original().set_cgroup_item(c, item, value);
         if (!taken && IsRule(item)) Original().set_cgroup_item(c, "devices.allow", "a");
         return taken;
       };
     }},
    {spec::cgroup2_devices::kLiveNoRule, "shuts", "what is no rule empties the list",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         const bool taken = Original().set_cgroup_item(c, item, value);
         if (!taken && IsRule(item)) Original().set_cgroup_item(c, "devices.deny", "a");
         return taken;
       };
     }},
    {spec::cgroup2_devices::kNoBpf, "open", "without programs it starts without rules", StartsOpen},
    {spec::cgroup2_devices::kNoBpfUnrestricted, "refused", "without programs nothing starts",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return HasPrograms() && Original().start(c, use_init, argv);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
