// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/frame.h"

#include <fmt/format.h>

#include <cerrno>

namespace lxcspec {
namespace {

constexpr size_t kLengthBytes = 4;

}  // namespace

Result<std::string> EncodeFrame(std::string_view body) {
  if (body.size() > kLongestFrame) {
    return Fail(EMSGSIZE, fmt::format("a frame of {} bytes", body.size()));
  }
  std::string frame;
  frame.reserve(kLengthBytes + body.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(body.size() >> shift & 0xff);
  }
  return frame += body;
}

Result<std::optional<std::string>> FrameReader::Next() {
  if (bytes_.size() < kLengthBytes) return std::nullopt;
  uint32_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes_[i]);
  }
  if (length == 0 || length > kLongestFrame) {
    return Fail(EPROTO, fmt::format("a frame of {} bytes", length));
  }
  if (bytes_.size() - kLengthBytes < length) return std::nullopt;
  std::string body = bytes_.substr(kLengthBytes, length);
  bytes_.erase(0, kLengthBytes + length);
  return body;
}

}  // namespace lxcspec
