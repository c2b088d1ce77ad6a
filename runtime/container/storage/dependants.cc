// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/dependants.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/storage/small_file.h"

namespace lxcspec::runtime {
namespace {

std::string DependantsFile(const Place& place) { return place.ToString() + "/lxc_snapshots"; }
std::string OriginsFile(const Place& place) { return place.ToString() + "/lxc_rdepends"; }

bool Same(const Place& left, const Place& right) {
  return left.lxcpath == right.lxcpath && left.name == right.name;
}

std::vector<Place> Parsed(std::string_view text) {
  const std::vector<std::string> lines = Words(text, "\n");
  std::vector<Place> places;
  for (size_t at = 0; at + 1 < lines.size(); at += 2) {
    places.push_back({.lxcpath = lines[at], .name = lines[at + 1]});
  }
  return places;
}

std::string Printed(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) text += place.lxcpath + "\n" + place.name + "\n";
  return text;
}

// Serialises changes of one container's list; nothing where the container is not there.
std::optional<UniqueFd> LockFolder(const Place& place) {
  UniqueFd folder(open(place.ToString().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || TEMP_FAILURE_RETRY(flock(folder.get(), LOCK_EX)) != 0) return std::nullopt;
  return folder;
}

Status Write(const std::string& path, const std::string& text) {
  if (!text.empty()) return WriteSmallFile(path, text);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoFailure(fmt::format("unlink({})", path));
  }
  return {};
}

enum class Change { kAdd, kRemove };

Status ChangeDependants(const Place& origin, const Place& dependant, Change change) {
  const auto lock = LockFolder(origin);
  if (!lock) {
    if (change == Change::kRemove) return {};
    return ErrnoFailure(fmt::format("lock({})", origin.ToString()));
  }
  const std::string path = DependantsFile(origin);
  auto text = ReadSmallFile(path);
  if (!text && text.error().code != ENOENT) return Forward(std::move(text).error());
  const std::string before = text.value_or("");
  if (const auto count = ParseUnsigned(Trim(before))) {
    const uint64_t less = *count > 0 ? *count - 1 : 0;
    const uint64_t now = change == Change::kAdd ? *count + 1 : less;
    return Write(path, now > 0 ? std::to_string(now) : "");
  }
  std::vector<Place> places = Parsed(before);
  std::erase_if(places, [&](const Place& place) { return Same(place, dependant); });
  if (change == Change::kAdd) places.push_back(dependant);
  return Write(path, Printed(places));
}

}  // namespace

bool HasDependants(const Place& place, const std::string& except_lxcpath) {
  const auto text = ReadSmallFile(DependantsFile(place));
  if (!text) return text.error().code != ENOENT && text.error().code != ENOTDIR;
  if (const auto count = ParseUnsigned(Trim(*text))) return *count > 0;
  const std::vector<Place> places = Parsed(*text);
  return std::any_of(places.begin(), places.end(),
                     [&](const Place& dependant) { return dependant.lxcpath != except_lxcpath; });
}

Result<std::vector<Place>> ReadOrigins(const Place& place) {
  auto text = ReadSmallFile(OriginsFile(place));
  if (!text && text.error().code == ENOENT) return std::vector<Place>();
  if (!text) return Forward(std::move(text).error());
  return Parsed(*text);
}

Status WriteOrigins(const Place& place, const std::vector<Place>& origins) {
  return Write(OriginsFile(place), Printed(origins));
}

Status AddDependant(const Place& origin, const Place& dependant) {
  return ChangeDependants(origin, dependant, Change::kAdd);
}

Status RemoveDependant(const Place& origin, const Place& dependant) {
  return ChangeDependants(origin, dependant, Change::kRemove);
}

}  // namespace lxcspec::runtime
