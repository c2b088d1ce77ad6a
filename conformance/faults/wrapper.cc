// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/wrapper.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace lxcspec::faults {
namespace {

constexpr char kNone[] = "none";

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "faulty testee: %s\n", why.c_str());
  abort();
}

std::filesystem::path OwnPath() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&OwnPath), &info) == 0) Die("where am I?");
  return info.dli_fname;
}

template <typename Function>
void Resolve(void* handle, const char* symbol, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(handle, symbol));
  if (function == nullptr) Die(std::string("the original does not export ") + symbol);
}

}  // namespace

Wrapper& Wrapper::Get() {
  static Wrapper& wrapper = *new Wrapper;
  return wrapper;
}

Wrapper::Wrapper() {
  const std::filesystem::path own = OwnPath();
  void* handle = dlopen((own.parent_path() / "original").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) Die(dlerror());
  Resolve(handle, "lxc_get_version", original_.get_version);
  Resolve(handle, "lxc_has_api_extension", original_.has_api_extension);
  Resolve(handle, "lxc_config_item_is_supported", original_.config_item_is_supported);
  Resolve(handle, "lxc_log_init", original_.log_init);
  Resolve(handle, "lxc_log_close", original_.log_close);
  Resolve(handle, "lxc_container_new", original_.container_new);
  Resolve(handle, "lxc_container_put", original_.container_put);
  const auto version = ParseAbiVersion(original_.get_version());
  if (!version || *version < AbiVersion{4, 0, 5}) Die("an original is LXC 4.0.5 or newer");
  version_ = *version;

  const std::string id = own.stem();
  if (id == kNone) return;
  for (const Fault& fault : AllFaults()) {
    if (fault.Id() != id) continue;
    fault.apply(broken_);
    return;
  }
  Die("there is no fault " + id);
}

void Wrapper::Break(abi::Container* object) {
  members_ = ReadMembers(object, version_);
  auto* to = reinterpret_cast<char*>(object);
  const auto* from = reinterpret_cast<const char*>(&broken_.members);
  for (size_t at = offsetof(abi::Container, is_defined); at < ContainerSize(version_);
       at += sizeof(void*)) {
    void* function = nullptr;
    std::memcpy(&function, from + at, sizeof(function));
    if (function != nullptr) std::memcpy(to + at, &function, sizeof(function));
  }
}

const abi::Library& OriginalLibrary() { return Wrapper::Get().original(); }

const abi::Container& Original() {
  const abi::Container& members = Wrapper::Get().members();
  if (members.is_defined == nullptr) Die("a member was called before there was an object");
  return members;
}

}  // namespace lxcspec::faults
