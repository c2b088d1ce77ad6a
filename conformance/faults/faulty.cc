// SPDX-License-Identifier: Apache-2.0
//
// What a faulty testee exports: liblxc's functions, as far as the suite calls them.

#include "conformance/faults/wrapper.h"

namespace lxcspec::faults {
namespace {

template <typename Function>
Function Chosen(Function abi::Library::*which) {
  return Wrapper::Get().Chosen(which);
}

}  // namespace

extern "C" {

const char* lxc_get_version() { return Chosen(&abi::Library::get_version)(); }

bool lxc_has_api_extension(const char* extension) {
  return Chosen(&abi::Library::has_api_extension)(extension);
}

bool lxc_config_item_is_supported(const char* key) {
  return Chosen(&abi::Library::config_item_is_supported)(key);
}

int lxc_log_init(abi::Log* log) { return Chosen(&abi::Library::log_init)(log); }

void lxc_log_close() { Chosen (&abi::Library::log_close)(); }

abi::Container* lxc_container_new(const char* name, const char* config_path) {
  abi::Container* made = Chosen(&abi::Library::container_new)(name, config_path);
  if (made != nullptr) Wrapper::Get().Break(made);
  return made;
}

int lxc_container_put(abi::Container* container) {
  return Chosen(&abi::Library::container_put)(container);
}

}  // extern "C"

}  // namespace lxcspec::faults
