// SPDX-License-Identifier: Apache-2.0
//
// The monitor's command socket: where it is, and the frames on it. A frame is a header and a body;
// a request's word is its command, an answer's word an errno or 0. Descriptors come with a frame's
// first byte. One connection carries any number of requests, one after the other.

#ifndef LXCSPEC_RUNTIME_CONTAINER_COMMAND_H_
#define LXCSPEC_RUNTIME_CONTAINER_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

enum class Command : uint32_t {
  kState = 1,      // -> the state's name
  kWatchState,     // -> the state's name, and again at every change, until the client hangs up
  kInitPid,        // -> the init's number in the monitor's namespace, decimal
  kInitPidfd,      // -> a descriptor
  kStop,           // kills the container; the connection ends when everything is gone
  kSignal,         // decimal: signals the init
  kConfigItem,     // key -> value of the configuration that the container runs with
  kFreeze,         // timeout in seconds, decimal, empty: for ever -> nothing, when it is frozen
  kUnfreeze,       // the same
  kCgroupItem,     // key -> value
  kSetCgroupItem,  // key '\0' value
  kCgroupPath,     // controller, empty: unified -> the payload's path
  kCgroupFd,       // the same -> a descriptor of the payload's cgroup
  kNamespaces,     // -> names and clone flags of the namespaces that are the container's own
  kConsole,        // for container/console/
  kConsoleLog,
  kWindowSize,
  kDevptsFd,         // -> a descriptor
  kSeccompFd,        // -> a descriptor
  kSeccompFilter,    // -> the filter that attached processes get, as container/seccomp/ has it
  kSeccompListener,  // a descriptor -> nothing: the listener of an attached process's filter
};

// Which container is meant.
struct Place {
  std::string lxcpath;
  std::string name;

  std::string ToString() const { return lxcpath + "/" + name; }
};

// The abstract address that the container's monitor listens on.
std::string CommandAddress(const Place& place);

// Sixteen hexadecimal digits that stand for the container in names of limited length.
std::string PlaceHash(const Place& place);

struct Frame {
  uint32_t word = 0;
  std::string body;
};

inline constexpr size_t kFrameHeaderSize = 16;
// A request is small; an answer may hold a console's whole buffer.
inline constexpr uint64_t kLongestRequest = uint64_t{64} * 1024;
inline constexpr uint64_t kLongestAnswer = uint64_t{1} << 32;

std::string EncodedHeader(uint32_t word, uint64_t body_length);

struct FrameHeader {
  uint32_t word;
  uint64_t body_length;
};

// EBADMSG for what is no header, EMSGSIZE for a body that is longer than allowed.
Result<FrameHeader> DecodeHeader(std::string_view bytes, uint64_t longest_body);

// Cuts bytes, as they arrive, into frames.
class FrameReader {
 public:
  explicit FrameReader(uint64_t longest_body) : longest_body_(longest_body) {}

  void Append(std::string_view bytes) { pending_ += bytes; }

  // The next whole frame, or nothing yet. Fails as DecodeHeader does; the stream is of no use then.
  Result<std::optional<Frame>> Next();

 private:
  uint64_t longest_body_;
  std::string pending_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_COMMAND_H_
