// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what is made of a proxy's answer: eight bytes of the call's id, one that says whether the
// kernel's structures are as long as those known here or longer, and the message. What is taken of
// it is in its bytes, is about that call, and the kernel could take it.

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "runtime/extensions/seccomp_notify.h"
#include "runtime/extensions/seccomp_proxy_send_notify_fd.h"

namespace {

constexpr int32_t kLastErrno = 4095;
// The longest message with the longer structures, the head of the input, and more.
constexpr size_t kMostInput = 256;

constexpr seccomp_notif_sizes SizesLongerBy(uint16_t more) {
  return {.seccomp_notif = static_cast<uint16_t>(sizeof(seccomp_notif) + more),
          .seccomp_notif_resp = static_cast<uint16_t>(sizeof(seccomp_notif_resp) + more),
          .seccomp_data = static_cast<uint16_t>(sizeof(seccomp_data))};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t id = 0;
  if (size <= sizeof(id) || size > kMostInput) return 0;
  memcpy(&id, data, sizeof(id));
  const seccomp_notif_sizes sizes = SizesLongerBy(data[sizeof(id)] % 2 == 0 ? 0 : 8);
  const std::string_view message(reinterpret_cast<const char*>(data) + sizeof(id) + 1,
                                 size - sizeof(id) - 1);

  const auto response = lxcspec::runtime::ResponseIn(message, sizes);
  if (!response) return 0;
  if (response->size() != sizes.seccomp_notif_resp || !message.ends_with(*response)) abort();
  const auto answer = lxcspec::runtime::CheckedAnswer(*response, id);
  if (!answer) return 0;
  if (answer->id != id || memcmp(&*answer, response->data(), sizeof(*answer)) != 0) abort();
  if (answer->error > 0 || answer->error < -kLastErrno) abort();
  if (answer->flags != 0 && (answer->error != 0 || answer->val != 0)) abort();
  return 0;
}
