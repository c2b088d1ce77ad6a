// SPDX-License-Identifier: Apache-2.0
//
// Containers with four network interfaces, as a client of the library starts and ends them: what
// the host has of their network while they run, and that it has nothing of it afterwards. The host
// is a network namespace of the test's own.
//
// LXCSPEC_CYCLES says how often a container is started and stopped; network_cycles_test has many.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clients/client_library.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"
#include "runtime/kernel/network_sysctl.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::Not;

constexpr char kIdle[] = "runtime/container/testdata/idle";
constexpr std::chrono::seconds kPatience(10);

class PrivateMachine : public ::testing::Environment {
 public:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNS | CLONE_NEWNET), 0) << strerror(errno);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    fs::create_directories("/run/lxc");
    ASSERT_EQ(mount("tmpfs", "/run/lxc", "tmpfs", 0, "size=1m"), 0) << strerror(errno);
  }
};

const auto* const kMachine = ::testing::AddGlobalTestEnvironment(new PrivateMachine);

// What the host has: devices with what a container may change of them, routes, and the addresses
// that it answers for. Without what the kernel counts and times.
struct HostNetwork {
  std::set<std::string> devices;
  std::multiset<std::string> routes;
  std::multiset<std::string> proxies;
  bool operator==(const HostNetwork&) const = default;
};

class NetworkClientTest : public ::testing::Test {
 protected:
  NetworkClientTest() : folder_(MakeFolder()), container_("net", (folder_ / "lxc").string()) {}

  void SetUp() override {
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    // Link-local addresses come when the kernel has tried them, which may be at any time.
    ASSERT_TRUE(SetNetworkSysctl("net/ipv6/conf/all/disable_ipv6", "1"));
    ASSERT_TRUE(SetNetworkSysctl("net/ipv6/conf/default/disable_ipv6", "1"));
    ASSERT_TRUE(CreateLink(*host_, "bridge", 0, {.name = "br0"}, nullptr));
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev2", .mtu = 1450}, {.name = "dev3"}));
    for (const char* name : {"lo", "br0", "dev0", "dev1"}) SetUpDevice(name);
    ASSERT_TRUE(SetNetworkSysctl("net/ipv4/conf/dev0/forwarding", "1"));
    ASSERT_NE(container_.get(), nullptr);
    Configure();
  }

  void TearDown() override {
    if (container_.State() != "STOPPED") {
      EXPECT_TRUE(container_.Stop());
    }
    for (const char* name : {"br0", "dev0", "dev2"}) {
      const auto link = FindLink(*host_, name);
      if (link) {
        EXPECT_TRUE(DeleteLink(*host_, link->index, "delete"));
      }
    }
    fs::remove_all(folder_);
  }

  void Set(const std::string& key, const std::string& value) {
    EXPECT_TRUE(container_.Set(key, value)) << key << ": " << container_.error();
  }

  void Configure() {
    Set("lxc.rootfs.path", "dir:" + (folder_ / "root").string());
    Set("lxc.init.cmd", "/idle");
    Set("lxc.net.0.type", "veth");
    Set("lxc.net.0.link", "br0");
    Set("lxc.net.0.flags", "up");
    Set("lxc.net.0.ipv4.address", "192.0.2.5/24");
    Set("lxc.net.0.veth.ipv4.route", "198.51.100.0/24");
    Set("lxc.net.1.type", "veth");
    Set("lxc.net.1.veth.mode", "router");
    Set("lxc.net.1.veth.pair", "pair1");
    Set("lxc.net.1.flags", "up");
    Set("lxc.net.1.ipv4.address", "10.0.0.5/32");
    Set("lxc.net.1.ipv4.gateway", "169.254.0.1");
    Set("lxc.net.7.type", "macvlan");
    Set("lxc.net.7.link", "dev0");
    Set("lxc.net.7.l2proxy", "1");
    Set("lxc.net.7.ipv4.address", "203.0.113.5/24");
    Set("lxc.net.70.type", "phys");
    Set("lxc.net.70.link", "dev2");
    Set("lxc.net.70.name", "phys0");
    Set("lxc.net.70.mtu", "1300");
  }

  HostNetwork Host() {
    HostNetwork seen;
    const auto links = Links(*host_);
    EXPECT_TRUE(links);
    for (const Link& link : links.value_or(std::vector<Link>())) {
      seen.devices.insert(link.name + " " + std::to_string(link.index) + " " +
                          std::to_string(link.mtu) + " " + std::to_string(link.master) + " " +
                          link.kind);
    }
    EXPECT_TRUE(host_->Dump(NetlinkRequest(RTM_GETROUTE, NLM_F_DUMP).Add(rtmsg{}), "routes",
                            [&](uint16_t, std::string_view body) {
                              seen.routes.insert(Lasting(body, sizeof(rtmsg), RTA_CACHEINFO));
                            }));
    ndmsg proxies = {};
    proxies.ndm_flags = NTF_PROXY;
    EXPECT_TRUE(host_->Dump(NetlinkRequest(RTM_GETNEIGH, NLM_F_DUMP).Add(proxies), "proxies",
                            [&](uint16_t, std::string_view body) {
                              seen.proxies.insert(Lasting(body, sizeof(ndmsg), NDA_CACHEINFO));
                            }));
    return seen;
  }

  std::set<std::string> DeviceNames() {
    std::set<std::string> names;
    const auto links = Links(*host_);
    for (const Link& link : links.value_or(std::vector<Link>())) names.insert(link.name);
    return names;
  }

  // The attributes, without those that tell the time.
  static std::string Lasting(std::string_view body, size_t fixed, uint16_t timed) {
    std::string text;
    for (const auto& [type, value] : ParseAttributes(body, fixed)) {
      if (type != timed) text += std::to_string(type) + "=" + std::string(value) + ";";
    }
    return text;
  }

  bool Eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      poll(nullptr, 0, 10);
    }
    return true;
  }

  pid_t MonitorOf(pid_t init) {
    std::ifstream file("/proc/" + std::to_string(init) + "/status");
    std::string line;
    while (std::getline(file, line)) {
      if (line.starts_with("PPid:")) return atoi(line.substr(5).c_str());
    }
    return -1;
  }

  ClientContainer& container() { return container_; }
  NetlinkSocket& host() { return *host_; }

 private:
  static fs::path MakeFolder() {
    std::string name = (fs::temp_directory_path() / "lxcnet.XXXXXX").string();
    const fs::path folder = mkdtemp(name.data());
    for (const char* inner : {"lxc", "root/dev", "root/proc", "root/sys"}) {
      fs::create_directories(folder / inner);
    }
    fs::copy_file(kIdle, folder / "root/idle");
    return folder;
  }

  void SetUpDevice(const std::string& name) {
    const auto link = FindLink(*host_, name);
    ASSERT_TRUE(link);
    ASSERT_TRUE(ChangeLink(*host_, link->index, {.up = true}, "up"));
  }

  fs::path folder_;
  ClientContainer container_;
  std::optional<NetlinkSocket> host_;
};

TEST_F(NetworkClientTest, TheHostIsAfterEachStopAsItWasBefore) {
  // Once before anything is compared: a bridge's first port changes the bridge.
  ASSERT_TRUE(container().Start()) << container().error();
  EXPECT_THAT(DeviceNames(), Contains("pair1"));
  EXPECT_THAT(DeviceNames(), Not(Contains("dev2")));
  ASSERT_TRUE(container().Stop());
  const HostNetwork before = Host();
  const char* const cycles = getenv("LXCSPEC_CYCLES");
  for (int cycle = cycles != nullptr ? atoi(cycles) : 2; cycle > 0; --cycle) {
    ASSERT_TRUE(container().Start()) << container().error();
    ASSERT_TRUE(container().Stop()) << container().error();
  }
  const HostNetwork after = Host();
  EXPECT_EQ(after.devices, before.devices);
  EXPECT_EQ(after.routes, before.routes);
  EXPECT_EQ(after.proxies, before.proxies);
}

TEST_F(NetworkClientTest, TheHostIsAsItWasAfterItsInitWasKilled) {
  ASSERT_TRUE(container().Start()) << container().error();
  ASSERT_TRUE(container().Stop());
  const HostNetwork before = Host();
  ASSERT_TRUE(container().Start()) << container().error();
  ASSERT_EQ(kill(container()->init_pid(container().get()), SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] { return container().State() == "STOPPED"; }));
  EXPECT_EQ(Host(), before);
}

TEST_F(NetworkClientTest, WhatAKilledMonitorLeavesGoesWhenSomebodyAsks) {
  const auto link = FindLink(host(), "dev0");
  ASSERT_TRUE(link);
  const auto address = ParseIpAddress(AF_INET, "203.0.113.5");
  ASSERT_TRUE(container().Start()) << container().error();
  EXPECT_EQ(HasProxyNeighbour(host(), link->index, *address), true);
  const pid_t monitor = MonitorOf(container()->init_pid(container().get()));
  ASSERT_GT(monitor, 1);
  ASSERT_EQ(kill(monitor, SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] { return container().State() == "STOPPED"; }));
  EXPECT_EQ(HasProxyNeighbour(host(), link->index, *address), false);
  EXPECT_TRUE(Eventually([&] { return !DeviceNames().contains("pair1"); }));
}

TEST_F(NetworkClientTest, AFailedStartLeavesNothing) {
  const HostNetwork before = Host();
  Set("lxc.net.71.type", "phys");
  Set("lxc.net.71.link", "absent0");
  EXPECT_FALSE(container().Start());
  EXPECT_THAT(container().error(), ::testing::HasSubstr("lxc.net.71: network device absent0"));
  EXPECT_EQ(Host(), before);
}

}  // namespace
}  // namespace lxcspec::runtime
