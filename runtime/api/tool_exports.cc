// SPDX-License-Identifier: Apache-2.0
//
// Symbols that LXC's own tools import although they are no part of the public header: those of
// 6.0 and later, and strlcpy and the like for tools of 4.0 on a libc without them.

#include <sys/personality.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/api/abi.h"
#include "runtime/api/handle.h"
#include "runtime/config/codecs.h"
#include "runtime/container/storage/create.h"
#include "runtime/container/storage/dependants.h"

#define EXPORT __attribute__((visibility("default")))

namespace lxcspec::runtime {
namespace {

// A ring of elements, as the tools define and initialise its head.
struct List {
  void* element;
  List* next;
  List* previous;
};

// What an element of the list of definitions on a command line is: both strings are the list's.
struct Definition {
  char* key;
  char* value;
};

void Free(Definition* definition) {
  free(definition->key);
  free(definition->value);
  free(definition);
}

Status Apply(const List& definitions, Container& container) {
  for (const List* at = definitions.next; at != &definitions; at = at->next) {
    const auto* definition = static_cast<const Definition*>(at->element);
    TRY(container.SetItem(definition->key, definition->value));
  }
  return {};
}

}  // namespace
}  // namespace lxcspec::runtime

namespace abi = lxcspec::runtime::abi;
namespace runtime = lxcspec::runtime;

extern "C" {

EXPORT void lxc_config_define_free(runtime::List* definitions) {
  while (definitions->next != definitions) {
    runtime::List* first = definitions->next;
    definitions->next = first->next;
    first->next->previous = definitions;
    runtime::Free(static_cast<runtime::Definition*>(first->element));
    free(first);
  }
}

// Remembers `key=value`, one of possibly several.
EXPORT int lxc_config_define_add(runtime::List* definitions, const char* text) {
  const char* equals = strchr(text, '=');
  if (equals == nullptr) return -1;
  auto* definition = static_cast<runtime::Definition*>(calloc(1, sizeof(runtime::Definition)));
  auto* node = static_cast<runtime::List*>(calloc(1, sizeof(runtime::List)));
  if (definition == nullptr || node == nullptr) {
    free(definition);
    free(node);
    return -1;
  }
  definition->key = runtime::Copy(std::string(text, equals));
  definition->value = runtime::Copy(equals + 1);
  *node = {.element = definition, .next = definitions, .previous = definitions->previous};
  definitions->previous->next = node;
  definitions->previous = node;
  return 0;
}

// Sets what was remembered, all or nothing, and forgets it.
EXPORT bool lxc_config_define_load(runtime::List* definitions, abi::Container* client) {
  auto& handle = runtime::Handle::Of(client);
  bool done = false;
  {
    const std::lock_guard lock(handle.mutex());
    runtime::Container changed = handle.container();
    const auto applied = runtime::Apply(*definitions, changed);
    if (applied)
      handle.container() = std::move(changed);
    else
      handle.Complain(applied.error());
    done = applied.has_value();
  }
  lxc_config_define_free(definitions);
  return done;
}

// The personality(2) of an architecture.
EXPORT int lxc_config_parse_arch(const char* architecture, signed long* persona) {
  const auto canonical = runtime::Architecture(architecture);
  if (!canonical) return -EINVAL;
  constexpr const char* kShort[] = {"i686",  "x86",   "i386", "i486",   "i586", "arm",
                                    "armel", "armhf", "mips", "mipsel", "ppc",  "powerpc"};
  const bool narrow = std::any_of(std::begin(kShort), std::end(kShort),
                                  [&](const char* name) { return *canonical == name; });
  *persona = narrow ? PER_LINUX32 : PER_LINUX;
  return 0;
}

EXPORT bool lxc_is_valid_storage_type(const char* type) {
  return type != nullptr && runtime::IsStorageType(type);
}

// Says in the folders of those whose files the container uses that it does, or does not any more.
EXPORT bool mod_all_rdeps(abi::Container* client, bool increase) {
  const auto& container = runtime::Handle::Of(client).container();
  const runtime::Place place{.lxcpath = container.lxcpath(), .name = container.name()};
  const auto origins = runtime::ReadOrigins(place);
  if (!origins) return false;
  bool all = true;
  for (const runtime::Place& origin : *origins) {
    all =
        (increase ? runtime::AddDependant(origin, place) : runtime::RemoveDependant(origin, place))
            .has_value() &&
        all;
  }
  return all;
}

EXPORT size_t strlcpy(char* target, const char* source, size_t size) {
  const size_t length = strlen(source);
  if (size > 0) {
    const size_t count = std::min(length, size - 1);
    memcpy(target, source, count);
    target[count] = '\0';
  }
  return length;
}

EXPORT size_t strlcat(char* target, const char* source, size_t size) {
  const size_t before = strnlen(target, size);
  if (before == size) return size + strlen(source);
  return before + strlcpy(target + before, source, size - before);
}

}  // extern "C"
