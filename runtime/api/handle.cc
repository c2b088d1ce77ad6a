// SPDX-License-Identifier: Apache-2.0

#include "runtime/api/handle.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/api/members.h"
#include "runtime/container/own_log.h"
#include "runtime/extensions/lxc_log.h"

namespace lxcspec::runtime {
namespace {

// Replaces a string that the struct owns.
void Assign(char*& field, const std::string& text) {
  free(field);
  field = Copy(text);
}

}  // namespace

std::optional<std::string> Maybe(const char* text) {
  if (text == nullptr) return std::nullopt;
  return text;
}

char* Copy(const std::string& text) { return strdup(text.c_str()); }

Handle::Handle(runtime::Container container) : abi::Container{}, container_(std::move(container)) {
  SetConfigMembers(*this);
  SetStateMembers(*this);
  SetAttachMembers(*this);
  SetLifecycleMembers(*this);
  SetConsoleMembers(*this);
  SetNetworkMembers(*this);
  SetDeviceMembers(*this);
  SetMountMembers(*this);
  SetStorageMembers(*this);
  SetUnbuiltMembers(*this);
  daemonize = true;
  rcv_timeout = -1;
  RefreshFields();
}

Handle::~Handle() {
  for (char* text : {name, configfile, error_string, config_path}) free(text);
}

Handle* Handle::Create(runtime::Container container) { return new Handle(std::move(container)); }

bool Handle::Get() {
  const std::lock_guard lock(mutex_);
  if (references_ == 0) return false;
  ++references_;
  return true;
}

bool Handle::Put() {
  {
    const std::lock_guard lock(mutex_);
    if (--references_ > 0) return false;
  }
  delete this;
  return true;
}

void Handle::RefreshFields() {
  Assign(name, container_.name());
  Assign(configfile, container_.ConfigFile());
  Assign(config_path, container_.lxcpath());
  numthreads = references_;
  // Clients only ask whether there is one.
  lxc_conf = &container_.config();
}

void Handle::Trace(const char* call, SourceLocation from) {
  Log(LogLevel::kTrace, "lxccontainer", container_.name() + ": " + call + "()",
      OwnLog(container_.config()), from);
}

void Handle::Complain(const Error& error, SourceLocation from) {
  Log(LogLevel::kError, "lxccontainer", container_.name() + ": " + error.ToString(),
      OwnLog(container_.config()), from);
  error_num = error.code;
  Assign(error_string, error.ToString());
  errno = error.code;
}

}  // namespace lxcspec::runtime
