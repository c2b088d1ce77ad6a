// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about seccomp policies. The init of its containers makes the system calls
// that the policy is about, and says what came of them.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_TEST_H_

#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/harness/probed_container.h"  // IWYU pragma: export

namespace lxcspec {

// Nothing but tests make these, and filters see arguments that the kernel ignores. In the
// container's init the first returns 0.
inline constexpr long kSubject = SYS_getppid;
inline constexpr long kOtherSubject = SYS_getpgrp;
// Their numbers in 32-bit x86 programs.
inline constexpr long kCompatSubject = 64;
inline constexpr long kCompatOtherSubject = 65;

inline constexpr char kKilledBySigsys[] = "killed by signal 31";

using Arguments = std::vector<uint64_t>;

// The probe's command for a system call, or for the same as a 32-bit program makes it.
ProbeCommand SystemCall(long number, const Arguments& arguments = {});
ProbeCommand CompatCall(long number, const Arguments& arguments = {});

// The same in a child of the init, for a call that may end it.
ProbeCommand InChild(ProbeCommand command);

class SeccompTest : public ProbedContainerTest {
 protected:
  void TearDown() override;

  // Where Policy() writes.
  std::filesystem::path policy_file() const { return scratch() / "policy"; }

  // Writes a policy, and returns the key that has a container loaded with it.
  ConfigItems Policy(std::string_view text);

  // A container whose init lives under the policy and listens to the test.
  Result<ProbedContainer> StartUnder(std::string_view policy, const ConfigItems& config = {});

  // A container in which kSubject waits for a supervisor.
  Result<ProbedContainer> StartNotifying(const ConfigItems& config = {},
                                         const std::string& name = "c");

  // The same, for one that may end before its init has come so far: ECHILD then.
  Result<ProbedContainer> StartNotifyingIfItLives(const ConfigItems& config);

  // Has a child of the init make a system call that may wait; what it returns is ResultOf() the
  // caller.
  static Result<std::string> StartCall(ProbedContainer& container, long number,
                                       const Arguments& arguments = {});
  static Result<std::string> ResultOf(ProbedContainer& container, const std::string& caller) {
    return container.Ask({"result", caller});
  }

  // Runs the probe's command in a running container by attaching. True where it succeeded.
  static Result<bool> SucceedsAttached(Container& container, const ProbeCommand& command);

  // From now on what the testee says at WARN and above goes to a file. The lines in it that have
  // this text, whoever wrote them.
  Status OpenLog();
  std::vector<std::string> LogLinesWith(std::string_view text) const;

 private:
  bool log_is_open_ = false;
};

// The value of a field of /proc/PID/status; empty where there is none.
std::string StatusFieldOf(pid_t pid, const std::string& field);

// One line for each system call that this machine's programs know, but these: its name, or its
// number.
std::string AllNamesBut(std::initializer_list<std::string_view> names);
std::string AllNumbersBut(std::initializer_list<long> numbers);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_TEST_H_
