// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/user_nic/request.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace lxcspec::runtime {
namespace {

using Words = std::vector<std::string>;

TEST(NicRequestTest, AnInterfaceIsAskedFor) {
  const auto request =
      ParseNicRequest(Words{"create", "/path", "name", "4711", "veth", "br0", "eth1"});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->action, NicAction::kCreate);
  EXPECT_EQ(request->process, 4711);
  EXPECT_EQ(request->bridge, "br0");
  EXPECT_EQ(request->device, "eth1");
}

TEST(NicRequestTest, WithoutANameItIsEth0) {
  EXPECT_EQ(ParseNicRequest(Words{"create", "", "", "1", "veth", "none"})->device, "eth0");
}

TEST(NicRequestTest, AnInterfaceIsGivenBack) {
  const auto request = ParseNicRequest(
      Words{"delete", "/path", "name", "/proc/1/ns/net", "veth", "br0", "vethABCDEF"});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->action, NicAction::kDelete);
  EXPECT_EQ(request->device, "vethABCDEF");
}

TEST(NicRequestTest, AnythingElseIsRefused) {
  const std::string large(1 << 16, 'a');
  for (const Words& words : {
           Words{},
           Words{"create"},
           Words{"create", "/", "n", "1", "veth"},
           Words{"create", "/", "n", "1", "veth", "br0", "eth0", "more"},
           Words{"Create", "/", "n", "1", "veth", "br0"},
           Words{"delete", "/", "n", "/", "veth", "br0"},
           Words{"create", "/", "n", "0", "veth", "br0"},
           Words{"create", "/", "n", "-1", "veth", "br0"},
           Words{"create", "/", "n", "self", "veth", "br0"},
           Words{"create", "/", "n", "1/../2", "veth", "br0"},
           Words{"create", "/", "n", "99999999999999999999", "veth", "br0"},
           Words{"create", "/", "n", "4294967297", "veth", "br0"},
           Words{"create", "/", "n", "1", "veth", ""},
           Words{"create", "/", "n", "1", "veth", "../br0"},
           Words{"create", "/", "n", "1", "veth", "br0\n"},
           Words{"create", "/", "n", "1", "veth", "br0 5"},
           Words{"create", "/", "n", "1", "veth", large},
           Words{"create", "/", "n", "1", "veth", "br0", "eth%d"},
           Words{"create", "/", "n", "1", "veth", "br0", "a/b"},
           Words{"create", "/", "n", "1", "veth", "br0", ".."},
           Words{"create", "/", "n", "1", "veth", "br0", ""},
       }) {
    const auto request = ParseNicRequest(words);
    ASSERT_FALSE(request) << (words.empty() ? "nothing" : words.back());
    EXPECT_EQ(request.error().code, EINVAL);
  }
  for (const char* type : {"phys", "macvlan", "VETH", "veth ", ""}) {
    EXPECT_EQ(ParseNicRequest(Words{"create", "/", "n", "1", type, "br0"}).error().code, ENOTSUP);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
