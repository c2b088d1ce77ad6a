// SPDX-License-Identifier: Apache-2.0
//
// What stands behind a client's pointer to struct lxc_container: the struct itself, the container,
// a reference count and a lock.

#ifndef LXCSPEC_RUNTIME_API_HANDLE_H_
#define LXCSPEC_RUNTIME_API_HANDLE_H_

#include <mutex>
#include <optional>
#include <string>

#include "runtime/api/abi.h"
#include "runtime/base/result.h"
#include "runtime/base/source_location.h"
#include "runtime/container/container.h"
#include "runtime/container/kept_connection.h"

namespace lxcspec::runtime {

class Handle : public abi::Container {
 public:
  // One reference, the caller's.
  static Handle* Create(runtime::Container container);
  // The handle of a client's pointer, which came from Create() and is not NULL.
  static Handle& Of(abi::Container* client) { return *static_cast<Handle*>(client); }

  // False where the last reference is going already.
  bool Get();
  // True where this was the last reference, and the handle is gone.
  bool Put();

  // For what clients ask again and again.
  KeptConnection& monitor() { return monitor_; }

  // Everything below wants the lock held.
  std::mutex& mutex() { return mutex_; }
  runtime::Container& container() { return container_; }
  // Puts what clients read of the container into the struct's fields.
  void RefreshFields();

  // Logs what a client had done, for those who follow a client's steps.
  void Trace(const char* call, SourceLocation from = SourceLocation::current());

  // Records a failure where clients look for it: errno, error_num, error_string, the log.
  void Complain(const Error& error, SourceLocation from = SourceLocation::current());

 private:
  explicit Handle(runtime::Container container);
  ~Handle();

  std::mutex mutex_;
  runtime::Container container_;
  int references_ = 1;
  KeptConnection monitor_;
};

// A client's string; NULL is absent.
std::optional<std::string> Maybe(const char* text);

// A copy for the client to free(3); NULL without memory.
char* Copy(const std::string& text);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_API_HANDLE_H_
