// SPDX-License-Identifier: Apache-2.0
//
// Containers of an ordinary user with an interface on a bridge of the host, by way of newuidmap(1)
// and lxc-user-nic(1).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clients/client_library.h"
#include "runtime/clients/ordinary_user_machine.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

constexpr char kIdle[] = "runtime/container/testdata/idle";
constexpr std::chrono::seconds kPatience(20);

class Machine : public ::testing::Environment {
 public:
  void SetUp() override { MakeOrdinaryUsersMachine(); }
};

const auto* const kMachine = ::testing::AddGlobalTestEnvironment(new Machine);

using Items = std::vector<std::pair<std::string, std::string>>;

const Items kOnBridge = {{"lxc.net.0.type", "veth"},
                         {"lxc.net.0.link", "br0"},
                         {"lxc.net.0.flags", "up"},
                         {"lxc.net.0.hwaddr", "02:00:5e:00:00:05"},
                         {"lxc.net.0.ipv4.address", "192.0.2.5/24"},
                         {"lxc.net.0.ipv4.gateway", "192.0.2.1"}};

bool Eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, 10);
  }
  return true;
}

// Of an interface that is up and has what was asked for; empty where something is missing.
std::string NameInside(pid_t init) {
  const auto pidfd = OpenPidfd(init);
  if (!pidfd) return "";
  auto inside = NetlinkSocket::OpenOf(*pidfd, init);
  if (!inside) return "";
  const auto links = Links(*inside);
  if (!links) return "";
  for (const Link& link : *links) {
    if (link.address != ParseHardwareAddress("02:00:5e:00:00:05")) continue;
    const auto addresses = AddressesOf(*inside, link.index, AF_INET);
    const bool right = addresses && addresses->size() == 1 &&
                       addresses->front() == ParseIpPrefix(AF_INET, "192.0.2.5/24");
    if (right) return link.name;
  }
  return "";
}

class UserNetworkClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateLink(*host_, "bridge", 0, {.name = "br0"}, nullptr));
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
    for (const char* inner : {"root/dev", "root/proc", "root/sys", "lxc", "run"}) {
      fs::create_directories(folder_.path() / inner);
    }
    fs::copy_file(kIdle, folder_.path() / "root/idle");
    fs::permissions(folder_.path() / "root/idle", fs::perms{0755});
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "root")) {
      ASSERT_EQ(chown(entry.path().c_str(), kFirstMapped, kFirstMapped), 0);
    }
    ASSERT_EQ(chown((folder_.path() / "root").c_str(), kFirstMapped, kFirstMapped), 0);
    for (const char* own : {"lxc", "run"}) {
      ASSERT_EQ(chown((folder_.path() / own).c_str(), kNobody, kNobody), 0);
    }
    // So that it is there when the user cannot read its file.
    ASSERT_NE(ClientLibrary::Get().open, nullptr);
    WriteAllowlist("nobody veth br0 1\n");
  }

  void TearDown() override {
    for (const char* name : {"br0", "dev0"}) {
      const auto link = FindLink(*host_, name);
      if (link) static_cast<void>(DeleteLink(*host_, link->index, "delete"));
    }
  }

  // As nobody: starts it and, once that is done, what the test wants.
  std::string Started(const Items& items,
                      const std::function<std::string(ClientContainer&)>& then) {
    return AsNobody([&]() -> std::string {
      setenv("XDG_RUNTIME_DIR", (folder_.path() / "run").c_str(), 1);
      setenv("HOME", folder_.path().c_str(), 1);
      ClientContainer container("net", (folder_.path() / "lxc").string());
      if (container.get() == nullptr) return "no container";
      Items all = {{"lxc.rootfs.path", "dir:" + (folder_.path() / "root").string()},
                   {"lxc.init.cmd", "/idle"},
                   {"lxc.idmap", "u 0 231072 65536"},
                   {"lxc.idmap", "g 0 231072 65536"}};
      all.insert(all.end(), items.begin(), items.end());
      for (const auto& [key, value] : all) {
        if (!container.Set(key, value)) return key + ": " + container.error();
      }
      if (!container.Start()) return container.error();
      std::string said = then(container);
      if (container.State() != "STOPPED" && !container.Stop()) said += container.error();
      return said;
    });
  }

  size_t CountOfPorts() {
    size_t count = 0;
    const int bridge = FindLink(*host_, "br0")->index;
    const auto links = Links(*host_);
    for (const Link& link : *links) count += link.master == bridge ? 1 : 0;
    return count;
  }

  OpenFolder folder_;
  std::optional<NetlinkSocket> host_;
};

TEST_F(UserNetworkClientTest, AnInterfaceIsMadeAndGoesWithTheContainer) {
  const std::string said = Started(kOnBridge, [&](ClientContainer& container) {
    return NameInside(container->init_pid(container.get())) + " " + std::to_string(CountOfPorts());
  });
  EXPECT_EQ(said, "eth0 1");
  EXPECT_TRUE(Eventually([&] { return CountOfPorts() == 0; }));
}

TEST_F(UserNetworkClientTest, ItsPlaceIsFreeAtOnceForTheNextStart) {
  const std::string said = Started(kOnBridge, [&](ClientContainer& container) -> std::string {
    for (int round = 0; round < 3; ++round) {
      if (!container.Stop()) return "stop: " + container.error();
      if (!container.Start()) return "start: " + container.error();
    }
    return "again";
  });
  EXPECT_EQ(said, "again");
}

TEST_F(UserNetworkClientTest, AnInterfaceGoesWhenInitIsKilled) {
  const std::string said = Started(kOnBridge, [&](ClientContainer& container) -> std::string {
    if (kill(container->init_pid(container.get()), SIGKILL) != 0) return "no kill";
    return Eventually([&] { return container.State() == "STOPPED"; }) ? "killed" : "it lives";
  });
  EXPECT_EQ(said, "killed");
  EXPECT_TRUE(Eventually([&] { return CountOfPorts() == 0; }));
}

TEST_F(UserNetworkClientTest, WhatIsNotAllowedFailsTheStartAndLeavesNothing) {
  WriteAllowlist("nobody veth br1 1\n");
  const std::string said = Started(kOnBridge, [](ClientContainer&) { return "it runs"; });
  EXPECT_THAT(said, HasSubstr("network: lxc.net.0: "));
  EXPECT_THAT(said, HasSubstr("nobody is allowed nothing on br0"));
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNetworkClientTest, AQuotaThatIsFullFailsTheStartAndLeavesNothing) {
  Items two = kOnBridge;
  two.insert(two.end(), {{"lxc.net.4.type", "veth"}, {"lxc.net.4.link", "br0"}});
  const std::string said = Started(two, [](ClientContainer&) { return "it runs"; });
  EXPECT_THAT(said, HasSubstr("lxc.net.4: "));
  EXPECT_THAT(said, HasSubstr("nobody has all that is allowed on br0"));
  EXPECT_TRUE(Eventually([&] { return CountOfPorts() == 0; }));
}

TEST_F(UserNetworkClientTest, OtherTypesNeedRoot) {
  for (const std::string type : {"macvlan", "phys"}) {
    const std::string said = Started({{"lxc.net.0.type", type}, {"lxc.net.0.link", "dev0"}},
                                     [](ClientContainer&) { return "it runs"; });
    EXPECT_THAT(said, HasSubstr("lxc.net.0.type: needs root")) << type;
    EXPECT_TRUE(FindLink(*host_, "dev0")) << type;
  }
}

// Another program, or none, is installed as long as it exists.
class Replaced {
 public:
  explicit Replaced(const char* by) {
    fs::rename(kInstalledUserNic, kAway);
    if (by != nullptr) fs::create_hard_link(by, kInstalledUserNic);
  }
  ~Replaced() { fs::rename(kAway, kInstalledUserNic); }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  static constexpr char kAway[] = "/usr/libexec/lxc/away";
};

TEST_F(UserNetworkClientTest, WithoutTheProgramTheStartFails) {
  const Replaced by_nothing(nullptr);
  const std::string said = Started(kOnBridge, [](ClientContainer&) { return "it runs"; });
  EXPECT_THAT(said, HasSubstr("lxc-user-nic: No such file"));
}

TEST_F(UserNetworkClientTest, TheProgramOfTheSystemDoesAsWell) {
  const Replaced by_the_systems(kSystemsUserNic);
  const std::string said = Started(kOnBridge, [&](ClientContainer& container) {
    return NameInside(container->init_pid(container.get())) + " " + std::to_string(CountOfPorts());
  });
  EXPECT_EQ(said, "eth0 1");
  EXPECT_TRUE(Eventually([&] { return CountOfPorts() == 0; }));
}

}  // namespace
}  // namespace lxcspec::runtime
