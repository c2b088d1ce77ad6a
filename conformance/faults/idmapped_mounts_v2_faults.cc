// SPDX-License-Identifier: Apache-2.0

#include <functional>
#include <sstream>
#include <string>
#include <string_view>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr Text kEntry = "lxc.mount.entry";

using Change = std::string (*)(const std::string& line);

std::string Changed(const std::string& entries, Change change) {
  std::istringstream lines(entries);
  std::string changed;
  for (std::string line; std::getline(lines, line);) changed += change(line) + "\n";
  return changed;
}

// Containers start with entries that were changed; one that becomes empty is left out.
template <Change kChange>
void ChangesEntries(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string entries = Item(c, kEntry.value);
    if (entries.empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kEntry.value, Changed(entries, kChange));
  };
}

// The same where they do not start as they are configured.
template <Change kChange>
void FallsBackTo(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Original().start(c, use_init, argv)) return true;
    return StartWith(c, use_init, argv, kEntry.value, Changed(Item(c, kEntry.value), kChange));
  };
}

std::string Replaced(std::string line, std::string_view from, std::string_view to) {
  const size_t begin = line.find(from);
  if (begin != std::string::npos) line.replace(begin, from.size(), to);
  return line;
}

std::string WithoutMap(const std::string& line) {
  const size_t begin = line.find("idmap=");
  if (begin == std::string::npos) return line;
  const size_t end = line.find_first_of(", ", begin);
  return line.substr(0, begin) + "rw" + line.substr(end);
}

std::string WithContainersMap(const std::string& line) {
  const std::string without = WithoutMap(line);
  return without == line ? line : Replaced(without, "rw", "idmap=container");
}

std::string AllMapped(const std::string& line) {
  const bool mapped = line.find("idmap=") != std::string::npos;
  return mapped ? line : Replaced(line, "bind", "bind,idmap=container");
}

std::string NotRecursive(const std::string& line) { return Replaced(line, "rbind", "bind"); }
std::string Writable(const std::string& line) { return Replaced(line, ",ro,", ",rw,"); }
std::string NotOptional(const std::string& line) { return Replaced(line, "optional,", ""); }

// An optional entry that cannot be mapped is there without its map.
std::string OptionalUnmapped(const std::string& line) {
  return line.find("optional") == std::string::npos ? line : WithoutMap(line);
}

const Faults kFaults{
    {spec::idmapped_mounts_v2::kAnnounced, "denied", "the extension is not announced",
     Denies<"idmapped_mounts_v2">},
    {spec::idmapped_mounts_v2::kOwnersInside, "ignored", "the option does nothing",
     ChangesEntries<WithoutMap>},
    {spec::idmapped_mounts_v2::kOwnersOutside, "ignored", "the option does nothing",
     ChangesEntries<WithoutMap>},
    {spec::idmapped_mounts_v2::kPath, "containers", "a path is taken for the container",
     ChangesEntries<WithContainersMap>},
    {spec::idmapped_mounts_v2::kOnlyThisEntry, "all", "all entries are mapped",
     ChangesEntries<AllMapped>},
    {spec::idmapped_mounts_v2::kFile, "ignored", "the option does nothing",
     ChangesEntries<WithoutMap>},
    {spec::idmapped_mounts_v2::kRecursive, "one-mount", "what is mounted below is not there",
     ChangesEntries<NotRecursive>},
    {spec::idmapped_mounts_v2::kRecursive, "ignored", "the option does nothing",
     ChangesEntries<WithoutMap>},
    {spec::idmapped_mounts_v2::kNested, "ignored", "the option does nothing",
     ChangesEntries<WithoutMap>},
    {spec::idmapped_mounts_v2::kWithOtherOptions, "writable", "the mount can be written to",
     ChangesEntries<Writable>},
    {spec::idmapped_mounts_v2::kBindsOnly, "ignored", "the option does nothing",
     FallsBackTo<WithoutMap>},
    {spec::idmapped_mounts_v2::kNoNamespace, "ignored", "the entry is there without a map",
     FallsBackTo<WithoutMap>},
    {spec::idmapped_mounts_v2::kNoNamespace, "pretended", "start answers that it has",
     PretendsToStart},
    {spec::idmapped_mounts_v2::kWithoutUserNamespace, "ignored", "the entry is there without a map",
     FallsBackTo<WithoutMap>},
    {spec::idmapped_mounts_v2::kOptional, "not-optional", "the container does not start",
     ChangesEntries<NotOptional>},
    {spec::idmapped_mounts_v2::kOptional, "unmapped", "the entry is there without a map",
     ChangesEntries<OptionalUnmapped>},
    {spec::idmapped_mounts_v2::kKernelWithout, "ignored", "the entry is there without a map",
     FallsBackTo<WithoutMap>},
    {spec::idmapped_mounts_v2::kFileSystemWithout, "ignored", "the entry is there without a map",
     FallsBackTo<WithoutMap>},
    {spec::idmapped_mounts_v2::kFileSystemWithout, "pretended", "start answers that it has",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
