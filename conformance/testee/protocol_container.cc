// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/protocol_container.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace lxcspec {
namespace {

using nlohmann::json;

json JsonOf(const MaybeString& text) { return text ? json(*text) : json(nullptr); }

class ProtocolContainer final : public Container {
 public:
  ProtocolContainer(std::shared_ptr<Connection> connection, int64_t object)
      : connection_(std::move(connection)), object_(object) {}

  ~ProtocolContainer() override {
    // A copy in a forked process is not the owner.
    if (connection_->Usable()) static_cast<void>(Do("container_put"));
  }

  bool HasMember(std::string_view member) const override { return connection_->Offers(member); }

  Status LoadConfig(const MaybeString& file) override {
    return Do("load_config", {{"file", JsonOf(file)}});
  }
  Status SaveConfig(const MaybeString& file) override {
    return Do("save_config", {{"file", JsonOf(file)}});
  }
  Status SetConfigItem(const std::string& key, const MaybeString& value) override {
    return Do("set_config_item", {{"key", key}, {"value", JsonOf(value)}},
              fmt::format("set_config_item({}, {})", key, value.value_or("NULL")));
  }
  Result<std::string> GetConfigItem(const std::string& key) override {
    return Get("get_config_item", {{"key", key}}, fmt::format("get_config_item({})", key));
  }
  Status ClearConfigItem(const std::string& key) override {
    return Do("clear_config_item", {{"key", key}}, fmt::format("clear_config_item({})", key));
  }
  void ClearConfig() override { static_cast<void>(Do("clear_config")); }
  Result<std::string> GetKeys(const MaybeString& prefix) override {
    return Get("get_keys", {{"prefix", JsonOf(prefix)}});
  }
  Result<std::string> ConfigFileName() override { return Get("config_file_name"); }
  Result<std::string> ConfigPath() override { return Get("get_config_path"); }

  bool IsDefined() override { return Is("is_defined"); }
  bool IsRunning() override { return Is("is_running"); }
  std::string State() override { return Get("state").value_or(""); }
  Status Wait(const std::string& state, int timeout) override {
    return Do("wait", {{"state", state}, {"timeout", timeout}},
              fmt::format("wait({}, {})", state, timeout));
  }
  Result<pid_t> InitPid() override {
    ASSIGN_OR_RETURN(const int64_t pid, Number("init_pid", json::object(), 1, INT_MAX));
    return static_cast<pid_t>(pid);
  }
  Result<UniqueFd> InitPidfd() override { return Descriptor("init_pidfd"); }

  Status WantDaemonize(bool state) override { return Do("want_daemonize", {{"state", state}}); }
  Status WantCloseAllFds(bool state) override {
    return Do("want_close_all_fds", {{"state", state}});
  }
  Status Start(const std::vector<std::string>& argv) override {
    return Do("start", {{"argv", argv}});
  }
  Status Stop() override { return Do("stop"); }
  Status Shutdown(int timeout) override { return Do("shutdown", {{"timeout", timeout}}); }
  Status Reboot() override { return Do("reboot"); }
  Status Reboot2(int timeout) override { return Do("reboot2", {{"timeout", timeout}}); }
  Status Freeze() override { return Do("freeze"); }
  Status Unfreeze() override { return Do("unfreeze"); }
  Status Destroy() override { return Do("destroy"); }
  Status Clone(const std::string& name) override { return Do("clone", {{"name", name}}); }

  Result<std::string> GetCgroupItem(const std::string& file) override {
    ASSIGN_OR_RETURN(std::string text, Get("get_cgroup_item", {{"file", file}}));
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  Status SetCgroupItem(const std::string& file, const std::string& value) override {
    return Do("set_cgroup_item", {{"file", file}, {"value", value}});
  }

  Result<UniqueFd> DevptsFd() override { return Descriptor("devpts_fd"); }
  Result<UniqueFd> SeccompNotifyFd() override { return Descriptor("seccomp_notify_fd"); }
  Result<UniqueFd> SeccompNotifyFdActive() override {
    return Descriptor("seccomp_notify_fd_active");
  }

  Result<int> AttachRunWait(const std::vector<std::string>& argv) override {
    ASSIGN_OR_RETURN(const int64_t status, Number("attach_run_wait", {{"argv", argv}}, 0, INT_MAX));
    return static_cast<int>(status);
  }

  Result<int> AttachWait(const std::function<int()>&) override {
    return Propagate(
        connection_->NotOffered("not in the testee protocol: to run the test's own function"));
  }

  Result<ConsoleLogReply> ConsoleLog(const std::optional<ConsoleLogRequest>& request) override {
    json wanted;
    if (request) {
      wanted = {{"clear", request->clear}, {"read", request->read}, {"read_max", nullptr}};
      if (request->read_max) wanted["read_max"] = *request->read_max;
    }
    ASSIGN_OR_RETURN(const json result, Call("console_log", {{"request", std::move(wanted)}}));
    return Understood(ReadConsoleLog(result));
  }

  Status Mount(const MountCall& call) override {
    return Do("mount", {{"source", JsonOf(call.source)},
                        {"target", JsonOf(call.target)},
                        {"type", JsonOf(call.type)},
                        {"flags", call.flags},
                        {"data", JsonOf(call.data)}});
  }
  Status Umount(const MaybeString& target, unsigned long flags) override {
    return Do("umount", {{"target", JsonOf(target)}, {"flags", flags}});
  }

  int ErrorNum() const override { return LastError().first; }
  std::string ErrorString() const override { return LastError().second; }

 private:
  // Who answers something else than the call's kind of value is lost.
  template <typename T>
  Result<T> Understood(Result<T> read) const {
    if (!read) return Propagate(connection_->Lost(read.error()));
    return read;
  }

  Result<json> Call(const char* call, json arguments, std::string attempted = "") const {
    arguments["object"] = object_;
    if (attempted.empty()) attempted = fmt::format("{}()", call);
    return connection_->Call(call, std::move(arguments), std::move(attempted));
  }

  Status Do(const char* call, json arguments = json::object(), std::string attempted = "") {
    ASSIGN_OR_RETURN(const json result, Call(call, std::move(arguments), std::move(attempted)));
    return Understood(ReadNothing(result));
  }

  Result<std::string> Get(const char* call, json arguments = json::object(),
                          std::string attempted = "") {
    ASSIGN_OR_RETURN(const json result, Call(call, std::move(arguments), std::move(attempted)));
    return Understood(ReadText(result));
  }

  Result<int64_t> Number(const char* call, json arguments, int64_t least, int64_t most) {
    ASSIGN_OR_RETURN(const json result, Call(call, std::move(arguments)));
    return Understood(ReadNumber(result, least, most));
  }

  bool Is(const char* call) {
    const auto result = Call(call, json::object());
    return result && Understood(ReadBool(*result)).value_or(false);
  }

  static Result<ConsoleLogReply> ReadConsoleLog(const json& result) {
    ASSIGN_OR_RETURN(const json read_max, ReadMember(result, "read_max"));
    ASSIGN_OR_RETURN(const int64_t bytes, ReadNumber(read_max, 0, INT64_MAX));
    ConsoleLogReply reply{.data = std::nullopt, .read_max = static_cast<uint64_t>(bytes)};
    ASSIGN_OR_RETURN(const json data, ReadMember(result, "data"));
    if (!data.is_null()) {
      ASSIGN_OR_RETURN(reply.data, ReadBytes(data));
      if (reply.data->size() != reply.read_max) {
        return Fail(EPROTO, "a console log of another length than it says");
      }
    }
    return reply;
  }

  // The testee keeps the descriptor open until it is asked again; by then it is copied.
  Result<UniqueFd> Descriptor(const char* call) {
    ASSIGN_OR_RETURN(const json result, Call(call, json::object()));
    const auto pid = Understood(Member(result, "pid", 1));
    if (!pid) return Propagate(pid.error());
    const auto number = Understood(Member(result, "fd", 0));
    if (!number) return Propagate(number.error());
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
    UniqueFd copy(process ? static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), *number, 0))
                          : -1);
    if (copy) return copy;
    if (errno == ENOSYS) {
      return Propagate(connection_->NotOffered(
          "not in the testee protocol: descriptors, where the kernel lacks pidfd_getfd(2)"));
    }
    return Propagate(
        connection_->Lost({.code = EPROTO, .attempted = "a result that names no descriptor"}));
  }

  static Result<int> Member(const json& result, const char* name, int least) {
    ASSIGN_OR_RETURN(const json member, ReadMember(result, name));
    ASSIGN_OR_RETURN(const int64_t number, ReadNumber(member, least, INT_MAX));
    return static_cast<int>(number);
  }

  std::pair<int, std::string> LastError() const {
    const auto read = [](const json& result) -> Result<std::pair<int, std::string>> {
      ASSIGN_OR_RETURN(const int number, Member(result, "number", INT_MIN));
      ASSIGN_OR_RETURN(const json text, ReadMember(result, "text"));
      ASSIGN_OR_RETURN(std::string words, ReadText(text));
      return std::pair(number, std::move(words));
    };
    const auto result = Call("last_error", json::object());
    if (!result) return {};
    return Understood(read(*result)).value_or(std::pair(0, std::string()));
  }

  const std::shared_ptr<Connection> connection_;
  const int64_t object_;
};

}  // namespace

std::unique_ptr<Container> MakeProtocolContainer(std::shared_ptr<Connection> connection,
                                                 int64_t object) {
  return std::make_unique<ProtocolContainer>(std::move(connection), object);
}

}  // namespace lxcspec
