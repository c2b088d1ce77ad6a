// SPDX-License-Identifier: Apache-2.0
//
// liblxc's functions that the suite calls, each passed on to the system's liblxc or the one that
// LXCSPEC_REAL_TESTEE names. The structs are passed through unread.

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "conformance/faults/hostile/misbehave.h"

struct lxc_container;
struct lxc_log;

namespace {

template <typename Function>
Function* Real(const char* symbol) {
  static void* const library = [] {
    const char* path = getenv("LXCSPEC_REAL_TESTEE");
    void* handle = dlopen(path != nullptr ? path : "liblxc.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      fprintf(stderr, "%s\n", dlerror());
      abort();
    }
    return handle;
  }();
  return reinterpret_cast<Function*>(dlsym(library, symbol));
}

bool IsChosenTest() {
  const char* chosen = getenv("LXCSPEC_HOSTILE_IN");
  if (chosen == nullptr) return true;
  const char* running = getenv("LXCSPEC_TEST");
  return running != nullptr && strcmp(running, chosen) == 0;
}

}  // namespace

extern "C" {

const char* lxc_get_version() { return Real<const char*()>("lxc_get_version")(); }

bool lxc_has_api_extension(const char* extension) {
  return Real<bool(const char*)>("lxc_has_api_extension")(extension);
}

bool lxc_config_item_is_supported(const char* key) {
  return Real<bool(const char*)>("lxc_config_item_is_supported")(key);
}

int lxc_log_init(lxc_log* log) { return Real<int(lxc_log*)>("lxc_log_init")(log); }

void lxc_log_close() { Real<void()>("lxc_log_close")(); }

lxc_container* lxc_container_new(const char* name, const char* config_path) {
  if (IsChosenTest()) lxcspec::hostile::Misbehave();
  return Real<lxc_container*(const char*, const char*)>("lxc_container_new")(name, config_path);
}

int lxc_container_put(lxc_container* container) {
  return Real<int(lxc_container*)>("lxc_container_put")(container);
}

}  // extern "C"
