// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/command.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

// The wire's layout: both ends are on one machine, so numbers are in its own byte order.
struct WireHeader {
  uint32_t magic;
  uint32_t word;
  uint64_t body_length;
};
static_assert(sizeof(WireHeader) == kFrameHeaderSize);

// Other implementations' clients, which use the same address, send nothing like it.
constexpr uint32_t kMagic = 0x4c584c53;

// FNV-1a.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string PlaceHash(const Place& place) { return fmt::format("{:016x}", Hash(place.ToString())); }

std::string CommandAddress(const Place& place) {
  std::string address = place.ToString() + "/command";
  if (address.size() <= kLongestAbstractName) return address;
  return fmt::format("lxc/{}/command", PlaceHash(place));
}

std::string EncodedHeader(uint32_t word, uint64_t body_length) {
  const WireHeader header{.magic = kMagic, .word = word, .body_length = body_length};
  return {reinterpret_cast<const char*>(&header), sizeof(header)};
}

Result<FrameHeader> DecodeHeader(std::string_view bytes, uint64_t longest_body) {
  WireHeader header{};
  if (bytes.size() < sizeof(header)) return Failure(EBADMSG, "a frame's header is cut off");
  memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return Failure(EBADMSG, "what came is no frame");
  if (header.body_length > longest_body) {
    return Failure(EMSGSIZE, fmt::format("a frame of {} bytes", header.body_length));
  }
  return FrameHeader{.word = header.word, .body_length = header.body_length};
}

Result<std::optional<Frame>> FrameReader::Next() {
  if (pending_.size() < kFrameHeaderSize) return std::nullopt;
  const auto header = DecodeHeader(pending_, longest_body_);
  if (!header) return Forward(header.error());
  if (pending_.size() - kFrameHeaderSize < header->body_length) return std::nullopt;
  Frame frame{.word = header->word, .body = pending_.substr(kFrameHeaderSize, header->body_length)};
  pending_.erase(0, kFrameHeaderSize + header->body_length);
  return frame;
}

}  // namespace lxcspec::runtime
