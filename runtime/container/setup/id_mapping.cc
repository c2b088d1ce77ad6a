// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/id_mapping.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/kernel/idmapped_tree.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

struct Request {
  uint32_t whose = 0;
  uint32_t recursive = 0;
};

// An errno, 0 for success, and what failed.
struct Answer {
  int32_t code = 0;
  char attempted[244] = {};
};

template <typename Record>
std::string_view BytesOf(const Record& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

template <typename Record>
std::span<char> RoomIn(Record& record) {
  return {reinterpret_cast<char*>(&record), sizeof record};
}

std::string SourceOf(const SetupPlan& plan, uint32_t whose) {
  if (whose == kRootfsMapping) return plan.rootfs.options.idmap;
  return whose < plan.entries.size() ? plan.entries[whose].options.idmap : "";
}

Status Map(const SetupPlan& plan, const Request& request, pid_t process, const UniqueFd& tree) {
  const std::string source = SourceOf(plan, request.whose);
  if (source.empty()) return Failure(EINVAL, "nothing is to be mapped there");
  const auto users = OpenIdMapSource(source, process);
  if (!users) return Forward(users.error());
  return MapTree(tree.get(), users->get(), request.recursive != 0);
}

}  // namespace

bool WantsIdMappings(const SetupPlan& plan) {
  return plan.rootfs.options.wants_idmap ||
         std::any_of(plan.entries.begin(), plan.entries.end(),
                     [](const MountRequest& entry) { return entry.options.wants_idmap; });
}

Status AskForIdMapping(const UniqueFd& monitor, uint32_t whose, const UniqueFd& tree,
                       bool recursive) {
  const Request request{.whose = whose, .recursive = recursive ? 1U : 0U};
  const std::array<int, 1> fds = {tree.get()};
  TRY(SendAll(monitor, BytesOf(request), fds));
  Answer answer;
  std::vector<UniqueFd> none;
  const auto count = Receive(monitor, RoomIn(answer), none);
  if (!count) return Forward(count.error());
  if (*count != sizeof answer) return Failure(ECONNRESET, "idmap: the monitor ended");
  if (answer.code == 0) return {};
  return Failure(answer.code, std::string("idmap: ") + answer.attempted);
}

Status AnswerIdMapping(const UniqueFd& init, const SetupPlan& plan, pid_t process) {
  Request request;
  std::vector<UniqueFd> fds;
  const auto count = Receive(init, RoomIn(request), fds);
  if (!count) return Forward(count.error());
  if (*count != sizeof request || fds.size() != 1) return Failure(ECONNRESET, "init ended");
  const Status mapped = Map(plan, request, process, fds.front());
  Answer answer;
  if (!mapped) {
    answer.code = mapped.error().code;
    mapped.error().attempted.copy(answer.attempted, sizeof answer.attempted - 1);
  }
  return SendAll(init, BytesOf(answer));
}

}  // namespace lxcspec::runtime
