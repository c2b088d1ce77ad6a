// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/confinement.h"

#include <fmt/format.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kDefaultProfile = "lxc-container-default-cgns";
constexpr std::string_view kUnconfined = "unconfined";

std::string First(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

}  // namespace

Result<Confinement> PlanConfinement(const Config& config, const LsmState& state,
                                    const std::function<bool(std::string_view)>& has_profile) {
  Confinement confinement;
  const std::string profile = First(config, "lxc.apparmor.profile");
  if (state.apparmor && profile != "unchanged") {
    if (profile == "generated") return Failure(ENOTSUP, "lxc.apparmor.profile: generated");
    const bool confined = state.apparmor_label != kUnconfined;
    if (!profile.empty()) {
      if (confined || profile != kUnconfined) confinement.apparmor = profile;
    } else if (!confined && has_profile(kDefaultProfile)) {
      confinement.apparmor = kDefaultProfile;
    }
  }
  // What LXC documents as the context that changes nothing.
  const std::string context = First(config, "lxc.selinux.context");
  if (state.selinux && context != "unconfined_t") confinement.selinux = context;
  return confinement;
}

}  // namespace lxcspec::runtime
