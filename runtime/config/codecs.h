// SPDX-License-Identifier: Apache-2.0
//
// The types of configuration values: each codec checks a value as it was written and returns its
// canonical text, which a getter prints and which the same codec accepts again. A value that is
// kept has been through its codec, so reading it back as a number cannot fail.
//
// All fail with EINVAL unless said otherwise. The empty value never reaches a codec: it clears.

#ifndef LXCSPEC_RUNTIME_CONFIG_CODECS_H_
#define LXCSPEC_RUNTIME_CONFIG_CODECS_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

using Codec = Result<std::string> (*)(std::string_view value);

// Any text, kept as it is.
Result<std::string> Text(std::string_view value);
// A path, with repeated slashes made one.
Result<std::string> Path(std::string_view value);
// Below a cgroup: relative, without "..", with repeated slashes made one.
Result<std::string> CgroupPath(std::string_view value);
// One component of such a path.
Result<std::string> CgroupName(std::string_view value);
// 0 or 1.
Result<std::string> Boolean(std::string_view value);
// A number of 32 bits, without and with a sign; 0x and 0 prefixes are understood.
Result<std::string> Unsigned(std::string_view value);
Result<std::string> Signed(std::string_view value);
// Bytes: `auto` for 128 KiB, or a number with KB, MB or GB; rounded up to a power of two of at
// least a page, in bytes. At most 2^62.
Result<std::string> BufferSize(std::string_view value);
// What sethostname(2) takes.
Result<std::string> HostName(std::string_view value);
// Numbers of groups with commas between, and no blanks.
Result<std::string> GroupIds(std::string_view value);
// A signal's number, or its name with or without SIG, RTMIN+n and RTMAX-n included; as a number.
Result<std::string> Signal(std::string_view value);
// An architecture as uname(1) or a distribution names it.
Result<std::string> Architecture(std::string_view value);
// trace ... fatal in any case, or 0 to 8; as a name in capitals.
Result<std::string> LogLevel(std::string_view value);
// daemon, local0 ... local7.
Result<std::string> SyslogFacility(std::string_view value);
// `u|g <first inside> <first outside> <count>`.
Result<std::string> IdMap(std::string_view value);
// NAME=value, or NAME alone for the value that this process has; ENOENT where it has none.
Result<std::string> EnvironmentVariable(std::string_view value);
// `<soft>[:<hard>]`, numbers or `unlimited`.
Result<std::string> ResourceLimit(std::string_view value);
// A name of a namespace: mnt pid net ipc uts user cgroup time.
Result<std::string> NamespaceName(std::string_view value);
// One word of lxc.mount.auto.
Result<std::string> AutoMount(std::string_view value);
// `unix:/absolute/path` or `unix:@name`, as long as a socket address may be.
Result<std::string> SeccompProxy(std::string_view value);
// A signed whole number and a unit: h m s ms us ns. Several of them, largest unit first, become
// one. ERANGE beyond 64 bits of nanoseconds.
Result<std::string> TimeOffset(std::string_view value);
// Nothing but a line of fstab(5) with at least three fields.
Result<std::string> MountEntry(std::string_view value);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_CODECS_H_
