// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/run_record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

// Paths of containers are for their owner to know.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0755;

Result<std::string> Folder() {
  if (geteuid() == 0) return "/run/lxc";
  const char* const own = getenv("XDG_RUNTIME_DIR");
  if (own != nullptr && *own == '/') return std::string(own) + "/lxc";
  const std::string fallback = fmt::format("/run/user/{}", geteuid());
  if (access(fallback.c_str(), W_OK) == 0) return fallback + "/lxc";
  return Failure(ENOENT, "XDG_RUNTIME_DIR is not set");
}

std::string ReadWhole(int fd) {
  std::string text;
  char buffer[4096];
  off_t at = 0;
  for (;;) {
    const ssize_t count = pread(fd, buffer, sizeof(buffer), at);
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    at += count;
  }
}

std::vector<std::string> StringsOf(const nlohmann::json& json, const char* key) {
  std::vector<std::string> strings;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return strings;
  for (const auto& item : *found) {
    if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

std::string StringOf(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A monitor may have been killed while it wrote: what cannot be understood names nothing.
RunContents Parse(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  return {.place = {.lxcpath = StringOf(json, "lxcpath"), .name = StringOf(json, "name")},
          .cgroups = StringsOf(json, "cgroups"),
          .devices = StringsOf(json, "devices")};
}

bool IsStill(const std::string& path, const UniqueFd& file) {
  struct stat by_path {};
  struct stat by_file {};
  return stat(path.c_str(), &by_path) == 0 && fstat(file.get(), &by_file) == 0 &&
         by_path.st_dev == by_file.st_dev && by_path.st_ino == by_file.st_ino;
}

}  // namespace

Result<RunRecord> RunRecord::TakeFile(const Place& place, int flags) {
  auto folder = Folder();
  if (!folder) return Forward(std::move(folder).error());
  if ((flags & O_CREAT) != 0 && mkdir(folder->c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return ErrnoFailure(fmt::format("mkdir({})", *folder));
  }
  const std::string path = fmt::format("{}/{}.json", *folder, PlaceHash(place));
  for (;;) {
    UniqueFd file(open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!file.valid()) return ErrnoFailure(fmt::format("open({})", path));
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      const int code = errno == EWOULDBLOCK ? EBUSY : errno;
      return Failure(code, fmt::format("flock({})", path));
    }
    // Who held it may have removed it meanwhile.
    if (!IsStill(path, file)) continue;
    RunRecord record(path, std::move(file));
    const std::string text = ReadWhole(record.file_.get());
    record.size_ = text.size();
    record.contents_ = Parse(text);
    return record;
  }
}

Result<RunRecord> RunRecord::Take(const Place& place) { return TakeFile(place, O_CREAT); }

Result<RunRecord> RunRecord::TakeAbandoned(const Place& place) { return TakeFile(place, 0); }

Status RunRecord::Write(const RunContents& contents) {
  const nlohmann::json json = {{"lxcpath", contents.place.lxcpath},
                               {"name", contents.place.name},
                               {"cgroups", contents.cgroups},
                               {"devices", contents.devices}};
  const std::string text =
      json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // Even where it is not written whole.
  size_ = std::max(size_, text.size());
  // The lock is on this very file, so it is not replaced. Readers are those who could lock it.
  const ssize_t written = pwrite(file_.get(), text.data(), text.size(), 0);
  if (written < 0) return ErrnoFailure(fmt::format("write({})", path_));
  // Room for a part of it is no room.
  if (static_cast<size_t>(written) < text.size()) {
    return Failure(ENOSPC, fmt::format("write({})", path_));
  }
  if (size_ == text.size()) return {};
  if (ftruncate(file_.get(), static_cast<off_t>(text.size())) != 0) {
    return ErrnoFailure(fmt::format("ftruncate({})", path_));
  }
  size_ = text.size();
  return {};
}

void RunRecord::Remove() {
  unlink(path_.c_str());
  file_ = UniqueFd();
}

std::vector<Place> RecordedPlaces() {
  std::vector<Place> places;
  const auto folder = Folder();
  if (!folder) return places;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(*folder, error)) {
    if (entry.path().extension() != ".json") continue;
    const UniqueFd file(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.valid()) continue;
    RunContents contents = Parse(ReadWhole(file.get()));
    if (!contents.place.name.empty()) places.push_back(std::move(contents.place));
  }
  return places;
}

}  // namespace lxcspec::runtime
