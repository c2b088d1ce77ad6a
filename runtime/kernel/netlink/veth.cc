// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/veth.h"

#include <sys/random.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace lxcspec::runtime {
namespace {

constexpr int kTries = 16;

Result<HardwareAddressBytes> Random() {
  HardwareAddressBytes bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoFailure("getrandom()");
  }
  return bytes;
}

Result<std::string> MadeUpName() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const auto random = Random();
  if (!random) return Forward(random.error());
  std::string name = "veth";
  for (const uint8_t byte : *random) name += kLetters[byte % kLetters.size()];
  return name;
}

}  // namespace

Result<Link> CreateVethOnHost(NetlinkSocket& host, LinkSettings on_host,
                              const LinkSettings& inside) {
  auto address = Random();
  if (!address) return Forward(address.error());
  // A bridge takes the lowest of its ports' addresses, and would change it with each container.
  address->front() = 0xfe;
  on_host.address = *address;
  const bool made_up = on_host.name.empty();
  Status done;
  for (int tries = 0; tries < kTries; ++tries) {
    if (made_up) {
      auto name = MadeUpName();
      if (!name) return Forward(std::move(name).error());
      on_host.name = *std::move(name);
    }
    done = CreateVeth(host, on_host, inside);
    const bool again = made_up && !done && done.error().code == EEXIST;
    if (!again) break;
  }
  TRY(done);
  return FindLink(host, on_host.name);
}

}  // namespace lxcspec::runtime
