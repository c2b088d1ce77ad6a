// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "conformance/faults/attaching.h"
#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr Text kBoth = "lxc.environment";
constexpr Text kRuntime = "lxc.environment.runtime";
constexpr Text kHooks = "lxc.environment.hooks";

// Containers start with the variables of one key behind those of another.
template <Text kKey, Text kMore>
void AddsAllOf(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string more = Item(c, kMore.value);
    if (more.empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kKey.value, Item(c, kKey.value) + more);
  };
}

template <Text kKey>
void FirstWins(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    std::istringstream lines(Item(c, kKey.value));
    std::string reversed;
    for (std::string line; std::getline(lines, line);) reversed.insert(0, line + "\n");
    return StartWith(c, use_init, argv, kKey.value, reversed);
  };
}

void LeaksTheStarters(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const char* const value = getenv("LXCSPEC_STARTER");
    if (value == nullptr) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kRuntime.value,
                     Item(c, kRuntime.value) + "LXCSPEC_STARTER=" + value + "\n");
  };
}

void ClearsAll(Broken& broken) {
  broken.members.clear_config_item = [](abi::Container* c, const char* key) {
    const bool wide = key != nullptr && std::string_view(key) == kBoth.value;
    for (const char* const other : {kRuntime.value, kHooks.value}) {
      if (wide) Original().clear_config_item(c, other);
    }
    return Original().clear_config_item(c, key);
  };
}

void AttachesWithHooksVariables(Broken& broken) {
  broken.members.attach_run_wait = [](abi::Container* c, void*, const char* program,
                                      const char* const argv[]) {
    std::string variable = Item(c, kHooks.value);
    while (variable.ends_with('\n')) variable.pop_back();
    char* extra[] = {variable.data(), nullptr};
    AttachOptions options{.extra_variables = variable.empty() ? nullptr : extra};
    return Original().attach_run_wait(c, &options, program, argv);
  };
}

void SavesWithoutHooks(Broken& broken) {
  broken.members.save_config = [](abi::Container* c, const char* file) {
    std::istringstream lines(Item(c, kHooks.value));
    Original().clear_config_item(c, kHooks.value);
    const bool saved = Original().save_config(c, file);
    for (std::string line; std::getline(lines, line);) {
      Original().set_config_item(c, kHooks.value, line.c_str());
    }
    return saved;
  };
}

const Faults kFaults{
    {spec::environment_runtime_hooks::kAnnounced, "denied", "the extension is not announced",
     Denies<"environment_runtime_hooks">},
    {spec::environment_runtime_hooks::kKeyReadsBack, "last-only", "only one variable is read",
     ReadsBackAs<kRuntime, "B=three = 3\n">},
    {spec::environment_runtime_hooks::kKeyReadsBack, "no-newline", "the last newline is missing",
     ReadsBackAs<kHooks, "B=2\nA=1\nB=three = 3">},
    {spec::environment_runtime_hooks::kClear, "kept", "a cleared key is kept",
     KeepsWhenCleared<kHooks>},
    {spec::environment_runtime_hooks::kClear, "by-prefix", "the wide key takes the others with it",
     ClearsAll},
    {spec::environment_runtime_hooks::kInherited, "empty", "an inherited variable is empty",
     Mistakes<kBoth, "LXCSPEC_INHERITED", "LXCSPEC_INHERITED=">},
    {spec::environment_runtime_hooks::kRuntime, "no-runtime", "init lacks what is for it",
     ForgetsAtStart<kRuntime>},
    {spec::environment_runtime_hooks::kRuntime, "no-both", "init lacks what is for all",
     ForgetsAtStart<kBoth>},
    {spec::environment_runtime_hooks::kNotInInit, "leaked", "init has what is for hooks",
     AddsAllOf<kRuntime, kHooks>},
    {spec::environment_runtime_hooks::kHooks, "no-hooks", "hooks lack what is for them",
     ForgetsAtStart<kHooks>},
    {spec::environment_runtime_hooks::kHooks, "no-both", "hooks lack what is for all",
     ForgetsAtStart<kBoth>},
    {spec::environment_runtime_hooks::kNotInHooks, "leaked", "hooks have what is for init",
     AddsAllOf<kHooks, kRuntime>},
    {spec::environment_runtime_hooks::kLastWins, "first", "the first of two values holds",
     FirstWins<kRuntime>},
    {spec::environment_runtime_hooks::kLastWins, "first-for-hooks",
     "the first of two values holds in hooks", FirstWins<kHooks>},
    {spec::environment_runtime_hooks::kLastWins, "wide", "the wide key wins in init",
     AddsAllOf<kRuntime, kBoth>},
    {spec::environment_runtime_hooks::kLastWins, "wide-for-hooks", "the wide key wins in hooks",
     AddsAllOf<kHooks, kBoth>},
    {spec::environment_runtime_hooks::kVerbatim, "not-empty", "a value is not empty",
     Mistakes<kBoth, "EMPTY=", "EMPTY=1">},
    {spec::environment_runtime_hooks::kVerbatim, "blanks", "blanks become one",
     Mistakes<kBoth, "ODD=a=b  c$d\"e'f;g\\h", "ODD=a=b c$d\"e'f;g\\h">},
    {spec::environment_runtime_hooks::kStarterNotInherited, "leaked",
     "init has a variable of its starter", LeaksTheStarters},
    {spec::environment_runtime_hooks::kAttached, "leaked",
     "attached processes have what is for hooks", AttachesWithHooksVariables},
    {spec::environment_runtime_hooks::kAttached, "no-runtime",
     "attached processes lack what is for init", ForgetsAtStart<kRuntime>},
    {spec::environment_runtime_hooks::kAfterReboot, "no-runtime", "init lacks what is for it",
     ForgetsAtStart<kRuntime>},
    {spec::environment_runtime_hooks::kSaved, "not-hooks", "one of the keys is not saved",
     SavesWithoutHooks},
    {spec::environment_runtime_hooks::kUnknownName, "ignored", "a name that nothing has is ignored",
     Accepts<kRuntime, "LXCSPEC_ABSENT">},
    {spec::environment_runtime_hooks::kUnknownName, "empty", "it is taken as an empty variable",
     Mistakes<kHooks, "LXCSPEC_ABSENT", "LXCSPEC_ABSENT=">},
    {spec::environment_runtime_hooks::kUnknownName, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<kBoth>},
    {spec::environment_runtime_hooks::kTooLong, "left-out", "the container runs without",
     ForgetsAtStart<kHooks>},
    {spec::environment_runtime_hooks::kTooLong, "pretended", "start answers that it has",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
