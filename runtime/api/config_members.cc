// SPDX-License-Identifier: Apache-2.0

#include <cerrno>
#include <mutex>
#include <string>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"

namespace lxcspec::runtime {
namespace {

// Runs a function on a client's container under its lock, and records its failure.
template <typename Function>
bool Do(abi::Container* client, const char* call, Function function) {
  if (client == nullptr) {
    errno = EINVAL;
    return false;
  }
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  const Status done = function(handle);
  if (done)
    handle.Trace(call);
  else
    handle.Complain(done.error());
  return done.has_value();
}

// Getters do not log: asking for what is not there is how clients find out.
template <typename Function>
int GetText(abi::Container* client, const char* key, char* buffer, int size, Function function) {
  if (client == nullptr) return -EINVAL;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  const Result<std::string> text = function(handle.container().config(), key);
  if (!text) {
    errno = text.error().code;
    return -text.error().code;
  }
  return Fill(*text, buffer, size);
}

Status NeedsKey(const char* key) {
  if (key == nullptr) return Failure(EINVAL, "the key is NULL");
  return {};
}

bool LoadConfig(abi::Container* client, const char* file) {
  return Do(client, "load_config",
            [&](Handle& handle) { return handle.container().Load(Maybe(file)); });
}

bool SaveConfig(abi::Container* client, const char* file) {
  return Do(client, "save_config",
            [&](Handle& handle) { return handle.container().Save(Maybe(file)); });
}

bool SetConfigItem(abi::Container* client, const char* key, const char* value) {
  return Do(client, "set_config_item", [&](Handle& handle) -> Status {
    TRY(NeedsKey(key));
    // As the header has it, a value that is NULL clears.
    return handle.container().SetItem(key, value != nullptr ? value : "");
  });
}

bool ClearConfigItem(abi::Container* client, const char* key) {
  return Do(client, "clear_config_item", [&](Handle& handle) -> Status {
    TRY(NeedsKey(key));
    return handle.container().config().Clear(key);
  });
}

void ClearConfig(abi::Container* client) {
  Do(client, "clear_config", [&](Handle& handle) {
    handle.container().config().ClearAll();
    return Status();
  });
}

int GetConfigItem(abi::Container* client, const char* key, char* value, int size) {
  if (key == nullptr) return -EINVAL;
  return GetText(client, key, value, size,
                 [](const Config& config, const char* name) { return config.Get(name); });
}

int GetKeys(abi::Container* client, const char* key, char* value, int size) {
  return GetText(client, key, value, size, [](const Config& config, const char* prefix) {
    return config.Keys(prefix != nullptr ? prefix : "");
  });
}

char* ConfigFileName(abi::Container* client) {
  if (client == nullptr) return nullptr;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  return Copy(handle.container().ConfigFile());
}

const char* GetConfigPath(abi::Container* client) {
  return client != nullptr ? client->config_path : nullptr;
}

bool SetConfigPath(abi::Container* client, const char* path) {
  return Do(client, "set_config_path", [&](Handle& handle) -> Status {
    if (path == nullptr) return Failure(EINVAL, "the path is NULL");
    TRY(handle.container().MoveTo(path));
    handle.RefreshFields();
    return {};
  });
}

bool WantDaemonize(abi::Container* client, bool state) {
  return Do(client, "want_daemonize", [&](Handle& handle) {
    handle.daemonize = state;
    return Status();
  });
}

}  // namespace

void SetConfigMembers(abi::Container& members) {
  members.load_config = LoadConfig;
  members.save_config = SaveConfig;
  members.set_config_item = SetConfigItem;
  members.clear_config_item = ClearConfigItem;
  members.clear_config = ClearConfig;
  members.get_config_item = GetConfigItem;
  members.get_keys = GetKeys;
  members.config_file_name = ConfigFileName;
  members.get_config_path = GetConfigPath;
  members.set_config_path = SetConfigPath;
  members.want_daemonize = WantDaemonize;
}

}  // namespace lxcspec::runtime
