// SPDX-License-Identifier: Apache-2.0
//
// Frames of the testee protocol (spec/testee-protocol.md): a length of four bytes, most significant
// first, and as many bytes of JSON.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_FRAME_H_
#define LXCSPEC_CONFORMANCE_TESTEE_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/posix/result.h"

namespace lxcspec {

// In bytes, without the length itself.
inline constexpr uint32_t kLongestFrame = uint32_t{64} << 20;

// Fails with EMSGSIZE where the body is longer than a frame may be.
Result<std::string> EncodeFrame(std::string_view body);

// Cuts what arrives, in whatever portions, into frames.
class FrameReader {
 public:
  void Append(std::string_view bytes) { bytes_ += bytes; }

  // The body of the next frame, or nothing as long as it is not complete. Fails with EPROTO, for
  // ever, where a length is 0 or more than kLongestFrame: there is no next frame to be found then.
  Result<std::optional<std::string>> Next();

  // Whether nothing is left of what arrived.
  bool Empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_FRAME_H_
