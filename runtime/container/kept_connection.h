// SPDX-License-Identifier: Apache-2.0
//
// A connection to a monitor that stays open from one request to the next: to connect costs more
// than to ask.

#ifndef LXCSPEC_RUNTIME_CONTAINER_KEPT_CONNECTION_H_
#define LXCSPEC_RUNTIME_CONTAINER_KEPT_CONNECTION_H_

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/container/client.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

// For any number of threads: one of them uses the connection, the others have their own. A child
// of fork(2) has its own too.
class KeptConnection {
 public:
  KeptConnection() = default;
  KeptConnection(const KeptConnection&) = delete;
  KeptConnection& operator=(const KeptConnection&) = delete;
  ~KeptConnection() { Close(Take()); }

  // One request, as lxcspec::runtime::Query() makes it.
  Result<Answer> Query(const Place& place, Command command, std::string_view body,
                       Patience patience);

 private:
  struct Kept {
    MonitorConnection connection;
    Place place;
    Patience patience;
    pid_t process;
    dev_t device;
    ino_t file;

    bool IsFor(const Place& place, Patience patience) const;
    // A client may have closed what it did not open, and have something else by that number.
    bool IsOpen() const;
  };

  static void Close(std::optional<Kept> kept);
  std::optional<Kept> Take();
  void Keep(Kept kept);

  std::mutex mutex_;
  std::optional<Kept> kept_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_KEPT_CONNECTION_H_
