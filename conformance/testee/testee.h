// SPDX-License-Identifier: Apache-2.0
//
// What a conformance test sees of an implementation. Adapters (liblxc's C ABI by dlopen, ...)
// translate; no test knows which one it talks to.
//
// Names and meaning follow liblxc's public header, lxccontainer.h. An optional argument stands for
// a pointer: nullopt passes NULL, which the contract has an answer for.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_TESTEE_H_
#define LXCSPEC_CONFORMANCE_TESTEE_TESTEE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

using MaybeString = std::optional<std::string>;

// struct lxc_log. Absent strings are NULL.
struct LogSettings {
  MaybeString name;
  MaybeString lxcpath;
  MaybeString file;
  MaybeString level;
  MaybeString prefix;
  bool quiet = false;

  bool operator==(const LogSettings&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const LogSettings& settings);
};

// struct lxc_console_log as the caller fills it.
struct ConsoleLogRequest {
  bool clear = false;
  bool read = false;
  // In: how many bytes to read at most, 0 for all of them.
  std::optional<uint64_t> read_max = 0;
};

// struct lxc_console_log as the callee left it.
struct ConsoleLogReply {
  // What `data` points to, `read_max` bytes of it; absent where that is 0 or `data` is NULL.
  MaybeString data;
  uint64_t read_max = 0;

  // The beginning of the data, escaped, and how long it is.
  friend std::ostream& operator<<(std::ostream& out, const ConsoleLogReply& reply);
};

// What mount() is given. Absent strings are NULL.
struct MountCall {
  MaybeString source;
  MaybeString target;
  MaybeString type;
  unsigned long flags = 0;
  MaybeString data;
};

// One container object: what lxc_container_new() returns, or NULL (Testee::NullContainer).
//
// Failing members answer with an Error whose code is the errno that the C function reported: the
// negated return value where it is below -1, else errno. A member that this implementation does
// not have fails with ENOSYS.
class Container {
 public:
  // Drops the reference (lxc_container_put); does not stop what runs.
  virtual ~Container() = default;

  // Whether the implementation's struct has the member at all: "init_pidfd".
  virtual bool HasMember(std::string_view member) const = 0;

  // Configuration.
  virtual Status LoadConfig(const MaybeString& file) = 0;
  virtual Status SaveConfig(const MaybeString& file) = 0;
  virtual Status SetConfigItem(const std::string& key, const MaybeString& value) = 0;
  virtual Result<std::string> GetConfigItem(const std::string& key) = 0;
  virtual Status ClearConfigItem(const std::string& key) = 0;
  virtual void ClearConfig() = 0;
  virtual Result<std::string> GetKeys(const MaybeString& prefix) = 0;
  virtual Result<std::string> ConfigFileName() = 0;
  virtual Result<std::string> ConfigPath() = 0;

  // State.
  virtual bool IsDefined() = 0;
  virtual bool IsRunning() = 0;
  virtual std::string State() = 0;
  // timeout in seconds: -1 for ever, 0 no waiting.
  virtual Status Wait(const std::string& state, int timeout) = 0;
  virtual Result<pid_t> InitPid() = 0;
  // The caller owns the descriptor.
  virtual Result<UniqueFd> InitPidfd() = 0;

  // Lifecycle.
  virtual Status WantDaemonize(bool state) = 0;
  virtual Status WantCloseAllFds(bool state) = 0;
  // An empty argv starts lxc.init.cmd.
  virtual Status Start(const std::vector<std::string>& argv) = 0;
  virtual Status Stop() = 0;
  virtual Status Shutdown(int timeout) = 0;
  virtual Status Reboot() = 0;
  // timeout in seconds: -1 for ever, 0 no waiting.
  virtual Status Reboot2(int timeout) = 0;
  virtual Status Freeze() = 0;
  virtual Status Unfreeze() = 0;
  virtual Status Destroy() = 0;
  // A copy of that name in the same configuration path, with its files.
  virtual Status Clone(const std::string& name) = 0;

  // A file of the container's cgroups, "pids.max", without its newline at the end.
  virtual Result<std::string> GetCgroupItem(const std::string& file) = 0;
  virtual Status SetCgroupItem(const std::string& file, const std::string& value) = 0;

  // The caller owns the descriptor.
  virtual Result<UniqueFd> DevptsFd() = 0;

  // The caller owns the descriptor.
  virtual Result<UniqueFd> SeccompNotifyFd() = 0;
  virtual Result<UniqueFd> SeccompNotifyFdActive() = 0;

  // Runs a program in the container with default options and waits for its end. Returns what
  // waitpid(2) reports of it.
  virtual Result<int> AttachRunWait(const std::vector<std::string>& argv) = 0;

  // The same for a function, in a copy of the calling process: what it returns is the process's
  // exit status.
  virtual Result<int> AttachWait(const std::function<int()>& function) = 0;

  // nullopt passes a NULL struct pointer.
  virtual Result<ConsoleLogReply> ConsoleLog(const std::optional<ConsoleLogRequest>& request) = 0;

  // Both fail with EPROTO where the C function answers with a positive number, which its caller
  // takes neither for a success nor for a failure.
  virtual Status Mount(const MountCall& call) = 0;
  virtual Status Umount(const MaybeString& target, unsigned long flags) = 0;

  // The fields that hold the last failure, as the header documents them.
  virtual int ErrorNum() const = 0;
  virtual std::string ErrorString() const = 0;
};

// One implementation.
class Testee {
 public:
  virtual ~Testee() = default;

  virtual std::string Version() = 0;
  virtual bool HasApiExtension(const MaybeString& extension) = 0;
  virtual bool ConfigItemIsSupported(const MaybeString& key) = 0;

  // Returns the settings as the caller's struct holds them afterwards. nullopt passes NULL.
  virtual Result<LogSettings> LogInit(const std::optional<LogSettings>& settings) = 0;
  virtual void LogClose() = 0;

  // A container object, defined or not. An absent lxcpath stands for the implementation's default.
  virtual Result<std::unique_ptr<Container>> NewContainer(const MaybeString& name,
                                                          const MaybeString& lxcpath) = 0;

  // Calls every member with a NULL container.
  virtual Result<std::unique_ptr<Container>> NullContainer() = 0;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_TESTEE_H_
