// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/kept_connection.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {

bool KeptConnection::Kept::IsFor(const Place& asked, Patience with) const {
  return process == getpid() && place.name == asked.name && place.lxcpath == asked.lxcpath &&
         patience == with;
}

bool KeptConnection::Kept::IsOpen() const {
  struct stat now {};
  return fstat(connection.fd(), &now) == 0 && now.st_dev == device && now.st_ino == file;
}

void KeptConnection::Close(std::optional<Kept> kept) {
  if (!kept || kept->IsOpen()) return;
  static_cast<void>(std::move(kept->connection).Release().Release());
}

std::optional<KeptConnection::Kept> KeptConnection::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(kept_, std::nullopt);
}

void KeptConnection::Keep(Kept kept) {
  const std::lock_guard lock(mutex_);
  if (!kept_) kept_.emplace(std::move(kept));
}

Result<Answer> KeptConnection::Query(const Place& place, Command command, std::string_view body,
                                     Patience patience) {
  auto kept = Take();
  if (kept && kept->IsFor(place, patience) && kept->IsOpen()) {
    auto answer = kept->connection.Ask(command, body);
    if (answer) Keep(*std::move(kept));
    // Its monitor has ended; another one may run by now.
    if (answer || answer.error().code != ECONNRESET) return answer;
  } else {
    Close(std::move(kept));
  }
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  auto answer = connection->Ask(command, body);
  struct stat now {};
  // A late answer to a request that was given up would be taken for the next one's.
  if (answer && fstat(connection->fd(), &now) == 0) {
    Keep({.connection = *std::move(connection),
          .place = place,
          .patience = patience,
          .process = getpid(),
          .device = now.st_dev,
          .file = now.st_ino});
  }
  return answer;
}

}  // namespace lxcspec::runtime
