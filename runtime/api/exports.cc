// SPDX-License-Identifier: Apache-2.0
//
// The symbols of liblxc.so.1. Each translates between C and the runtime and does nothing else.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/api/abi.h"
#include "runtime/api/attach_members.h"
#include "runtime/api/handle.h"
#include "runtime/container/listing.h"
#include "runtime/container/storage/create.h"
#include "runtime/container/system_config.h"
#include "runtime/extensions/claims.h"
#include "runtime/extensions/lxc_config_item_is_supported.h"
#include "runtime/extensions/lxc_log.h"

#define EXPORT __attribute__((visibility("default")))

namespace lxcspec::runtime {
namespace {

constexpr char kVersion[] = "7.0.0-lxcspec";
constexpr int kNoDescriptor = -9;

std::string DefaultPath() { return SystemConfigItem("lxc.lxcpath").value_or("/var/lib/lxc"); }

Handle* OpenHandle(const std::string& name, const std::string& lxcpath) {
  // What somebody left half made, or half removed, is no container.
  if (name.find('/') == name.npos) {
    if (const auto done = RemoveInterrupted({.lxcpath = lxcpath, .name = name}); !done) {
      Log(LogLevel::kError, "lxccontainer", name + ": " + done.error().ToString());
    }
  }
  auto container = Container::Open(name, lxcpath);
  if (!container) {
    Log(LogLevel::kError, "lxccontainer", name + ": " + container.error().ToString());
    errno = container.error().code;
    return nullptr;
  }
  return Handle::Create(*std::move(container));
}

// Hands lists to a client that frees them. Containers whose configuration fails are left out.
int HandOver(Result<std::vector<std::string>> (*list)(const std::string& lxcpath),
             const char* lxcpath, char*** names_out, abi::Container*** containers_out) {
  const std::string path = lxcpath != nullptr ? lxcpath : DefaultPath();
  const auto names = list(path);
  if (!names) {
    errno = names.error().code;
    return -1;
  }
  std::vector<std::string> listed;
  std::vector<Handle*> handles;
  for (const std::string& name : *names) {
    if (containers_out != nullptr) {
      Handle* handle = OpenHandle(name, path);
      if (handle == nullptr) continue;
      handles.push_back(handle);
    }
    listed.push_back(name);
  }
  if (names_out != nullptr) {
    *names_out = static_cast<char**>(calloc(listed.size() + 1, sizeof(char*)));
    for (size_t i = 0; i < listed.size(); ++i) (*names_out)[i] = Copy(listed[i]);
  }
  if (containers_out != nullptr) {
    *containers_out =
        static_cast<abi::Container**>(calloc(handles.size() + 1, sizeof(abi::Container*)));
    for (size_t i = 0; i < handles.size(); ++i) (*containers_out)[i] = handles[i];
  }
  return static_cast<int>(listed.size());
}

}  // namespace
}  // namespace lxcspec::runtime

using lxcspec::runtime::Handle;
namespace runtime = lxcspec::runtime;
namespace abi = lxcspec::runtime::abi;

extern "C" {

// Tools that were built with parts of liblxc expect these by name; clients do not use them.
EXPORT thread_local void* current_config = nullptr;
EXPORT int lxc_log_fd = runtime::kNoDescriptor;
EXPORT bool lxc_log_use_global_fd = false;

EXPORT const char* lxc_get_version() { return runtime::kVersion; }

EXPORT bool lxc_has_api_extension(const char* extension) {
  return extension != nullptr && runtime::IsClaimed(extension);
}

EXPORT bool lxc_config_item_is_supported(const char* key) {
  if (!runtime::IsClaimed("lxc_config_item_is_supported")) return false;
  if (key == nullptr) return runtime::ConfigItemIsSupported(std::nullopt);
  return runtime::ConfigItemIsSupported(key);
}

EXPORT int lxc_log_init(abi::Log* log) {
  // lxc_log.null_settings
  if (log == nullptr) {
    errno = EINVAL;
    return -EINVAL;
  }
  if (!runtime::IsClaimed("lxc_log")) {
    errno = ENOSYS;
    return -ENOSYS;
  }
  const auto opened = runtime::OpenLog(
      {.name = runtime::Maybe(log->name),
       .lxcpath = runtime::Maybe(log->lxcpath),
       .file = runtime::Maybe(log->file),
       .level = runtime::Maybe(log->level),
       .prefix = runtime::Maybe(log->prefix),
       .quiet = log->quiet},
      {.default_lxcpath = runtime::DefaultPath(), .default_folder = runtime::DefaultLogFolder()});
  if (!opened) {
    errno = opened.error().code;
    return -1;
  }
  lxc_log_fd = runtime::LogDescriptor();
  return 0;
}

EXPORT void lxc_log_close() {
  runtime::CloseLog();
  lxc_log_fd = runtime::kNoDescriptor;
}

EXPORT abi::Container* lxc_container_new(const char* name, const char* lxcpath) {
  if (name == nullptr) {
    errno = EINVAL;
    return nullptr;
  }
  return runtime::OpenHandle(name, lxcpath != nullptr ? lxcpath : runtime::DefaultPath());
}

EXPORT int lxc_container_get(abi::Container* container) {
  return container != nullptr && Handle::Of(container).Get() ? 1 : 0;
}

EXPORT int lxc_container_put(abi::Container* container) {
  if (container == nullptr) return -1;
  return Handle::Of(container).Put() ? 1 : 0;
}

EXPORT int lxc_get_wait_states(const char** states) {
  constexpr std::array kStates = {"STOPPED",  "STARTING", "RUNNING", "STOPPING",
                                  "ABORTING", "FREEZING", "FROZEN",  "THAWED"};
  if (states != nullptr) std::copy(kStates.begin(), kStates.end(), states);
  return static_cast<int>(kStates.size());
}

EXPORT const char* lxc_get_global_config_item(const char* key) {
  if (key == nullptr) return nullptr;
  auto item = runtime::SystemConfigItem(key);
  if (!item) return nullptr;
  // The text stays valid for the client: one copy for each that there ever was.
  static std::mutex mutex;
  static auto* const texts = new std::map<std::string, std::string>;
  const std::lock_guard lock(mutex);
  return texts->emplace(*item, *item).first->second.c_str();
}

EXPORT int list_defined_containers(const char* lxcpath, char*** names,
                                   abi::Container*** containers) {
  return runtime::HandOver(runtime::DefinedContainers, lxcpath, names, containers);
}

EXPORT int list_active_containers(const char* lxcpath, char*** names,
                                  abi::Container*** containers) {
  return runtime::HandOver(runtime::ActiveContainers, lxcpath, names, containers);
}

EXPORT int list_all_containers(const char* lxcpath, char*** names, abi::Container*** containers) {
  return runtime::HandOver(runtime::AllContainers, lxcpath, names, containers);
}

EXPORT int lxc_attach_run_command(void* payload) {
  const auto* command = static_cast<const abi::AttachCommand*>(payload);
  return runtime::ExecuteCommand(command->program, command->argv);
}

EXPORT int lxc_attach_run_shell(void*) { return runtime::ExecuteShell(); }

}  // extern "C"
