// SPDX-License-Identifier: Apache-2.0

#include "runtime/api/acting.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace lxcspec::runtime {

namespace {

// With the lock held.
Address AddressIn(Handle& handle) {
  Address address{
      .place = {.lxcpath = handle.container().lxcpath(), .name = handle.container().name()},
      .patience = std::nullopt};
  if (handle.rcv_timeout > 0) address.patience = std::chrono::seconds(handle.rcv_timeout);
  return address;
}

}  // namespace

Address AddressOf(Handle& handle) {
  const std::lock_guard lock(handle.mutex());
  return AddressIn(handle);
}

Target TargetOf(Handle& handle) {
  const std::lock_guard lock(handle.mutex());
  return {AddressIn(handle), handle.container().config()};
}

int Fill(const std::string& text, char* buffer, int size) {
  if (buffer != nullptr && size > 0) {
    const size_t count = std::min(text.size(), static_cast<size_t>(size) - 1);
    memcpy(buffer, text.data(), count);
    buffer[count] = '\0';
  }
  return static_cast<int>(text.size());
}

}  // namespace lxcspec::runtime
