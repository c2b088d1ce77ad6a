// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_proxy_send_notify_fd.h"

#include <cstdint>
#include <cstring>

namespace lxcspec::runtime {
namespace {

struct Header {
  uint64_t reserved;
  int32_t monitor;
  int32_t init;
  seccomp_notif_sizes sizes;
  uint16_t padding;
  uint64_t cookie_length;
};
static_assert(sizeof(Header) == 32 && offsetof(Header, sizes) == 16 &&
              offsetof(Header, cookie_length) == 24);

}  // namespace

size_t ProxyMessageSize(const seccomp_notif_sizes& sizes) {
  return sizeof(Header) + sizes.seccomp_notif + sizes.seccomp_notif_resp;
}

std::string ProxyRequest(const ProxyCall& call) {
  const Header header{.reserved = 0,
                      .monitor = call.monitor,
                      .init = call.init,
                      .sizes = call.sizes,
                      .padding = 0,
                      .cookie_length = call.cookie.size()};
  std::string message(ProxyMessageSize(call.sizes), '\0');
  memcpy(message.data(), &header, sizeof(header));
  memcpy(message.data() + sizeof(header), call.call, call.sizes.seccomp_notif);
  const size_t response = sizeof(header) + call.sizes.seccomp_notif;
  memcpy(message.data() + response + offsetof(seccomp_notif_resp, id), &call.call->id,
         sizeof(call.call->id));
  message += call.cookie;
  return message;
}

std::vector<int> ProxyDescriptors(const UniqueFd& process, const UniqueFd& memory,
                                  const UniqueFd& listener, bool is_switched_on) {
  if (!is_switched_on) return {process.get(), memory.get()};
  return {process.get(), memory.get(), listener.get()};
}

std::optional<std::string_view> ResponseIn(std::string_view answer,
                                           const seccomp_notif_sizes& sizes) {
  if (answer.size() != ProxyMessageSize(sizes)) return std::nullopt;
  Header header{};
  memcpy(&header, answer.data(), sizeof(header));
  if (header.reserved != 0) return std::nullopt;
  return answer.substr(sizeof(header) + sizes.seccomp_notif);
}

}  // namespace lxcspec::runtime
