// SPDX-License-Identifier: Apache-2.0
//
// A message of the channel: words with a zero byte between them.

#ifndef LXCSPEC_CONFORMANCE_PROBES_MESSAGE_H_
#define LXCSPEC_CONFORMANCE_PROBES_MESSAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lxcspec {

// No message is larger.
inline constexpr size_t kMessageSize = size_t{64} * 1024;

inline std::string JoinWords(const std::vector<std::string>& words) {
  std::string message;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) message += '\0';
    message += words[i];
  }
  return message;
}

inline std::vector<std::string> SplitWords(std::string_view message) {
  std::vector<std::string> words;
  while (true) {
    const size_t end = message.find('\0');
    words.emplace_back(message.substr(0, end));
    if (end == std::string_view::npos) return words;
    message.remove_prefix(end + 1);
  }
}

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_PROBES_MESSAGE_H_
