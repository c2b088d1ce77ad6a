// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/listing.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr char kSockets[] = "/proc/net/unix";
constexpr std::string_view kCommand = "/command";

Result<std::string> ReadSockets() {
  std::ifstream file(kSockets);
  if (!file) return ErrnoFailure(std::string("open(") + kSockets + ")");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The abstract addresses that somebody listens on.
std::set<std::string> Listening(std::string_view sockets) {
  // Num: RefCount Protocol Flags Type St Inode Path; only a listener has this flag
  // (__SO_ACCEPTCON).
  constexpr size_t kFlags = 3;
  constexpr std::string_view kAccepts = "00010000";
  std::set<std::string> addresses;
  for (const std::string& line : Words(sockets, "\n")) {
    const std::vector<std::string> fields = Words(line, " ");
    if (fields.size() <= kFlags || fields[kFlags] != kAccepts) continue;
    // An address may have blanks: it is all behind the first @.
    const size_t at = line.find(" @");
    if (at != line.npos) addresses.insert(line.substr(at + 2));
  }
  return addresses;
}

}  // namespace

Result<std::vector<std::string>> DefinedContainers(const std::string& lxcpath) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lxcpath, error)) {
    const fs::path config = entry.path() / "config";
    if (access(config.c_str(), F_OK) == 0) names.push_back(entry.path().filename());
  }
  if (error) return Failure(error.value(), "opendir(" + lxcpath + ")");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ActiveContainersIn(std::string_view sockets, const std::string& lxcpath,
                                            const std::vector<std::string>& defined) {
  const std::set<std::string> addresses = Listening(sockets);
  std::set<std::string> names;
  for (const std::string& name : defined) {
    if (addresses.count(CommandAddress({.lxcpath = lxcpath, .name = name})) > 0) names.insert(name);
  }
  const std::string prefix = lxcpath + "/";
  for (const std::string& address : addresses) {
    if (!address.starts_with(prefix) || !address.ends_with(kCommand)) continue;
    const size_t length = prefix.size() + kCommand.size();
    if (address.size() <= length) continue;
    const std::string name = address.substr(prefix.size(), address.size() - length);
    if (name.find('/') == name.npos) names.insert(name);
  }
  return {names.begin(), names.end()};
}

Result<std::vector<std::string>> ActiveContainers(const std::string& lxcpath) {
  auto sockets = ReadSockets();
  if (!sockets) return Forward(std::move(sockets).error());
  // A path that is not there may have containers that are not defined.
  return ActiveContainersIn(*sockets, lxcpath,
                            DefinedContainers(lxcpath).value_or(std::vector<std::string>()));
}

Result<std::vector<std::string>> AllContainers(const std::string& lxcpath) {
  auto active = ActiveContainers(lxcpath);
  if (!active) return active;
  auto defined = DefinedContainers(lxcpath);
  if (!defined && active->empty()) return defined;
  std::set<std::string> names(active->begin(), active->end());
  if (defined) names.insert(defined->begin(), defined->end());
  return std::vector<std::string>(names.begin(), names.end());
}

bool IsActive(const Place& place) {
  const auto sockets = ReadSockets();
  return sockets && Listening(*sockets).count(CommandAddress(place)) > 0;
}

}  // namespace lxcspec::runtime
