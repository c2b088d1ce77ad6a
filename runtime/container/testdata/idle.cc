// SPDX-License-Identifier: Apache-2.0
//
// An init that does nothing until it is told by a signal: SIGINT reboots, SIGPWR and SIGTERM exit.
// With a number as its argument it exits with that status at once.

#include <sys/reboot.h>

#include <csignal>
#include <cstdlib>
#include <initializer_list>

int main(int argc, char** argv) {
  if (argc > 1) return atoi(argv[1]);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGPWR, SIGTERM}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGINT) return EXIT_SUCCESS;
    reboot(RB_AUTOBOOT);
  }
}
