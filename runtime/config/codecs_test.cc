// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/codecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>

#include "runtime/config/network_codecs.h"

namespace lxcspec::runtime {
namespace {

const std::string kLongestHost(64, 'h');
const std::string kTooLongHost(65, 'h');

struct Case {
  const char* name;
  Codec codec;
  const char* value;
  // The canonical form, or nothing where the value is refused.
  std::optional<std::string> canonical;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name << "(" << one.value << ")"; }

class CodecTest : public ::testing::TestWithParam<Case> {};

TEST_P(CodecTest, GivesTheCanonicalFormOrRefuses) {
  const auto result = GetParam().codec(GetParam().value);
  ASSERT_EQ(result.has_value(), GetParam().canonical.has_value());
  if (!result) return;
  EXPECT_EQ(*result, *GetParam().canonical);
  const auto again = GetParam().codec(*result);
  ASSERT_TRUE(again.has_value()) << "the canonical form is refused: " << *result;
  EXPECT_EQ(*again, *result);
}

const std::optional<std::string> kRefused;

INSTANTIATE_TEST_SUITE_P(
    Values, CodecTest,
    ::testing::Values(
        Case{"Path", Path, "/a//b/../c", "/a/b/../c"},
        Case{"CgroupPath", CgroupPath, "a//b", "a/b"},
        Case{"CgroupPath", CgroupPath, "/a", kRefused},
        Case{"CgroupPath", CgroupPath, "a/../b", kRefused},
        Case{"CgroupName", CgroupName, "inner", "inner"},
        Case{"CgroupName", CgroupName, "a/b", kRefused},
        Case{"CgroupName", CgroupName, ".", kRefused}, Case{"Boolean", Boolean, "1", "1"},
        Case{"Boolean", Boolean, "2", kRefused}, Case{"Boolean", Boolean, "yes", kRefused},
        Case{"Boolean", Boolean, "-1", kRefused}, Case{"Unsigned", Unsigned, "0x10", "16"},
        Case{"Unsigned", Unsigned, "4294967296", kRefused}, Case{"Signed", Signed, "-5", "-5"},
        Case{"GroupIds", GroupIds, "5", "5"}, Case{"GroupIds", GroupIds, "0x3,4", "3,4"},
        Case{"GroupIds", GroupIds, "3 4", kRefused}, Case{"GroupIds", GroupIds, "1,,2", kRefused},
        Case{"GroupIds", GroupIds, "1,", kRefused},
        Case{"BufferSize", BufferSize, "auto", "131072"},
        Case{"BufferSize", BufferSize, "1", "4096"}, Case{"BufferSize", BufferSize, "5KB", "8192"},
        Case{"BufferSize", BufferSize, "1mb", "1048576"},
        Case{"BufferSize", BufferSize, "2 GB", "2147483648"},
        Case{"BufferSize", BufferSize, "8K", kRefused},
        Case{"BufferSize", BufferSize, "KB", kRefused},
        Case{"BufferSize", BufferSize, "-1", kRefused},
        Case{"BufferSize", BufferSize, "18446744073709551615", kRefused},
        Case{"BufferSize", BufferSize, "17179869184GB", kRefused},
        Case{"HostName", HostName, kLongestHost.c_str(), kLongestHost},
        Case{"HostName", HostName, kTooLongHost.c_str(), kRefused},
        Case{"Signal", Signal, "SIGPWR", "30"}, Case{"Signal", Signal, "KILL", "9"},
        Case{"Signal", Signal, "15", "15"}, Case{"Signal", Signal, "SIGRTMIN+3", "37"},
        Case{"Signal", Signal, "RTMAX-1", "63"}, Case{"Signal", Signal, "0", kRefused},
        Case{"Signal", Signal, "65", kRefused}, Case{"Signal", Signal, "SIGNOTHING", kRefused},
        Case{"Signal", Signal, "SIGRTMIN+99", kRefused},
        Case{"Architecture", Architecture, "amd64", "x86_64"},
        Case{"Architecture", Architecture, "i386", "i686"},
        Case{"Architecture", Architecture, "aarch64", "aarch64"},
        Case{"Architecture", Architecture, "pdp11", kRefused},
        Case{"LogLevel", LogLevel, "debug", "DEBUG"}, Case{"LogLevel", LogLevel, "8", "FATAL"},
        Case{"LogLevel", LogLevel, "9", kRefused}, Case{"LogLevel", LogLevel, "loud", kRefused},
        Case{"SyslogFacility", SyslogFacility, "local7", "local7"},
        Case{"SyslogFacility", SyslogFacility, "mail", kRefused},
        Case{"IdMap", IdMap, "u  0 100000\t65536", "u 0 100000 65536"},
        Case{"IdMap", IdMap, "u 0 100000 0", kRefused}, Case{"IdMap", IdMap, "x 0 0 1", kRefused},
        Case{"IdMap", IdMap, "u 0 0", kRefused},
        Case{"EnvironmentVariable", EnvironmentVariable, "A=b=c", "A=b=c"},
        Case{"ResourceLimit", ResourceLimit, "1024 : unlimited", "1024:unlimited"},
        Case{"ResourceLimit", ResourceLimit, "1:2:3", kRefused},
        Case{"ResourceLimit", ResourceLimit, "many", kRefused},
        Case{"NamespaceName", NamespaceName, "mnt", "mnt"},
        Case{"NamespaceName", NamespaceName, "mount", kRefused},
        Case{"AutoMount", AutoMount, "proc:mixed", "proc:mixed"},
        Case{"AutoMount", AutoMount, "cgroup2:ro", "cgroup2:ro"},
        Case{"AutoMount", AutoMount, "cgroup2:rw", kRefused},
        Case{"AutoMount", AutoMount, "shmounts:/a:/b", "shmounts:/a:/b"},
        Case{"AutoMount", AutoMount, "shmounts:", kRefused},
        Case{"SeccompProxy", SeccompProxy, "unix:/run/p", "unix:/run/p"},
        Case{"SeccompProxy", SeccompProxy, "unix:@name", "unix:@name"},
        Case{"SeccompProxy", SeccompProxy, "unix:relative", kRefused},
        Case{"SeccompProxy", SeccompProxy, "/run/p", kRefused},
        Case{"TimeOffset", TimeOffset, "5s", "5s"}, Case{"TimeOffset", TimeOffset, "-3 ms", "-3ms"},
        Case{"TimeOffset", TimeOffset, "5", kRefused},
        Case{"TimeOffset", TimeOffset, "2d", kRefused},
        Case{"TimeOffset", TimeOffset, "9223372036854775807h", kRefused},
        Case{"TimeOffset", TimeOffset, "9223372036854775808ns", kRefused},
        Case{"TimeOffset", TimeOffset, "1h30m", "90m"},
        Case{"TimeOffset", TimeOffset, "-1s 1ms", "-1001ms"},
        Case{"TimeOffset", TimeOffset, "30m1h", kRefused},
        Case{"TimeOffset", TimeOffset, "1h30", kRefused},
        Case{"TimeOffset", TimeOffset, "1s-1ms", kRefused},
        Case{"TimeOffset", TimeOffset, "--1s", kRefused},
        Case{"TimeOffset", TimeOffset, "s", kRefused},
        Case{"MountEntry", MountEntry, "tmpfs tmp tmpfs", "tmpfs tmp tmpfs"},
        Case{"MountEntry", MountEntry, "tmpfs tmp", kRefused}));

INSTANTIATE_TEST_SUITE_P(
    NetworkValues, CodecTest,
    ::testing::Values(
        Case{"NetworkType", NetworkType, "veth", "veth"},
        Case{"NetworkType", NetworkType, "wifi", kRefused},
        Case{"DeviceName", DeviceName, "eth0", "eth0"},
        Case{"DeviceName", DeviceName, "sixteen-letters-", kRefused},
        Case{"DeviceName", DeviceName, "a/b", kRefused},
        Case{"HardwareAddress", HardwareAddress, "00:16:3e:xx:xx:xx", "00:16:3e:xx:xx:xx"},
        Case{"HardwareAddress", HardwareAddress, "00:16:3e:xx:xx", kRefused},
        Case{"DeviceFlags", DeviceFlags, "up", "up"},
        Case{"DeviceFlags", DeviceFlags, "down", kRefused}, Case{"Mtu", Mtu, "1500", "1500"},
        Case{"Mtu", Mtu, "0", kRefused}, Case{"Mtu", Mtu, "big", kRefused},
        Case{"Ipv4Address", Ipv4Address, "192.0.2.5/24 192.0.2.255", "192.0.2.5/24 192.0.2.255"},
        Case{"Ipv4Address", Ipv4Address, "192.0.2.5/33", kRefused},
        Case{"Ipv4Address", Ipv4Address, "192.0.2", kRefused},
        Case{"Ipv6Address", Ipv6Address, "2001:DB8::0:1/64", "2001:db8::1/64"},
        Case{"Ipv6Address", Ipv6Address, "2001:db8::1/200", kRefused},
        Case{"Ipv4Gateway", Ipv4Gateway, "dev", "dev"},
        Case{"Ipv4Gateway", Ipv4Gateway, "192.0.2.1", "192.0.2.1"},
        Case{"Ipv4Gateway", Ipv4Gateway, "2001:db8::1", kRefused},
        Case{"Ipv6Gateway", Ipv6Gateway, "auto", "auto"},
        Case{"Ipv4Route", Ipv4Route, "192.0.2.0/0x18", "192.0.2.0/24"},
        Case{"Ipv4Route", Ipv4Route, "192.0.2.0", kRefused},
        Case{"Ipv6Route", Ipv6Route, "2001:db8::/32", "2001:db8::/32"},
        Case{"MacvlanMode", MacvlanMode, "passthru", "passthru"},
        Case{"IpvlanMode", IpvlanMode, "L3", kRefused},
        Case{"IpvlanIsolation", IpvlanIsolation, "vepa", "vepa"},
        Case{"VethMode", VethMode, "router", "router"}, Case{"VlanId", VlanId, "4094", "4094"},
        Case{"VlanId", VlanId, "4095", kRefused}, Case{"VlanId", VlanId, "none", kRefused},
        Case{"VlanIdOrNone", VlanIdOrNone, "none", "none"}));

TEST(EnvironmentVariableTest, ANameAloneIsInherited) {
  setenv("LXCSPEC_TEST_INHERITED", "from here", 1);
  EXPECT_EQ(EnvironmentVariable("LXCSPEC_TEST_INHERITED").value(),
            "LXCSPEC_TEST_INHERITED=from here");
}

TEST(EnvironmentVariableTest, ANameThatIsNotThereFailsWithEnoent) {
  unsetenv("LXCSPEC_TEST_ABSENT");
  EXPECT_EQ(EnvironmentVariable("LXCSPEC_TEST_ABSENT").error().code, ENOENT);
}

TEST(CodecErrorTest, NamesTheValueAndWhatWasWanted) {
  EXPECT_EQ(Boolean("2").error().attempted, "\"2\" is not 0 or 1");
}

}  // namespace
}  // namespace lxcspec::runtime
