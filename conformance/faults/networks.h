// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong about the keys of a container's interfaces, whatever their indices: kSuffix is
// what stands behind `lxc.net.[i].`.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_NETWORKS_H_
#define LXCSPEC_CONFORMANCE_FAULTS_NETWORKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {

// "lxc.net.4.mtu"
std::string NetKey(int index, const char* suffix);

// Whether the key is that of some interface.
bool IsNetKey(const char* key, std::string_view suffix);

// The indices of a container's interfaces, in order.
std::vector<int> Interfaces(abi::Container* c);

// Containers start with what `kChange(c, index, value)` makes of a key, where that is set.
template <Text kSuffix, auto kChange>
void ChangesNetAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    Changes changes;
    for (const int index : Interfaces(c)) {
      const std::string key = NetKey(index, kSuffix.value);
      const std::string value = Item(c, key.c_str());
      if (!value.empty()) changes.emplace_back(key, kChange(c, index, value));
    }
    return StartWith(c, use_init, argv, changes);
  };
}

// Containers start as if a key of every interface had not been set.
template <Text kSuffix>
void ForgetsNetAtStart(Broken& broken) {
  ChangesNetAtStart<kSuffix,
                    [](abi::Container*, int, const std::string&) { return std::string(); }>(broken);
}

// The same for all interfaces but the first one.
template <Text kSuffix>
void ForgetsLaterNetAtStart(Broken& broken) {
  ChangesNetAtStart<kSuffix, [](abi::Container* c, int index, const std::string& value) {
    return Interfaces(c).front() == index ? value : std::string();
  }>(broken);
}

// Of several values of a key only the first one counts.
template <Text kSuffix>
void FirstValueAtStart(Broken& broken) {
  ChangesNetAtStart<kSuffix, [](abi::Container*, int, const std::string& value) {
    return value.substr(0, value.find('\n'));
  }>(broken);
}

// Containers start with one value of a key for another.
template <Text kSuffix, Text kValue, Text kInstead>
void MistakesNetAtStart(Broken& broken) {
  ChangesNetAtStart<kSuffix, [](abi::Container*, int, const std::string& value) {
    return value == kValue.value ? std::string(kInstead.value) : value;
  }>(broken);
}

// Containers start with this value of a key for every interface.
template <Text kSuffix, Text kValue>
void AddsNetAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    Changes changes;
    for (const int index : Interfaces(c)) {
      changes.emplace_back(NetKey(index, kSuffix.value), kValue.value);
    }
    return StartWith(c, use_init, argv, changes);
  };
}

// A value that the original refuses for a key is accepted, and ignored.
template <Text kSuffix>
void AcceptsNet(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    return Original().set_config_item(c, key, value) || IsNetKey(key, kSuffix.value);
  };
}

// The same for values that look like that.
template <Text kSuffix, bool (*kLooks)(std::string_view)>
void AcceptsNetLike(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    return Original().set_config_item(c, key, value) ||
           (IsNetKey(key, kSuffix.value) && value != nullptr && kLooks(value));
  };
}

// A refused value clears the key.
template <Text kSuffix>
void ClearsNetWhenRefusing(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool taken = Original().set_config_item(c, key, value);
    if (!taken && IsNetKey(key, kSuffix.value)) Original().clear_config_item(c, key);
    return taken;
  };
}

// One value of a key is taken for another.
template <Text kSuffix, Text kValue, Text kInstead>
void MistakesNet(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool meant =
        IsNetKey(key, kSuffix.value) && value != nullptr && std::string_view(value) == kValue.value;
    return Original().set_config_item(c, key, meant ? kInstead.value : value);
  };
}

// A key reads as this value where it would read as something that is not empty.
template <Text kSuffix, Text kValue>
void ReadsNetBackAs(Broken& broken) {
  broken.members.get_config_item = [](abi::Container* c, const char* key, char* value, int size) {
    const int length = Original().get_config_item(c, key, value, size);
    if (!IsNetKey(key, kSuffix.value) || length <= 0) return length;
    return Answer(kValue.value, value, size);
  };
}

// A key cannot be cleared, although the call says that it was.
template <Text kSuffix>
void KeepsNetWhenCleared(Broken& broken) {
  broken.members.clear_config_item = [](abi::Container* c, const char* key) {
    return IsNetKey(key, kSuffix.value) || Original().clear_config_item(c, key);
  };
}

// The empty string keeps what a key has, although the call says that it was taken.
template <Text kSuffix>
void KeepsNetWhenEmpty(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool empty = IsNetKey(key, kSuffix.value) && value != nullptr && *value == '\0';
    return empty || Original().set_config_item(c, key, value);
  };
}

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_NETWORKS_H_
