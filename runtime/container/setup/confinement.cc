// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/confinement.h"

#include <fmt/format.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kDefaultProfile = "lxc-container-default-cgns";
constexpr std::string_view kNestingProfile = "lxc-container-default-with-nesting";
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
  const bool confined = state.apparmor_label != kUnconfined;
  if (!state.apparmor || profile == "unchanged") {
    // Nothing to do.
  } else if (profile == "generated") {
    const bool nesting = First(config, "lxc.apparmor.allow_nesting") == "1";
    const std::string_view installed = nesting ? kNestingProfile : kDefaultProfile;
    if (!confined && !has_profile(installed)) {
      return Failure(ENOTSUP, fmt::format("lxc.apparmor.profile: nothing is generated here, and "
                                          "the profile {} is not loaded",
                                          installed));
    }
    if (!confined) confinement.apparmor = installed;
  } else if (!profile.empty()) {
    if (confined || profile != kUnconfined) confinement.apparmor = profile;
  } else if (!confined && has_profile(kDefaultProfile)) {
    confinement.apparmor = kDefaultProfile;
  }
  // What LXC documents as the context that changes nothing.
  const std::string context = First(config, "lxc.selinux.context");
  if (state.selinux && context != "unconfined_t") confinement.selinux = context;
  return confinement;
}

Confinement PlanAttachedConfinement(const LsmState& state, const LsmLabels& own,
                                    const LsmLabels& of_init,
                                    const std::optional<std::string>& asked) {
  Confinement confinement;
  if (state.apparmor) confinement.apparmor = asked.value_or(of_init.apparmor);
  if (state.selinux) {
    confinement.selinux = state.apparmor ? of_init.selinux : asked.value_or(of_init.selinux);
  }
  if (confinement.apparmor == own.apparmor) confinement.apparmor.clear();
  if (confinement.selinux == own.selinux) confinement.selinux.clear();
  return confinement;
}

Status Confine(const Confinement& confinement, int proc, LabelMoment moment) {
  const auto saying = [](const char* key, const Status& done) -> Status {
    if (done) return {};
    return Failure(done.error().code, fmt::format("{}: {}", key, done.error().attempted));
  };
  if (!confinement.apparmor.empty()) {
    TRY(saying("lxc.apparmor.profile", SetAppArmorLabel(proc, confinement.apparmor, moment)));
  }
  if (confinement.selinux.empty()) return {};
  return saying("lxc.selinux.context", SetSelinuxContext(proc, confinement.selinux, moment));
}

}  // namespace lxcspec::runtime
