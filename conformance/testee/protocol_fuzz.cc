// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what a testee may say: any bytes, in any portions, are cut into the same frames, and each
// is understood or a violation.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/testee/frame.h"
#include "conformance/testee/message.h"

namespace {

using lxcspec::FrameReader;

struct Cut {
  std::vector<std::string> frames;
  bool violated = false;

  bool operator==(const Cut&) const = default;
};

Cut CutUp(std::string_view bytes, size_t portion) {
  FrameReader reader;
  Cut cut;
  while (!bytes.empty() && !cut.violated) {
    const size_t count = std::min(portion, bytes.size());
    reader.Append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    for (;;) {
      auto frame = reader.Next();
      cut.violated = !frame;
      if (!frame || !*frame) break;
      cut.frames.push_back(**std::move(frame));
    }
  }
  return cut;
}

void Understand(std::string_view body) {
  constexpr uint64_t kId = 1;
  constexpr size_t kBytesPerGroup = 3;
  const auto reply = lxcspec::ReadReply(body, kId);
  if (!reply) {
    if (reply.error().attempted.empty()) abort();
    return;
  }
  if (reply->error && *reply->error < 0) abort();
  const auto number = lxcspec::ReadNumber(reply->result, -1, 1);
  if (number && (*number < -1 || *number > 1)) abort();
  if (const auto hello = lxcspec::ReadHello(reply->result)) {
    for (const std::string& call : hello->offers) {
      if (!lxcspec::ProtocolCalls().contains(call)) abort();
    }
  }
  const auto bytes = lxcspec::ReadBytes(reply->result);
  if (bytes && bytes->size() > body.size() / (kBytesPerGroup + 1) * kBytesPerGroup) abort();
  static_cast<void>(lxcspec::ReadBool(reply->result));
  static_cast<void>(lxcspec::ReadNothing(reply->result));
  static_cast<void>(lxcspec::ReadMember(reply->result, "data"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Cut whole = CutUp(bytes, std::max<size_t>(size, 1));
  if (!(CutUp(bytes, 1) == whole)) abort();
  for (const std::string& frame : whole.frames) Understand(frame);
  // Most of what a fuzzer says has no fitting length.
  Understand(bytes);
  return 0;
}
