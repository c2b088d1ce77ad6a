// SPDX-License-Identifier: Apache-2.0
//
// deny NAME[,NAME...] PROGRAM [ARGUMENT...]: runs a program where the named system calls answer
// ENOSYS. The launcher puts it before the suite (--loader), so that the launcher itself is free.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "conformance/deny/filter.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: deny NAME[,NAME...] PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  auto filter = lxcspec::DenyFilter(argv[1]);
  if (!filter) {
    std::fprintf(stderr, "%s\n", filter.error().ToString().c_str());
    return 2;
  }
  if (const auto status = lxcspec::Install(*std::move(filter)); !status) {
    std::fprintf(stderr, "deny: %s\n", status.error().ToString().c_str());
    return 3;
  }
  execv(argv[2], argv + 2);
  std::fprintf(stderr, "deny: execv(%s): %s\n", argv[2], std::strerror(errno));
  return 3;
}
