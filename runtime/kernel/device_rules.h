// SPDX-License-Identifier: Apache-2.0
//
// Which devices may be used: rules as lxc.cgroup2.devices.allow and .deny have them, and what a
// list of them means. The meaning is stated here once, plainly; the program in the kernel
// (device_program.h) is held against it.
//
// A list is of one of two kinds. An allowlist denies what no rule allows, a denylist allows what
// no rule denies. A rule for everything ("a") empties the list and decides its kind; without one
// the first rule does. A rule against the kind of its list takes back what a rule for exactly the
// same devices said, and means nothing otherwise; but where no rule for everything has decided the
// kind, a denial takes back what it names from every rule that names some of it, also from those to
// come. What is asked for at once must be allowed
// altogether: who may not read may not open for reading and writing.

#ifndef LXCSPEC_RUNTIME_KERNEL_DEVICE_RULES_H_
#define LXCSPEC_RUNTIME_KERNEL_DEVICE_RULES_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// As BPF_DEVCG_DEV_* of linux/bpf.h number them.
enum class DeviceType : uint32_t { kBlock = 1, kCharacter = 2 };

// Sets of accesses, as BPF_DEVCG_ACC_*.
inline constexpr uint32_t kMayMake = 1;
inline constexpr uint32_t kMayRead = 2;
inline constexpr uint32_t kMayWrite = 4;
inline constexpr uint32_t kMayAll = kMayMake | kMayRead | kMayWrite;

// Numbers that a device can have: 12 bits and 20.
inline constexpr uint32_t kMajors = 1U << 12;
inline constexpr uint32_t kMinors = 1U << 20;

struct DeviceRule {
  bool allow = false;
  bool block = false;
  bool character = false;
  // Any, where there is none.
  std::optional<uint32_t> major;
  std::optional<uint32_t> minor;
  uint32_t access = 0;

  // All devices and all accesses.
  bool IsForEverything() const;
};

// Devices of one type that rules name together.
struct DeviceSet {
  DeviceType type = DeviceType::kBlock;
  // Any, where there is none.
  std::optional<uint32_t> major;
  std::optional<uint32_t> minor;

  auto operator<=>(const DeviceSet&) const = default;
};

// `a`, or `<a|b|c> <major|*>:<minor|*> <some of rwm>`, or `<path of a device> [<some of rwm>]`.
// EINVAL for anything else, ENODEV for a path that is no device.
Result<DeviceRule> ParseDeviceRule(bool allow, std::string_view text);

class DeviceRules {
 public:
  void Add(const DeviceRule& rule);

  // Without any rule there ever was, nothing is restricted.
  bool Restrict() const { return is_allowlist_.has_value(); }
  bool IsAllowlist() const { return is_allowlist_.value_or(false); }
  // Whether a rule for everything has decided the kind.
  bool IsDecided() const { return is_decided_; }
  // What rules of the list's own kind say and none has taken back.
  const std::map<DeviceSet, uint32_t>& accesses() const { return accesses_; }

  // The accesses that are allowed.
  uint32_t Allowed(DeviceType type, uint32_t major, uint32_t minor) const;
  // Whether all of `access` is. Where nothing is allowed, not even asking for nothing is.
  bool Permits(DeviceType type, uint32_t major, uint32_t minor, uint32_t access) const;

 private:
  void AddOne(const DeviceSet& devices, const DeviceRule& rule);

  void Deny(const DeviceSet& devices, uint32_t access);

  std::optional<bool> is_allowlist_;
  bool is_decided_ = false;
  std::map<DeviceSet, uint32_t> accesses_;
  // What denials have named in an allowlist whose kind is not decided.
  std::map<DeviceSet, uint32_t> denied_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DEVICE_RULES_H_
