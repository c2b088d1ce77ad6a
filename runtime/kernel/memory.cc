// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace lxcspec::runtime {
namespace {

// Code is never written to, so that nothing of it is lost.
int ForgetCode(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    const bool is_code =
        segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && (segment.p_flags & PF_W) == 0;
    if (!is_code) continue;
    const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(reinterpret_cast<void*>(begin), end - begin,  // NOLINT(performance-no-int-to-ptr)
            MADV_DONTNEED);
  }
  return 0;
}

// What calls that have returned left below this one.
__attribute__((noinline)) void ForgetStack() {
  constexpr uintptr_t kMost = uintptr_t{1} << 20;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~(page - 1);
  // This call's own frame may reach into the next page. Where there is no stack is nothing to do.
  madvise(reinterpret_cast<void*>(here - kMost), kMost - page,  // NOLINT(performance-no-int-to-ptr)
          MADV_DONTNEED);
}

}  // namespace

void ReleaseMemory() {
  malloc_trim(0);
  ForgetStack();
  dl_iterate_phdr(ForgetCode, nullptr);
}

}  // namespace lxcspec::runtime
