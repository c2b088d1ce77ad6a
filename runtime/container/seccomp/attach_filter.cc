// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/seccomp/attach_filter.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace lxcspec::runtime {
namespace {

// The first byte; the program follows.
constexpr char kNotifies = 'n';
constexpr char kDecides = 'd';

}  // namespace

std::string EncodedFilter(const SeccompFilter& filter) {
  if (filter.program.empty()) return "";
  std::string bytes(1, filter.notifies ? kNotifies : kDecides);
  bytes.append(reinterpret_cast<const char*>(filter.program.data()),
               filter.program.size() * sizeof(sock_filter));
  return bytes;
}

Result<AttachFilter> DecodedFilter(std::string_view bytes) {
  AttachFilter filter;
  if (bytes.empty()) return filter;
  const char kind = bytes[0];
  bytes.remove_prefix(1);
  const bool is_program = !bytes.empty() && bytes.size() % sizeof(sock_filter) == 0;
  if (!is_program || (kind != kNotifies && kind != kDecides)) {
    return Failure(EBADMSG, "the monitor's seccomp filter");
  }
  filter.notifies = kind == kNotifies;
  filter.program.resize(bytes.size() / sizeof(sock_filter));
  memcpy(filter.program.data(), bytes.data(), bytes.size());
  return filter;
}

Result<AttachFilter> QueryAttachFilter(const Place& place, Patience patience) {
  const auto answer = Query(place, Command::kSeccompFilter, "", patience);
  if (!answer) return Forward(answer.error());
  return DecodedFilter(answer->body);
}

Status GiveListener(const Place& place, const UniqueFd& listener, Patience patience) {
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  const std::array<int, 1> fds = {listener.get()};
  const auto taken = connection->Ask(Command::kSeccompListener, "", fds);
  if (!taken) return Forward(taken.error());
  return {};
}

}  // namespace lxcspec::runtime
