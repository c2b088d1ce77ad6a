// SPDX-License-Identifier: Apache-2.0
//
// Stands before every source file that holds mutants. All mutants are in one build: mutant N is on
// where LXCSPEC_MUTANT=N was in the environment when the program started or the library was loaded.
// Where LXCSPEC_REACHED names a folder, each process notes there which mutants it came to: byte N
// of a file that is called as the test is. The file is mapped, so what is forked notes into it as
// well.

#ifndef LXCSPEC_CI_MUTANTS_SWITCH_H_
#define LXCSPEC_CI_MUTANTS_SWITCH_H_

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace lxcspec_mutants {

inline constexpr size_t kMost = 65536;
inline unsigned on = 0;
inline unsigned char* reached = nullptr;

// The value of --gtest_filter, else the program's name: what the map is called.
inline void NameOfTest(char* name, size_t size) {
  static constexpr char kFilter[] = "--gtest_filter=";
  char words[4096] = {};
  const int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, words, sizeof(words) - 1);
  if (file >= 0) close(file);
  const char* slash = strrchr(words, '/');
  const char* found = slash == nullptr ? words : slash + 1;
  for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(strlen(words + at)) + 1) {
    if (strncmp(words + at, kFilter, sizeof(kFilter) - 1) == 0) {
      found = words + at + sizeof(kFilter) - 1;
    }
  }
  snprintf(name, size, "%s", found);
  for (char* letter = name; *letter != '\0'; ++letter) {
    if (*letter == '/') *letter = '~';
  }
}

inline void Map(const char* folder) {
  char name[512];
  NameOfTest(name, sizeof(name));
  char path[1024];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return;
  if (ftruncate(file, kMost) == 0) {
    void* map = mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) reached = static_cast<unsigned char*>(map);
  }
  close(file);
}

// Before any initialiser that may come to a mutant. In each file, the first one counts.
__attribute__((constructor(101))) static void Start() {
  if (on != 0 || reached != nullptr) return;
  const int before = errno;
  if (const char* number = getenv("LXCSPEC_MUTANT")) on = static_cast<unsigned>(atoi(number));
  if (const char* folder = getenv("LXCSPEC_REACHED")) Map(folder);
  errno = before;
}

// Whether this mutant is on; notes that it was come to.
inline bool On(unsigned id) {
  if (reached != nullptr) reached[id] = 1;
  return on == id;
}

template <typename T>
T Integer(unsigned more, unsigned less, T value) {
  if (On(more)) return static_cast<T>(value + 1);
  if (On(less)) return static_cast<T>(value - 1);
  return value;
}

template <typename T>
T WithoutBits(unsigned id, T value) {
  return On(id) ? T{} : value;
}

template <typename T>
T AllBits(unsigned id, T value) {
  return On(id) ? static_cast<T>(~T{}) : value;
}

template <typename T>
T Swallowed(unsigned id, T status) {
  return On(id) ? T{} : status;
}

// NOLINTBEGIN(bugprone-macro-parentheses): operators cannot stand in parentheses.
#define LXCSPEC_MUTANTS_BINARY(Name, right, wrong)                      \
  template <typename A, typename B>                                     \
  auto Name(unsigned id, const A& a, const B& b)->decltype(a right b) { \
    return On(id) ? a wrong b : a right b;                              \
  }
LXCSPEC_MUTANTS_BINARY(Less, <, <=)
LXCSPEC_MUTANTS_BINARY(LessEqual, <=, <)
LXCSPEC_MUTANTS_BINARY(Greater, >, >=)
LXCSPEC_MUTANTS_BINARY(GreaterEqual, >=, >)
LXCSPEC_MUTANTS_BINARY(Plus, +, -)
LXCSPEC_MUTANTS_BINARY(Minus, -, +)
LXCSPEC_MUTANTS_BINARY(Times, *, +)
LXCSPEC_MUTANTS_BINARY(Divided, /, *)
LXCSPEC_MUTANTS_BINARY(Remainder, %, *)
LXCSPEC_MUTANTS_BINARY(ShiftLeft, <<, >>)
LXCSPEC_MUTANTS_BINARY(ShiftRight, >>, <<)
#undef LXCSPEC_MUTANTS_BINARY
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace lxcspec_mutants

#endif  // LXCSPEC_CI_MUTANTS_SWITCH_H_
