// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "conformance/launcher/options.h"
#include "conformance/launcher/run.h"
#include "conformance/launcher/speed.h"

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], lxcspec::launcher::kCalibrationArgument) == 0) return 0;
  // Whoever started the launcher may have closed these; nothing of ours must get their numbers.
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", O_RDWR);
  }
  const auto options = lxcspec::launcher::ParseOptions(argc, argv);
  if (const int* status = std::get_if<int>(&options)) return *status;
  return lxcspec::launcher::Run(std::get<lxcspec::launcher::Options>(options), environ);
}
