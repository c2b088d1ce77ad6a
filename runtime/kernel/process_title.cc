// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/process_title.h"

#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

namespace lxcspec::runtime {
namespace {

// The fields of /proc/<process>/stat that say where its memory is, counted from 1 as proc(5) does.
enum Field : size_t {
  kStartCode = 26,
  kEndCode = 27,
  kStartStack = 28,
  kStartData = 45,
  kEndData = 46,
  kStartBrk = 47,
  kArgStart = 48,
  kArgEnd = 49,
  kEnvStart = 50,
  kEnvEnd = 51,
};

// The fields by their numbers; empty where they cannot be read.
std::vector<uint64_t> ReadFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The second field, the name, may hold anything, blanks and parentheses too.
  const size_t name_end = text.rfind(')');
  if (name_end == text.npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  // There is no field 0; field 3, the state, is a letter.
  std::vector<uint64_t> fields(3, 0);
  for (std::string field; rest >> field;) {
    fields.push_back(strtoull(field.c_str(), nullptr, 10));
  }
  return fields.size() > kEnvEnd ? fields : std::vector<uint64_t>();
}

bool PointKernelTo(const std::vector<uint64_t>& fields, uint64_t start, uint64_t end) {
  prctl_mm_map map{};
  map.start_code = fields[kStartCode];
  map.end_code = fields[kEndCode];
  map.start_data = fields[kStartData];
  map.end_data = fields[kEndData];
  map.start_brk = fields[kStartBrk];
  map.brk = reinterpret_cast<uint64_t>(sbrk(0));
  map.start_stack = fields[kStartStack];
  map.arg_start = start;
  map.arg_end = end;
  map.env_start = fields[kEnvStart];
  map.env_end = fields[kEnvEnd];
  map.exe_fd = static_cast<uint32_t>(-1);
  return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0;
}

}  // namespace

void SetProcessTitle(const std::string& title) {
  prctl(PR_SET_NAME, title.c_str());
  const std::vector<uint64_t> fields = ReadFields();
  if (fields.empty()) return;
  void* const memory =
      mmap(nullptr, title.size() + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  memcpy(memory, title.c_str(), title.size() + 1);
  const auto start = reinterpret_cast<uint64_t>(memory);
  if (PointKernelTo(fields, start, start + title.size() + 1)) return;
  munmap(memory, title.size() + 1);

  const size_t room = fields[kArgEnd] - fields[kArgStart];
  if (room == 0) return;
  auto* const old =
      reinterpret_cast<char*>(fields[kArgStart]);  // NOLINT(performance-no-int-to-ptr)
  memset(old, 0, room);
  memcpy(old, title.c_str(), std::min(title.size(), room - 1));
}

}  // namespace lxcspec::runtime
