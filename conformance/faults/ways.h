// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong that many faults share, as functions for Fault::apply:
//
//   {spec::console_log::kAnnounced, "denied", "the extension is not announced",
//    Denies<"console_log">},
//
// What a container is started with, as opposed to what its configuration says, is changed in the
// moment of the start: the implementation takes a key, gives it back, and does not act on it.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_WAYS_H_
#define LXCSPEC_CONFORMANCE_FAULTS_WAYS_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/faults/fault.h"

namespace lxcspec::faults {

// A string literal as a template's argument.
template <size_t N>
struct Text {
  char value[N];
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is to become one by itself
  constexpr Text(const char (&text)[N]) { std::copy_n(text, N, value); }
};

// The value of a key as the original tells it; empty if it does not.
std::string Item(abi::Container* c, const char* key);

// Answers get_config_item() with this text: its length, and as much of it as fits.
int Answer(std::string_view text, char* value, int size);

// Starts the container with some keys changed, which it has again afterwards. An empty value clears
// a key; of one that may be set several times each line is a value.
using Changes = std::vector<std::pair<std::string, std::string>>;
bool StartWith(abi::Container* c, int use_init, char* const argv[], const Changes& changes);
bool StartWith(abi::Container* c, int use_init, char* const argv[], const char* key,
               const std::string& value);

// lxc_has_api_extension() does not know the extension.
template <Text kExtension>
void Denies(Broken& broken) {
  broken.library.has_api_extension = [](const char* asked) {
    if (asked != nullptr && std::string_view(asked) == kExtension.value) return false;
    return OriginalLibrary().has_api_extension(asked);
  };
}

// Containers start as if the key had not been set.
template <Text kKey>
void ForgetsAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return StartWith(c, use_init, argv, kKey.value, "");
  };
}

// Containers start as if the key had this value, where it is set at all.
template <Text kKey, Text kValue>
void ChangesAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Item(c, kKey.value).empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kKey.value, kValue.value);
  };
}

// Containers start as if the key had this value, whether it is set or not.
template <Text kKey, Text kValue>
void AddsAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return StartWith(c, use_init, argv, kKey.value, kValue.value);
  };
}

// A start that fails answers true.
void PretendsToStart(Broken& broken);

// A value that the original refuses for the key is accepted, and ignored.
template <Text kKey>
void AcceptsAnything(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool taken = Original().set_config_item(c, key, value);
    return taken || (key != nullptr && std::string_view(key) == kKey.value);
  };
}

// One value that the original refuses for the key is accepted, and ignored.
template <Text kKey, Text kValue>
void Accepts(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    if (key != nullptr && value != nullptr && std::string_view(key) == kKey.value &&
        std::string_view(value) == kValue.value) {
      return true;
    }
    return Original().set_config_item(c, key, value);
  };
}

// One value that the original takes for the key is refused.
template <Text kKey, Text kValue>
void Refuses(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    if (key != nullptr && value != nullptr && std::string_view(key) == kKey.value &&
        std::string_view(value) == kValue.value) {
      return false;
    }
    return Original().set_config_item(c, key, value);
  };
}

// One value of the key is taken for another.
template <Text kKey, Text kValue, Text kInstead>
void Mistakes(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool meant = key != nullptr && value != nullptr && std::string_view(key) == kKey.value &&
                       std::string_view(value) == kValue.value;
    return Original().set_config_item(c, key, meant ? kInstead.value : value);
  };
}

// The key cannot be cleared, although the call says that it was.
template <Text kKey>
void KeepsWhenCleared(Broken& broken) {
  broken.members.clear_config_item = [](abi::Container* c, const char* key) {
    if (key != nullptr && std::string_view(key) == kKey.value) return true;
    return Original().clear_config_item(c, key);
  };
}

// The key reads as this value where it would read as something that is not empty.
template <Text kKey, Text kValue>
void ReadsBackAs(Broken& broken) {
  broken.members.get_config_item = [](abi::Container* c, const char* key, char* value, int size) {
    const int length = Original().get_config_item(c, key, value, size);
    if (key == nullptr || std::string_view(key) != kKey.value || length <= 0) return length;
    return Answer(kValue.value, value, size);
  };
}

// A refused value of the key clears it.
template <Text kKey>
void ClearsWhenRefusing(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool taken = Original().set_config_item(c, key, value);
    if (!taken && key != nullptr && std::string_view(key) == kKey.value) {
      Original().clear_config_item(c, key);
    }
    return taken;
  };
}

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_WAYS_H_
