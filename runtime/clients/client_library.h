// SPDX-License-Identifier: Apache-2.0
//
// The built liblxc.so.1 as a C client has it, for tests that look at a container from there.

#ifndef LXCSPEC_RUNTIME_CLIENTS_CLIENT_LIBRARY_H_
#define LXCSPEC_RUNTIME_CLIENTS_CLIENT_LIBRARY_H_

#include <string>

#include "runtime/api/abi.h"

namespace lxcspec::runtime {

// The functions of the library at runtime/liblxc.so.1, loaded at the first call.
struct ClientLibrary {
  abi::Container* (*open)(const char* name, const char* lxcpath);
  int (*put)(abi::Container*);
  int (*log_init)(abi::Log*);
  void (*log_close)();
  int (*run_command)(void* command);

  static const ClientLibrary& Get();
};

// One reference to a container.
class ClientContainer {
 public:
  ClientContainer(const std::string& name, const std::string& lxcpath)
      : container_(ClientLibrary::Get().open(name.c_str(), lxcpath.c_str())) {}
  ~ClientContainer();
  ClientContainer(const ClientContainer&) = delete;
  ClientContainer& operator=(const ClientContainer&) = delete;

  // NULL where the library gave none.
  abi::Container* get() const { return container_; }
  abi::Container* operator->() const { return container_; }

  bool Set(const std::string& key, const std::string& value) const {
    return container_->set_config_item(container_, key.c_str(), value.c_str());
  }
  bool Start() const { return container_->start(container_, 0, nullptr); }
  bool Stop() const { return container_->stop(container_); }
  std::string State() const { return container_->state(container_); }
  // What the last failed call left in the struct.
  std::string error() const {
    return container_->error_string != nullptr ? container_->error_string : "";
  }

 private:
  abi::Container* container_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CLIENTS_CLIENT_LIBRARY_H_
