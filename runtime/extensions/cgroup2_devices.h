// SPDX-License-Identifier: Apache-2.0
//
// The extension cgroup2_devices: which devices a container may use, as
// lxc.cgroup2.devices.{allow,deny} and lxc.cgroup.devices.{allow,deny} say it.
// spec/extensions/cgroup2_devices.md
//
// Rules of version 2 are a program at the payload's cgroup2 folder, those of version 1 are written
// to the payload's files. Where both versions are there, both must allow. Where only one is, rules
// of the other are what it enforces if it has none of its own: none are without effect.

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_DEVICES_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_DEVICES_H_

#include <optional>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"
#include "runtime/kernel/device_program.h"
#include "runtime/kernel/device_rules.h"
#include "runtime/kernel/device_table.h"

namespace lxcspec::runtime {

// The payload's cgroups that can limit devices; null where there is none.
struct DevicePlaces {
  const Cgroup* first = nullptr;
  const Cgroup* second = nullptr;
  // Below the first one, where that is not the processes' own.
  const Cgroup* first_inner = nullptr;
};

// Before a payload of version 1 has an inner cgroup: a rule for everything is not taken afterwards.
// Leaves every device allowed until the rules are applied.
Status PrepareDeviceRules(const Config& config, const Cgroup& first, CgroupLayout layout);

class DeviceLimits {
 public:
  // Enforces what the configuration says, instead of what was said before. ENOSYS where nothing
  // can enforce it, EINVAL for what is no rule: never less than all of it.
  Status Apply(const Config& config, const DevicePlaces& places, CgroupLayout layout);

  // One more rule, at once in force.
  Status Add(bool allow, std::string_view text, const DevicePlaces& places);

  bool HasProgram() const { return now_.has_value(); }
  // Has what the next change of all rules needs made before, when nobody waits for it: a table and
  // its program, which the verifier has walked. Such a change then takes filling the table, and one
  // call that exchanges the programs.
  void GetReady();

 private:
  struct Enforced {
    // What the program looks into; none where it holds the rules itself.
    std::optional<DeviceTable> table;
    DeviceProgram program;
  };

  static Result<Enforced> Load(const DeviceRules& rules);
  // What was made before, with these rules in it; nothing where there is none that can have them.
  std::optional<Enforced> Ready(const DeviceRules& rules);

  // Makes these the program's rules; the ones before stay in force until then.
  Status Enforce(DeviceRules rules, const Cgroup& cgroup);
  // Adds a rule about one device to the table. False, and nothing changed, where there is no table
  // or it cannot have it.
  bool AddToTable(const DeviceRule& rule);

  DeviceRules rules_;
  std::optional<Enforced> now_;
  // For the next change of all rules, and what was in force before the last one, which takes longer
  // to be given back than to be exchanged.
  std::optional<Enforced> next_;
  std::optional<Enforced> before_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_DEVICES_H_
