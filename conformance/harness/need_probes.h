// SPDX-License-Identifier: Apache-2.0
//
// One probe per need: it does the thing, and returns what it saw or the error that says why not.
// Probes leave nothing behind and run as root in a process of their own namespaces.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NEED_PROBES_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NEED_PROBES_H_

#include <span>
#include <string>
#include <string_view>

#include "conformance/posix/result.h"

namespace lxcspec {

struct NeedProbe {
  std::string_view name;
  Result<std::string> (*run)();
};

std::span<const NeedProbe> AllNeedProbes();

Result<std::string> ProbeNamespaces();
Result<std::string> ProbeUserNamespace();
Result<std::string> ProbePidfd();
Result<std::string> ProbePty();
Result<std::string> ProbeSeccompFilter();
Result<std::string> ProbeSeccompNotify();
Result<std::string> ProbeSeccompNotifyContinue();
Result<std::string> ProbeCompatX86();

// cgroup_need_probes.cc
Result<std::string> ProbeCgroup();
Result<std::string> ProbeCgroup2();
Result<std::string> ProbeCgroup2Hierarchy();
Result<std::string> ProbeCgroup2Devices();
Result<std::string> ProbeCgroupPids();
Result<std::string> ProbeCgroupMemory();
Result<std::string> ProbeCgroupCpu();
Result<std::string> ProbeCgroup1Devices();
Result<std::string> ProbeCgroup1();
Result<std::string> ProbeCgroupLegacy();

// network_need_probes.cc
Result<std::string> ProbeVeth();
Result<std::string> ProbeBridge();
Result<std::string> ProbeBridgeVlan();
Result<std::string> ProbeMacvlan();
Result<std::string> ProbeIpvlan();
Result<std::string> ProbeVlan();
Result<std::string> ProbeNeighbourProxy();

// placement_need_probes.cc
Result<std::string> ProbeTimeNamespace();
Result<std::string> ProbeCoreScheduling();
Result<std::string> ProbeIdmappedMounts();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NEED_PROBES_H_
