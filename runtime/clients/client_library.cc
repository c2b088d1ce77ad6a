// SPDX-License-Identifier: Apache-2.0

#include "runtime/clients/client_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace lxcspec::runtime {
namespace {

// A path without a slash in front would be searched for where the loader looks.
const std::string& Path() {
  static const auto* const path =
      new std::string(std::filesystem::absolute("runtime/liblxc.so.1").string());
  return *path;
}

template <typename Function>
void Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function != nullptr) return;
  fmt::print(stderr, "{}\n", dlerror());
  abort();
}

}  // namespace

const ClientLibrary& ClientLibrary::Get() {
  static const ClientLibrary symbols = [] {
    void* const library = dlopen(Path().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      fmt::print(stderr, "{}\n", dlerror());
      abort();
    }
    ClientLibrary found{};
    Find(library, "lxc_container_new", found.open);
    Find(library, "lxc_container_put", found.put);
    Find(library, "lxc_log_init", found.log_init);
    Find(library, "lxc_log_close", found.log_close);
    Find(library, "lxc_attach_run_command", found.run_command);
    return found;
  }();
  return symbols;
}

ClientContainer::~ClientContainer() {
  if (container_ != nullptr) ClientLibrary::Get().put(container_);
}

}  // namespace lxcspec::runtime
