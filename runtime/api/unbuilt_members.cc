// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <string>
#include <type_traits>

#include "runtime/api/handle.h"
#include "runtime/api/members.h"

namespace lxcspec::runtime {
namespace {

// A member's name as a template argument.
template <size_t N>
struct Name {
  char text[N];
  consteval Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT
};

void ComplainOfAbsence(abi::Container* client, const char* member) {
  errno = ENOSYS;
  if (client == nullptr) return;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  handle.Complain({.code = ENOSYS, .attempted = std::string(member) + "()"});
}

// How a function of that type says that it failed.
template <typename R>
R Failed() {
  if constexpr (std::is_same_v<R, int>)
    return -ENOSYS;
  else
    return R{};
}

template <Name kName, typename R, typename... Parameters>
void SetUnbuilt(R (*&member)(abi::Container*, Parameters...)) {
  member = [](abi::Container* client, Parameters...) {
    ComplainOfAbsence(client, kName.text);
    return Failed<R>();
  };
}

}  // namespace

void SetUnbuiltMembers(abi::Container& members) {
  SetUnbuilt<"checkpoint">(members.checkpoint);
  SetUnbuilt<"restore">(members.restore);
  SetUnbuilt<"migrate">(members.migrate);
}

}  // namespace lxcspec::runtime
