// SPDX-License-Identifier: Apache-2.0

#include <sys/types.h>

#include <csignal>
#include <map>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

// Signals the init by its number.
bool SignalByNumber(abi::Container* c, int number) {
  const pid_t init = Original().init_pid(c);
  return init > 0 && kill(init, number) == 0;
}

// Inits by container, remembered beyond their end.
pid_t RememberedInit(abi::Container* c) {
  static std::map<std::string, pid_t>& known = *new std::map<std::string, pid_t>;
  const pid_t init = Original().init_pid(c);
  if (init > 0) known[c->name] = init;
  return known.contains(c->name) ? known[c->name] : -1;
}

// Asks for the init's number at every start, and remembers it.
void Remembers(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool started = Original().start(c, use_init, argv);
    if (started) RememberedInit(c);
    return started;
  };
  broken.members.init_pid = [](abi::Container* c) {
    if (c != nullptr) RememberedInit(c);
    return Original().init_pid(c);
  };
}

const Faults kFaults{
    {spec::pidfd::kAnnounced, "denied", "the extension is not announced", Denies<"pidfd">},
    {spec::pidfd::kStopByPidfd, "by-number", "stop signals the init by its number",
     [](Broken& broken) {
       broken.members.stop = [](abi::Container* c) { return SignalByNumber(c, SIGKILL); };
     }},
    {spec::pidfd::kShutdownByPidfd, "by-number", "shutdown signals the init by its number",
     [](Broken& broken) {
       broken.members.shutdown = [](abi::Container* c, int timeout) {
         return SignalByNumber(c, SIGPWR) && Original().wait(c, "STOPPED", timeout);
       };
     }},
    {spec::pidfd::kRebootByPidfd, "by-number", "reboot and reboot2 signal the init by its number",
     [](Broken& broken) {
       broken.members.reboot = [](abi::Container* c) { return SignalByNumber(c, SIGINT); };
       broken.members.reboot2 = [](abi::Container* c, int) { return SignalByNumber(c, SIGINT); };
     }},
    {spec::pidfd::kEndNoticed, "not", "a container that was started counts as running for ever",
     [](Broken& broken) {
       broken.members.state = [](abi::Container* c) -> const char* {
         return RememberedInit(c) > 0 ? "RUNNING" : Original().state(c);
       };
       broken.members.is_running = [](abi::Container* c) { return RememberedInit(c) > 0; };
       broken.members.wait = [](abi::Container* c, const char* state, int timeout) {
         const bool never = std::string_view(state) == "STOPPED" && RememberedInit(c) > 0;
         return !never && Original().wait(c, state, timeout);
       };
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool started = Original().start(c, use_init, argv);
         if (started) RememberedInit(c);
         return started;
       };
     }},
    {spec::pidfd::kRecycledNumber, "stop", "stop kills whoever has the number of the last init",
     [](Broken& broken) {
       Remembers(broken);
       broken.members.stop = [](abi::Container* c) {
         if (Original().is_running(c)) return Original().stop(c);
         const pid_t init = RememberedInit(c);
         return init > 0 && kill(init, SIGKILL) == 0;
       };
     }},
    {spec::pidfd::kRecycledNumber, "reboot2",
     "reboot2 signals whoever has the number of the last init",
     [](Broken& broken) {
       Remembers(broken);
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         if (Original().is_running(c)) return Original().reboot2(c, timeout);
         const pid_t init = RememberedInit(c);
         return init > 0 && kill(init, SIGINT) == 0;
       };
     }},
    {spec::pidfd::kRecycledDuringCall, "by-number", "every call signals the init by its number",
     [](Broken& broken) {
       broken.members.stop = [](abi::Container* c) { return SignalByNumber(c, SIGKILL); };
       broken.members.reboot = [](abi::Container* c) { return SignalByNumber(c, SIGINT); };
       broken.members.reboot2 = [](abi::Container* c, int) { return SignalByNumber(c, SIGINT); };
       broken.members.shutdown = [](abi::Container* c, int) { return SignalByNumber(c, SIGPWR); };
     }},
    {spec::pidfd::kNoPidfds, "pretended", "a start that failed for want of pidfds succeeds",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
