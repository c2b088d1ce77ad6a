// SPDX-License-Identifier: Apache-2.0
//
// How members do what may take long: without the handle's lock, on a copy of what they need.

#ifndef LXCSPEC_RUNTIME_API_ACTING_H_
#define LXCSPEC_RUNTIME_API_ACTING_H_

#include <cerrno>
#include <mutex>
#include <string>

#include "runtime/api/handle.h"
#include "runtime/base/source_location.h"
#include "runtime/container/client.h"

namespace lxcspec::runtime {

// Where a container's monitor is asked.
struct Address {
  Place place;
  // set_timeout().
  Patience patience;
};

// A container as its handle has it at one moment.
struct Target : Address {
  Config config;
};

// Take the handle's lock for as long as they copy.
Address AddressOf(Handle& handle);
Target TargetOf(Handle& handle);

// Fills a client's buffer as snprintf(3) would. Returns the length of the whole text.
int Fill(const std::string& text, char* buffer, int size);

// Runs a function on a copy of a client's container, and records its failure.
template <typename Function>
bool Act(abi::Container* client, const char* call, Function function,
         SourceLocation from = SourceLocation::current()) {
  if (client == nullptr) {
    errno = EINVAL;
    return false;
  }
  Handle& handle = Handle::Of(client);
  const Status done = function(handle, TargetOf(handle));
  const std::lock_guard lock(handle.mutex());
  if (done)
    handle.Trace(call, from);
  else
    handle.Complain(done.error(), from);
  return done.has_value();
}

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_API_ACTING_H_
