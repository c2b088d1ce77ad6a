// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/descriptors.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace lxcspec::runtime {
namespace {

constexpr unsigned kLast = ~0U;

bool CloseRange(unsigned first, unsigned last) {
  return first > last || syscall(SYS_close_range, first, last, 0) == 0;
}

// For kernels before 5.9, and where a filter refuses the system call.
void CloseOneByOne(const std::vector<int>& kept) {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return;
  std::vector<int> open;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') open.push_back(atoi(entry->d_name));
  }
  closedir(folder);
  for (const int fd : open) {
    if (!std::binary_search(kept.begin(), kept.end(), fd)) close(fd);
  }
}

}  // namespace

void CloseOthers(std::vector<int> kept) {
  std::erase_if(kept, [](int fd) { return fd < 0; });
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  unsigned first = 0;
  bool closed = true;
  for (const int fd : kept) {
    if (fd > 0) closed = closed && CloseRange(first, static_cast<unsigned>(fd) - 1);
    first = static_cast<unsigned>(fd) + 1;
  }
  if (!closed || !CloseRange(first, kLast)) CloseOneByOne(kept);
}

void CloseTogether(std::vector<UniqueFd> fds) {
  std::sort(fds.begin(), fds.end(),
            [](const UniqueFd& one, const UniqueFd& other) { return one.get() < other.get(); });
  for (size_t begin = 0; begin < fds.size();) {
    size_t end = begin + 1;
    while (end < fds.size() && fds[end].get() == fds[end - 1].get() + 1) ++end;
    const auto first = static_cast<unsigned>(fds[begin].get());
    // What it cannot close is closed one by one.
    const bool closed =
        fds[begin].valid() && CloseRange(first, first + static_cast<unsigned>(end - begin) - 1);
    for (; begin < end; ++begin) {
      if (closed) static_cast<void>(fds[begin].Release());
    }
  }
}

}  // namespace lxcspec::runtime
