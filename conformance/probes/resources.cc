// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/resources.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace lxcspec::probe {

Answer Allocate(const std::vector<std::string>& arguments) {
  const size_t size = strtoull(arguments[0].c_str(), nullptr, 10);
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {.error = errno, .text = "mmap"};
  // Locking has every page made.
  const int error = mlock(memory, size) == 0 ? 0 : errno;
  munmap(memory, size);
  return {.error = error, .text = error == 0 ? "" : "mlock"};
}

Answer Compute(const std::vector<std::string>& arguments) {
  const long wanted = strtol(arguments[0].c_str(), nullptr, 10);
  const auto had = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  };
  const long end = had() + wanted;
  while (had() < end) {
  }
  return {};
}

}  // namespace lxcspec::probe
