// SPDX-License-Identifier: Apache-2.0
//
// Containers with four network interfaces, as a client of the library starts and ends them: what
// the host has of their network while they run, and that it has nothing of it afterwards. The host
// is a network namespace of the test's own.
//
// LXCSPEC_CYCLES says how often a container is started and stopped; network_cycles_test has many.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
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
#include <ostream>
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
using ::testing::HasSubstr;
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

// What the host has, as the kernel lists it: devices, routes, neighbours, and the addresses that it
// answers for. Without what the kernel counts and times.
struct HostNetwork {
  std::multiset<std::string> devices;
  std::multiset<std::string> routes;
  std::multiset<std::string> neighbours;
  std::multiset<std::string> proxies;

  bool operator==(const HostNetwork&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const HostNetwork& network) {
    for (const auto* list :
         {&network.devices, &network.routes, &network.neighbours, &network.proxies}) {
      for (const std::string& entry : *list) out << "\n  " << entry;
    }
    return out;
  }
};

// Numbers of packets and of changes; and of the kinds' own attributes, those of bridges are timers.
const std::set<uint16_t> kCountedOfLinks = {
    IFLA_STATS,           IFLA_STATS64,          IFLA_AF_SPEC,           IFLA_LINKINFO,
    IFLA_CARRIER_CHANGES, IFLA_CARRIER_UP_COUNT, IFLA_CARRIER_DOWN_COUNT};

// Of a group's address: the kernel has it from the reports that it sends by itself, whenever it
// does.
bool IsOfGroup(std::string_view neighbour) {
  ndmsg header;
  if (neighbour.size() < sizeof header) return false;
  memcpy(&header, neighbour.data(), sizeof header);
  return header.ndm_type == RTN_MULTICAST;
}

std::string InHex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

enum class Ids { kOwn, kMapped };
constexpr uid_t kFirstMapped = 231072;

class NetworkClientTest : public ::testing::TestWithParam<Ids> {
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
    // What a bridge has of its own depends on whether it has a port that is up.
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev4"}, {.name = "dev5"}));
    const auto bridge = FindLink(*host_, "br0");
    const auto port = FindLink(*host_, "dev4");
    ASSERT_TRUE(bridge && port);
    ASSERT_TRUE(ChangeLink(*host_, port->index, {.master = bridge->index}, "attach"));
    for (const char* name : {"lo", "br0", "dev0", "dev1", "dev4", "dev5"}) SetUpDevice(name);
    ASSERT_TRUE(Eventually([&] { return (FindLink(*host_, "br0")->flags & IFF_RUNNING) != 0; }));
    ASSERT_TRUE(SetNetworkSysctl("net/ipv4/conf/dev0/forwarding", "1"));
    ASSERT_NE(container_.get(), nullptr);
    Configure();
  }

  void TearDown() override {
    if (container_.State() != "STOPPED") {
      EXPECT_TRUE(container_.Stop());
    }
    for (const char* name : {"br0", "dev0", "dev2", "dev4"}) {
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
    if (GetParam() == Ids::kMapped) {
      Set("lxc.idmap", "u 0 231072 65536");
      Set("lxc.idmap", "g 0 231072 65536");
    }
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
    seen.devices = List(NetlinkRequest(RTM_GETLINK, NLM_F_DUMP).Add(ifinfomsg{}), sizeof(ifinfomsg),
                        kCountedOfLinks);
    seen.routes =
        List(NetlinkRequest(RTM_GETROUTE, NLM_F_DUMP).Add(rtmsg{}), sizeof(rtmsg), {RTA_CACHEINFO});
    ndmsg neighbours = {};
    seen.neighbours = List(NetlinkRequest(RTM_GETNEIGH, NLM_F_DUMP).Add(neighbours), sizeof(ndmsg),
                           {NDA_CACHEINFO, NDA_PROBES});
    neighbours.ndm_flags = NTF_PROXY;
    seen.proxies = List(NetlinkRequest(RTM_GETNEIGH, NLM_F_DUMP).Add(neighbours), sizeof(ndmsg),
                        {NDA_CACHEINFO});
    return seen;
  }

  // Each entry's fixed part and attributes but some.
  std::multiset<std::string> List(const NetlinkRequest& request, size_t fixed,
                                  const std::set<uint16_t>& but) {
    std::multiset<std::string> entries;
    EXPECT_TRUE(host_->Dump(request, "list", [&](uint16_t type, std::string_view body) {
      if (type == RTM_NEWNEIGH && IsOfGroup(body)) return;
      std::string text = InHex(body.substr(0, fixed));
      for (const auto& [attribute, value] : ParseAttributes(body, fixed)) {
        if (!but.contains(attribute)) text += fmt::format(" {}={}", attribute, InHex(value));
      }
      entries.insert(text);
    }));
    return entries;
  }

  std::set<std::string> DeviceNames() {
    std::set<std::string> names;
    const auto links = Links(*host_);
    for (const Link& link : links.value_or(std::vector<Link>())) names.insert(link.name);
    return names;
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
  const fs::path& folder() const { return folder_; }
  NetlinkSocket& host() { return *host_; }

 private:
  static fs::path MakeFolder() {
    std::string name = "/tmp/lxcspec-net-XXXXXX";
    fs::path folder = mkdtemp(name.data());
    for (const char* inner : {"lxc", "root/dev", "root/proc", "root/sys"}) {
      fs::create_directories(folder / inner);
    }
    fs::copy_file(kIdle, folder / "root/idle");
    fs::permissions(folder, fs::perms{0755});
    fs::permissions(folder / "root/idle", fs::perms{0755});
    if (GetParam() == Ids::kOwn) return folder;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "root")) {
      EXPECT_EQ(lchown(entry.path().c_str(), kFirstMapped, kFirstMapped), 0);
    }
    EXPECT_EQ(lchown((folder / "root").c_str(), kFirstMapped, kFirstMapped), 0);
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

TEST_P(NetworkClientTest, TheHostIsAfterEachStopAsItWasBefore) {
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
  EXPECT_EQ(Host(), before);
}

TEST_P(NetworkClientTest, TheHostIsAsItWasAfterItsInitWasKilled) {
  ASSERT_TRUE(container().Start()) << container().error();
  ASSERT_TRUE(container().Stop());
  const HostNetwork before = Host();
  ASSERT_TRUE(container().Start()) << container().error();
  ASSERT_EQ(kill(container()->init_pid(container().get()), SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] { return container().State() == "STOPPED"; }));
  EXPECT_EQ(Host(), before);
}

TEST_P(NetworkClientTest, WhatAKilledMonitorLeavesGoesWhenSomebodyAsks) {
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

TEST_P(NetworkClientTest, AFailedStartLeavesNothing) {
  const HostNetwork before = Host();
  Set("lxc.net.71.type", "phys");
  Set("lxc.net.71.link", "absent0");
  EXPECT_FALSE(container().Start());
  EXPECT_THAT(container().error(), HasSubstr("lxc.net.71: network device absent0"));
  EXPECT_EQ(Host(), before);
}

TEST_P(NetworkClientTest, ARefusalOfTheKernelIsToldInItsWords) {
  Set("lxc.net.0.veth.ipv4.route", "192.0.2.77/24");
  EXPECT_FALSE(container().Start());
  EXPECT_THAT(container().error(), HasSubstr("lxc.net.0: add the route 192.0.2.77/24 ("));
}

TEST_P(NetworkClientTest, ContainersHaveTheirOwnNetworkOrTheirStarters) {
  for (const auto& [type, own] : {std::pair("empty", true), std::pair("none", false)}) {
    Set("lxc.net", "");
    Set("lxc.net.3.type", type);
    ASSERT_TRUE(container().Start()) << type << container().error();
    const std::string init = std::to_string(container()->init_pid(container().get()));
    const bool same =
        fs::read_symlink("/proc/" + init + "/ns/net") == fs::read_symlink("/proc/self/ns/net");
    EXPECT_EQ(same, !own) << type;
    ASSERT_TRUE(container().Stop());
  }
}

TEST_P(NetworkClientTest, ScriptsAreToldWhatTheyAreFor) {
  const std::string heard = (folder() / "heard").string();
  const std::string script = (folder() / "script").string();
  std::ofstream(script) << "#!/bin/sh\necho \"$@\" $LXC_NET_TYPE $LXC_NET_PARENT $LXC_NET_PEER >> "
                        << heard << "\n";
  fs::permissions(script, fs::perms{0755});
  Set("lxc.net", "");
  Set("lxc.net.5.type", "veth");
  Set("lxc.net.5.link", "br0");
  Set("lxc.net.5.veth.pair", "pair5");
  Set("lxc.net.5.script.up", script);
  Set("lxc.net.5.script.down", script);
  ASSERT_TRUE(container().Start()) << container().error();
  ASSERT_TRUE(container().Stop());
  std::ifstream lines(heard);
  for (const std::string type : {"up", "down"}) {
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "net net " + type + " veth br0 pair5 veth br0 pair5");
  }
}

TEST_P(NetworkClientTest, AScriptThatFailsFailsTheStartAndLeavesNothing) {
  const HostNetwork before = Host();
  Set("lxc.net.1.script.up", "/bin/false");
  EXPECT_FALSE(container().Start());
  EXPECT_THAT(container().error(), HasSubstr("/bin/false"));
  EXPECT_EQ(Host(), before);
}

INSTANTIATE_TEST_SUITE_P(All, NetworkClientTest, ::testing::Values(Ids::kOwn, Ids::kMapped),
                         [](const auto& each) {
                           return each.param == Ids::kOwn ? "OwnIds" : "MappedIds";
                         });

}  // namespace
}  // namespace lxcspec::runtime
