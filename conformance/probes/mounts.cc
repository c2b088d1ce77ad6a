// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace lxcspec::probe {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;
constexpr int kSteps = 9;

const char* OrNull(const std::string& word) { return word == "-" ? nullptr : word.c_str(); }

unsigned long Flags(const std::string& word) {
  constexpr int kAnyBase = 0;
  return word == "-" ? 0 : strtoul(word.c_str(), nullptr, kAnyBase);
}

Answer FromErrno() { return {.error = errno, .text = ""}; }

Answer Answered(int returned) { return {.error = returned == 0 ? 0 : errno, .text = ""}; }

// Whatever it is, with what is mounted there, but nothing below it.
void TakeAway(const char* path) {
  while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  if (unlink(path) != 0) rmdir(path);
}

void MakeLink(const char* to, const char* path) {
  TakeAway(path);
  if (symlink(to, path) != 0) return;
}

void Step(int step, const char* place, const char* kept, const char* exchange,
          const std::string& parent) {
  switch (step) {
    case 0:
      TakeAway(place);
      mkdir(place, kFolderMode);
      break;
    case 1:
      MakeLink(kept, place);
      break;
    case 2:
      MakeLink("..", place);
      break;
    case 3:
      MakeLink("../../../../../../../..", place);
      break;
    case 4:
      MakeLink("/nowhere/at/all", place);
      break;
    case 5:
      TakeAway(place);
      close(open(place, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kFileMode));
      break;
    case 6:
      TakeAway(place);
      mkdir(place, kFolderMode);
      mount(kept, place, nullptr, MS_BIND, nullptr);
      break;
    case 7:
      if (mount(parent.c_str(), parent.c_str(), nullptr, MS_BIND, nullptr) == 0) {
        umount2(parent.c_str(), MNT_DETACH);
      }
      break;
    default:
      umount2(exchange, MNT_DETACH);
      break;
  }
}

}  // namespace

Answer MountHere(const std::vector<std::string>& arguments) {
  return Answered(mount(OrNull(arguments[0]), arguments[1].c_str(), OrNull(arguments[2]),
                        Flags(arguments[3]), nullptr));
}

Answer UnmountHere(const std::vector<std::string>& arguments) {
  return Answered(umount2(arguments[0].c_str(), static_cast<int>(Flags(arguments[1]))));
}

Answer Mayhem(const std::vector<std::string>& arguments) {
  const std::string parent = arguments[0].substr(0, arguments[0].rfind('/'));
  for (int step = 0;; step = (step + 1) % kSteps) {
    Step(step, arguments[0].c_str(), arguments[1].c_str(), arguments[2].c_str(), parent);
  }
}

Answer ExchangeNames(const std::vector<std::string>& arguments) {
  constexpr std::string_view kTaken = "taken-";
  const std::string folder = arguments[0] + "/";
  for (size_t count = 0;; ++count) {
    DIR* const directory = opendir(folder.c_str());
    if (directory == nullptr) return FromErrno();
    while (const dirent* const entry = readdir(directory)) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || name.starts_with(kTaken)) continue;
      const std::string taken = folder + std::string(kTaken) + std::to_string(count);
      if (entry->d_type != DT_LNK && rename((folder + name).c_str(), taken.c_str()) == 0) {
        MakeLink(arguments[1].c_str(), (folder + name).c_str());
      }
    }
    closedir(directory);
  }
}

}  // namespace lxcspec::probe
