// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/device_programs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

int Bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof(attributes)));
}

}  // namespace

Result<std::set<uint32_t>> DeviceProgramsOf(const std::string& folder) {
  const UniqueFd cgroup(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup) return FailErrno("open " + folder);
  std::array<uint32_t, 64> ids = {};
  bpf_attr attributes = {};
  attributes.query.target_fd = static_cast<uint32_t>(cgroup.get());
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.query_flags = BPF_F_QUERY_EFFECTIVE;
  attributes.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
  attributes.query.prog_cnt = ids.size();
  if (Bpf(BPF_PROG_QUERY, attributes) != 0) return FailErrno("bpf(BPF_PROG_QUERY, " + folder + ")");
  return std::set<uint32_t>(ids.begin(), ids.begin() + attributes.query.prog_cnt);
}

Result<std::string> NameOfProgram(uint32_t id) {
  bpf_attr by_id = {};
  by_id.prog_id = id;
  const UniqueFd program(Bpf(BPF_PROG_GET_FD_BY_ID, by_id));
  if (!program) return FailErrno(fmt::format("bpf(BPF_PROG_GET_FD_BY_ID, {})", id));
  bpf_prog_info info = {};
  bpf_attr attributes = {};
  attributes.info.bpf_fd = static_cast<uint32_t>(program.get());
  attributes.info.info_len = sizeof(info);
  attributes.info.info = reinterpret_cast<uintptr_t>(&info);
  if (Bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return FailErrno("bpf(BPF_OBJ_GET_INFO_BY_FD)");
  return std::string(info.name);
}

}  // namespace lxcspec
