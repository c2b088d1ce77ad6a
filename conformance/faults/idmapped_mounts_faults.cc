// SPDX-License-Identifier: Apache-2.0

#include <string>
#include <string_view>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr Text kOptions = "lxc.rootfs.options";

// Without the option idmap, or with another value of it.
std::string WithIdmap(const std::string& options, std::string_view replacement) {
  const size_t begin = options.find("idmap=");
  if (begin == std::string::npos) return options;
  const size_t end = options.find(',', begin);
  std::string changed = options;
  return changed.replace(begin, (end == std::string::npos ? options.size() : end) - begin,
                         replacement);
}

template <Text kReplacement>
void Replaces(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string options = Item(c, kOptions.value);
    if (options.find("idmap=") == std::string::npos) {
      return Original().start(c, use_init, argv);
    }
    return StartWith(c, use_init, argv, kOptions.value, WithIdmap(options, kReplacement.value));
  };
}

// What does not start as it is configured starts without a map.
void FallsBack(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Original().start(c, use_init, argv)) return true;
    return StartWith(c, use_init, argv, kOptions.value, WithIdmap(Item(c, kOptions.value), "rw"));
  };
}

void IgnoresItWithoutUserNamespace(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (!Item(c, "lxc.idmap").empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kOptions.value, "");
  };
}

const Faults kFaults{
    {spec::idmapped_mounts::kAnnounced, "denied", "the extension is not announced",
     Denies<"idmapped_mounts">},
    {spec::idmapped_mounts::kKeyReadsBack, "left-out", "the option is not read back",
     ReadsBackAs<kOptions, "ro">},
    {spec::idmapped_mounts::kOwnersInside, "ignored", "the option does nothing", Replaces<"rw">},
    {spec::idmapped_mounts::kOwnersOutside, "ignored", "the option does nothing", Replaces<"rw">},
    {spec::idmapped_mounts::kPath, "containers", "a path is taken for the container",
     Replaces<"idmap=container">},
    {spec::idmapped_mounts::kPath, "ignored", "the option does nothing", Replaces<"rw">},
    {spec::idmapped_mounts::kRecursive, "ignored", "the option does nothing", Replaces<"rw">},
    {spec::idmapped_mounts::kNested, "ignored", "the option does nothing", Replaces<"rw">},
    {spec::idmapped_mounts::kWithOtherOptions, "alone", "other options are forgotten",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return StartWith(c, use_init, argv, kOptions.value, "idmap=container");
       };
     }},
    {spec::idmapped_mounts::kNameIsWhole, "containers", "a path is taken for the container",
     Replaces<"idmap=container">},
    {spec::idmapped_mounts::kNameIsWhole, "any-end", "xidmap is taken for idmap",
     ChangesAtStart<kOptions, "idmap=container">},
    {spec::idmapped_mounts::kNoNamespace, "ignored", "the container runs without a map", FallsBack},
    {spec::idmapped_mounts::kNoNamespace, "pretended", "start answers that it has",
     PretendsToStart},
    {spec::idmapped_mounts::kRefusedValueKept, "cleared", "a refused value clears the key",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (key == nullptr || value == nullptr || std::string_view(key) != kOptions.value ||
             std::string_view(value) != "idmap=") {
           return Original().set_config_item(c, key, value);
         }
         Original().clear_config_item(c, key);
         return false;
       };
     }},
    {spec::idmapped_mounts::kWithoutUserNamespace, "ignored", "the container runs without a map",
     IgnoresItWithoutUserNamespace},
    {spec::idmapped_mounts::kKernelWithout, "ignored", "the container runs without a map",
     FallsBack},
    {spec::idmapped_mounts::kKernelWithout, "pretended", "start answers that it has",
     PretendsToStart},
    {spec::idmapped_mounts::kFileSystemWithout, "ignored", "the container runs without a map",
     FallsBack},
};

}  // namespace
}  // namespace lxcspec::faults
