// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/console_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

// What goes over a socket's default buffer in one piece, with room to spare.
constexpr uint64_t kShort = uint64_t{64} * 1024;

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

Result<UniqueFd> InMemory(const RingPieces& pieces) {
  UniqueFd memfd(memfd_create("console_log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memfd.valid()) return ErrnoFailure("memfd_create()");
  for (const iovec& piece : pieces) {
    const char* bytes = static_cast<const char*>(piece.iov_base);
    for (size_t written = 0; written < piece.iov_len;) {
      const ssize_t count = write(memfd.get(), bytes + written, piece.iov_len - written);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return ErrnoFailure("write() to a memfd");
      written += static_cast<size_t>(count);
    }
  }
  if (fcntl(memfd.get(), F_ADD_SEALS, kSeals) != 0) return ErrnoFailure("fcntl(F_ADD_SEALS)");
  return memfd;
}

Result<ConsoleLogAnswer> Read(ConsoleRing& buffer, uint64_t limit) {
  // console_log.read_empty
  if (buffer.size() == 0) return Failure(ENODATA, "the console's buffer is empty");
  // console_log.read_all console_log.read_max_limits console_log.read_max_above_content
  const uint64_t length = limit == 0 ? buffer.size() : std::min(limit, buffer.size());
  ConsoleLogAnswer answer;
  if (length <= kShort) {
    answer.bytes.resize(length);
    buffer.Copy(answer.bytes);
  } else {
    // console_log.read_all_of_large_buffer
    auto memfd = InMemory(buffer.Oldest(length));
    if (!memfd) return Forward(std::move(memfd).error());
    answer.memfd = *std::move(memfd);
  }
  // console_log.read_consumes console_log.readers_share
  buffer.Drop(length);
  return answer;
}

}  // namespace

std::string ConsoleLogRequest::Encoded() const {
  return fmt::format("{}{} {}", read ? "r" : "-", clear ? "c" : "-", limit);
}

Result<ConsoleLogRequest> ConsoleLogRequest::Decode(std::string_view bytes) {
  const auto is = [&](size_t at, char letter) { return bytes[at] == letter || bytes[at] == '-'; };
  if (bytes.size() > 3 && is(0, 'r') && is(1, 'c') && bytes[2] == ' ') {
    if (const auto limit = ParseUnsigned(bytes.substr(3))) {
      return ConsoleLogRequest{.clear = bytes[1] == 'c', .read = bytes[0] == 'r', .limit = *limit};
    }
  }
  return Failure(EBADMSG, "no request for a console's log");
}

Result<ConsoleLogAnswer> AnswerConsoleLog(ConsoleRing* buffer, const ConsoleLogRequest& request) {
  // console_log.no_buffer
  if (buffer == nullptr) return Failure(EFAULT, "the container has no lxc.console.buffer.size");
  ConsoleLogAnswer answer;
  if (request.read) {
    auto read = Read(*buffer, request.limit);
    if (!read) return Forward(std::move(read).error());
    answer = *std::move(read);
  } else if (!request.clear) {
    // console_log.discards_without_read console_log.nothing_asked_changes_nothing
    buffer->Drop(request.limit);
  }
  // console_log.clear_empties console_log.read_and_clear console_log.clear_of_empty_succeeds
  if (request.clear) buffer->Drop(buffer->size());
  return answer;
}

Result<ConsoleLogBytes> BytesOf(const ConsoleLogAnswer& answer) {
  ConsoleLogBytes bytes;
  bytes.size = answer.bytes.size();
  if (answer.memfd.valid()) {
    struct stat about {};
    if (fstat(answer.memfd.get(), &about) != 0) return ErrnoFailure("fstat(memfd)");
    bytes.size = static_cast<uint64_t>(about.st_size);
  }
  bytes.data.reset(static_cast<char*>(malloc(bytes.size + 1)));
  if (bytes.data == nullptr) return ErrnoFailure(fmt::format("malloc({})", bytes.size + 1));
  bytes.data.get()[bytes.size] = '\0';
  if (!answer.memfd.valid()) {
    memcpy(bytes.data.get(), answer.bytes.data(), bytes.size);
    return bytes;
  }
  for (uint64_t at = 0; at < bytes.size;) {
    const ssize_t count =
        pread(answer.memfd.get(), bytes.data.get() + at, bytes.size - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure("pread(memfd)");
    if (count == 0) return Failure(EBADMSG, "the console's log came shorter than it is");
    at += static_cast<uint64_t>(count);
  }
  return bytes;
}

}  // namespace lxcspec::runtime
