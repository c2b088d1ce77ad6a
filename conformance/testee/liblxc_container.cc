// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/liblxc_container.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace lxcspec {
namespace {

const char* PointerOf(const MaybeString& text) { return text ? text->c_str() : nullptr; }

tl::unexpected<Error> Absent(std::string_view member) {
  return Fail(ENOSYS, fmt::format("{}: struct lxc_container has no such member", member));
}

// The C functions answer -1 with errno, or the negated errno itself.
int ErrnoOf(int returned) { return returned < -1 ? -returned : errno; }

// Calls a member that answers true for success.
template <typename... Parameters, typename... Arguments>
Status CallBool(std::string call, bool (*member)(abi::Container*, Parameters...),
                abi::Container* raw, Arguments... arguments) {
  if (member == nullptr) return Absent(call);
  errno = 0;
  if (!member(raw, arguments...)) return FailErrno(std::move(call));
  return {};
}

// Calls a member that answers with a descriptor, which the caller owns then.
Result<UniqueFd> CallDescriptor(std::string call, int (*member)(abi::Container*),
                                abi::Container* raw) {
  if (member == nullptr) return Absent(call);
  errno = 0;
  const int fd = member(raw);
  if (fd < 0) return Fail(ErrnoOf(fd), std::move(call));
  return UniqueFd(fd);
}

// Calls a getter of the kind that fills a buffer and returns the length it wants.
Result<std::string> CallGetter(std::string call,
                               int (*member)(abi::Container*, const char*, char*, int),
                               abi::Container* raw, const char* key) {
  if (member == nullptr) return Absent(call);
  errno = 0;
  const int length = member(raw, key, nullptr, 0);
  if (length < 0) return Fail(ErrnoOf(length), std::move(call));
  std::string value(static_cast<size_t>(length) + 1, '\0');
  const int filled = member(raw, key, value.data(), length + 1);
  if (filled < 0) return Fail(ErrnoOf(filled), std::move(call));
  value.resize(strnlen(value.data(), static_cast<size_t>(length)));
  return value;
}

// What mount() or umount() returned.
Status MountStatus(int returned, std::string call) {
  if (returned == 0) return {};
  return Fail(returned > 0 ? EPROTO : ErrnoOf(returned), std::move(call));
}

class LiblxcContainer final : public Container {
 public:
  LiblxcContainer(abi::Container* raw, const abi::Container& members, int (*put)(abi::Container*))
      : raw_(raw), members_(members), put_(put) {}

  ~LiblxcContainer() override {
    if (raw_ != nullptr) put_(raw_);
  }

  bool HasMember(std::string_view member) const override {
    const std::unordered_map<std::string_view, bool> present = {
        {"console_log", members_.console_log != nullptr},
        {"reboot2", members_.reboot2 != nullptr},
        {"mount", members_.mount != nullptr},
        {"umount", members_.umount != nullptr},
        {"seccomp_notify_fd", members_.seccomp_notify_fd != nullptr},
        {"seccomp_notify_fd_active", members_.seccomp_notify_fd_active != nullptr},
        {"init_pidfd", members_.init_pidfd != nullptr},
        {"devpts_fd", members_.devpts_fd != nullptr},
    };
    const auto found = present.find(member);
    return found != present.end() && found->second;
  }

  Status LoadConfig(const MaybeString& file) override {
    return CallBool("load_config()", members_.load_config, raw_, PointerOf(file));
  }

  Status SaveConfig(const MaybeString& file) override {
    return CallBool("save_config()", members_.save_config, raw_, PointerOf(file));
  }

  Status SetConfigItem(const std::string& key, const MaybeString& value) override {
    return CallBool(fmt::format("set_config_item({}, {})", key, value.value_or("NULL")),
                    members_.set_config_item, raw_, key.c_str(), PointerOf(value));
  }

  Result<std::string> GetConfigItem(const std::string& key) override {
    return CallGetter(fmt::format("get_config_item({})", key), members_.get_config_item, raw_,
                      key.c_str());
  }

  Status ClearConfigItem(const std::string& key) override {
    return CallBool(fmt::format("clear_config_item({})", key), members_.clear_config_item, raw_,
                    key.c_str());
  }

  void ClearConfig() override { members_.clear_config(raw_); }

  Result<std::string> GetKeys(const MaybeString& prefix) override {
    return CallGetter(fmt::format("get_keys({})", prefix.value_or("NULL")), members_.get_keys, raw_,
                      PointerOf(prefix));
  }

  Result<std::string> ConfigFileName() override {
    errno = 0;
    char* name = members_.config_file_name(raw_);
    if (name == nullptr) return FailErrno("config_file_name()");
    std::string copy = name;
    free(name);
    return copy;
  }

  Result<std::string> ConfigPath() override {
    errno = 0;
    const char* path = members_.get_config_path(raw_);
    if (path == nullptr) return FailErrno("get_config_path()");
    return path;
  }

  bool IsDefined() override { return members_.is_defined(raw_); }
  bool IsRunning() override { return members_.is_running(raw_); }

  std::string State() override {
    const char* state = members_.state(raw_);
    return state != nullptr ? state : "";
  }

  Status Wait(const std::string& state, int timeout) override {
    return CallBool(fmt::format("wait({}, {})", state, timeout), members_.wait, raw_, state.c_str(),
                    timeout);
  }

  Result<pid_t> InitPid() override {
    errno = 0;
    const pid_t pid = members_.init_pid(raw_);
    if (pid < 0) return FailErrno("init_pid()");
    return pid;
  }

  Result<UniqueFd> InitPidfd() override {
    return CallDescriptor("init_pidfd()", members_.init_pidfd, raw_);
  }

  Status WantDaemonize(bool state) override {
    return CallBool("want_daemonize()", members_.want_daemonize, raw_, state);
  }

  Status WantCloseAllFds(bool state) override {
    return CallBool("want_close_all_fds()", members_.want_close_all_fds, raw_, state);
  }

  Status Start(const std::vector<std::string>& argv) override {
    std::vector<char*> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string& argument : argv) {
      pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    return CallBool("start()", members_.start, raw_, 0, argv.empty() ? nullptr : pointers.data());
  }

  Status Stop() override { return CallBool("stop()", members_.stop, raw_); }

  Status Shutdown(int timeout) override {
    return CallBool(fmt::format("shutdown({})", timeout), members_.shutdown, raw_, timeout);
  }

  Status Reboot() override { return CallBool("reboot()", members_.reboot, raw_); }
  Status Reboot2(int timeout) override {
    return CallBool(fmt::format("reboot2({})", timeout), members_.reboot2, raw_, timeout);
  }
  Status Freeze() override { return CallBool("freeze()", members_.freeze, raw_); }
  Status Unfreeze() override { return CallBool("unfreeze()", members_.unfreeze, raw_); }
  Status Destroy() override { return CallBool("destroy()", members_.destroy, raw_); }

  Status Clone(const std::string& name) override {
    const std::string call = fmt::format("clone({})", name);
    if (members_.clone == nullptr) return Absent(call);
    errno = 0;
    abi::Container* const made =
        members_.clone(raw_, name.c_str(), nullptr, 0, nullptr, nullptr, 0, nullptr);
    if (made == nullptr) return FailErrno(call);
    put_(made);
    return {};
  }

  Result<std::string> GetCgroupItem(const std::string& file) override {
    ASSIGN_OR_RETURN(std::string text, CallGetter(fmt::format("get_cgroup_item({})", file),
                                                  members_.get_cgroup_item, raw_, file.c_str()));
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  Status SetCgroupItem(const std::string& file, const std::string& value) override {
    return CallBool(fmt::format("set_cgroup_item({}, {})", file, value), members_.set_cgroup_item,
                    raw_, file.c_str(), value.c_str());
  }

  Result<UniqueFd> DevptsFd() override {
    return CallDescriptor("devpts_fd()", members_.devpts_fd, raw_);
  }

  Result<UniqueFd> SeccompNotifyFd() override {
    return CallDescriptor("seccomp_notify_fd()", members_.seccomp_notify_fd, raw_);
  }

  Result<UniqueFd> SeccompNotifyFdActive() override {
    return CallDescriptor("seccomp_notify_fd_active()", members_.seccomp_notify_fd_active, raw_);
  }

  Result<int> AttachRunWait(const std::vector<std::string>& argv) override {
    if (members_.attach_run_wait == nullptr) return Absent("attach_run_wait");
    std::vector<const char*> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string& argument : argv) pointers.push_back(argument.c_str());
    pointers.push_back(nullptr);
    errno = 0;
    const int status = members_.attach_run_wait(raw_, nullptr, pointers[0], pointers.data());
    if (status < 0) return Fail(ErrnoOf(status), fmt::format("attach_run_wait({})", argv[0]));
    return status;
  }

  Result<int> AttachWait(const std::function<int()>& function) override {
    if (members_.attach == nullptr) return Absent("attach");
    const auto call = [](void* payload) {
      return (*static_cast<const std::function<int()>*>(payload))();
    };
    pid_t attached = -1;
    errno = 0;
    const int returned = members_.attach(raw_, call, const_cast<std::function<int()>*>(&function),
                                         nullptr, &attached);
    if (returned < 0) return Fail(ErrnoOf(returned), "attach()");
    int status = 0;
    while (waitpid(attached, &status, 0) < 0) {
      if (errno != EINTR) return FailErrno("waitpid(attached)");
    }
    return status;
  }

  Result<ConsoleLogReply> ConsoleLog(const std::optional<ConsoleLogRequest>& request) override {
    if (members_.console_log == nullptr) return Absent("console_log");
    abi::ConsoleLog log{};
    uint64_t read_max = 0;
    if (request) {
      read_max = request->read_max.value_or(0);
      log = {.clear = request->clear,
             .read = request->read,
             .read_max = request->read_max ? &read_max : nullptr,
             .data = nullptr};
    }
    errno = 0;
    const int returned = members_.console_log(raw_, request ? &log : nullptr);
    ConsoleLogReply reply{.data = std::nullopt, .read_max = read_max};
    // The header calls `data` invalid where `read_max` is 0, and any value but 0 a failure.
    if (log.data != nullptr && read_max > 0) {
      reply.data = std::string(log.data, read_max);
      free(log.data);
    }
    if (returned != 0) return Fail(ErrnoOf(returned), "console_log()");
    return reply;
  }

  Status Mount(const MountCall& call) override {
    if (members_.mount == nullptr) return Absent("mount");
    abi::Mount version{.version = abi::kMountApiV1};
    errno = 0;
    const int returned =
        members_.mount(raw_, PointerOf(call.source), PointerOf(call.target), PointerOf(call.type),
                       call.flags, PointerOf(call.data), &version);
    return MountStatus(returned, "mount()");
  }

  Status Umount(const MaybeString& target, unsigned long flags) override {
    if (members_.umount == nullptr) return Absent("umount");
    abi::Mount version{.version = abi::kMountApiV1};
    errno = 0;
    return MountStatus(members_.umount(raw_, PointerOf(target), flags, &version), "umount()");
  }

  int ErrorNum() const override { return raw_ != nullptr ? raw_->error_num : 0; }

  std::string ErrorString() const override {
    return raw_ != nullptr && raw_->error_string != nullptr ? raw_->error_string : "";
  }

 private:
  abi::Container* const raw_;
  const abi::Container members_;
  int (*const put_)(abi::Container*);
};

}  // namespace

std::unique_ptr<Container> MakeLiblxcContainer(abi::Container* raw, const abi::Container& members,
                                               int (*put)(abi::Container*)) {
  return std::make_unique<LiblxcContainer>(raw, members, put);
}

}  // namespace lxcspec
