// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of frames: any bytes, in any portions, are cut into the same frames.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "runtime/container/command.h"

namespace {

using lxcspec::runtime::Frame;
using lxcspec::runtime::FrameReader;

constexpr uint64_t kLongest = 64;
// Two of the longest frames and more; what is longer takes longer and shows nothing else.
constexpr size_t kMostInput = 256;

struct Cut {
  std::vector<Frame> frames;
  int error = 0;
};

Cut CutUp(std::string_view bytes, size_t portion) {
  FrameReader reader(kLongest);
  Cut cut;
  while (!bytes.empty() && cut.error == 0) {
    const size_t count = std::min(portion, bytes.size());
    reader.Append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    for (;;) {
      auto frame = reader.Next();
      if (!frame) cut.error = frame.error().code;
      if (!frame || !*frame) break;
      cut.frames.push_back(**std::move(frame));
    }
  }
  return cut;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kMostInput) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Cut whole = CutUp(bytes, std::max<size_t>(size, 1));
  const Cut single = CutUp(bytes, 1);
  if (whole.error != single.error || whole.frames.size() != single.frames.size()) abort();
  for (size_t i = 0; i < whole.frames.size(); ++i) {
    if (whole.frames[i].word != single.frames[i].word) abort();
    if (whole.frames[i].body != single.frames[i].body) abort();
    if (whole.frames[i].body.size() > kLongest) abort();
  }
  return 0;
}
