// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/one_process.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "conformance/harness/environment.h"
#include "conformance/testee/load.h"

namespace lxcspec {
namespace {

// Shared with the processes that the test forks.
struct Note {
  std::atomic<bool> taken{false};
  std::atomic<bool> written{false};
  char text[512] = {};
};

Note& SharedNote() {
  static Note* const note = [] {
    void* page =
        mmap(nullptr, sizeof(Note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
      perror("mmap(MAP_SHARED)");
      abort();
    }
    return new (page) Note;
  }();
  return *note;
}

}  // namespace

void ForgetNotOffered() { new (&SharedNote()) Note; }

void NoteNotOffered(std::string_view what) {
  Note& note = SharedNote();
  if (note.taken.exchange(true)) return;
  memcpy(note.text, what.data(), std::min(what.size(), sizeof(note.text) - 1));
  note.written = true;
}

std::string NotOffered() {
  const Note& note = SharedNote();
  return note.written ? note.text : "";
}

void RelyOnOneProcess(std::string_view what) {
  if (!TestEnvironment().testee.starts_with(kExecPrefix)) return;
  NoteNotOffered(fmt::format("not in the testee protocol: the testee shares {}", what));
}

}  // namespace lxcspec
