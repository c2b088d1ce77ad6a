// SPDX-License-Identifier: Apache-2.0
//
// The init of measured containers. It reads commands from the FIFO /ask, one a line, and answers
// each with a line in /answer:
//
//   write <bytes a write> <bytes>   writes so many to /dev/console, raw, in lines

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

int OpenConsole() {
  const int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  termios settings{};
  if (console < 0 || tcgetattr(console, &settings) != 0) return -1;
  cfmakeraw(&settings);
  return tcsetattr(console, TCSANOW, &settings) == 0 ? console : -1;
}

bool Write(int console, size_t length, size_t bytes) {
  std::string line(length, 'y');
  line.back() = '\n';
  for (size_t written = 0; written < bytes;) {
    const ssize_t count = write(console, line.data(), line.size());
    if (count <= 0) return false;
    written += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

int main() {
  FILE* ask = fopen("/ask", "r+e");
  FILE* answer = fopen("/answer", "r+e");
  if (ask == nullptr || answer == nullptr) {
    for (;;) pause();
  }
  int console = -1;
  size_t length = 0;
  size_t bytes = 0;
  while (fscanf(ask, " write %zu %zu", &length, &bytes) == 2) {
    if (console < 0) console = OpenConsole();
    fprintf(answer, "%s\n", console >= 0 && Write(console, length, bytes) ? "done" : "failed");
    fflush(answer);
  }
  return EXIT_FAILURE;
}
