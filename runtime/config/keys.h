// SPDX-License-Identifier: Apache-2.0
//
// The registry of configuration keys: one table that says of every key what its values are and
// how it is printed. A key that is not in it does not exist.

#ifndef LXCSPEC_RUNTIME_CONFIG_KEYS_H_
#define LXCSPEC_RUNTIME_CONFIG_KEYS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/config/codecs.h"

namespace lxcspec::runtime {

// What setting a key does to what it holds.
enum class Shape {
  kValue,     // replaces it
  kList,      // adds the value
  kWordList,  // adds each word of the value
  kWordSet,   // replaces it with the words of the value
};

// How a getter prints several values.
enum class Print {
  kLines,    // each with a newline
  kBetween,  // newlines between them
  kSpaces,   // blanks between them
};

struct Key {
  // `#` stands for an index, a trailing `*` for any last part: lxc.net.#.type, lxc.cgroup2.*
  std::string_view pattern;
  Codec codec;
  Shape shape = Shape::kValue;
  Print print = Print::kLines;
  // What a getter prints where nothing was set.
  std::string_view unset = "";
  // The network type without which the key has no meaning; empty: any.
  std::string_view network_type = "";
};

std::span<const Key> AllKeys();

// The entry for a concrete key (lxc.net.0.type), or nullptr. Patterns and parts are not concrete.
const Key* FindKey(std::string_view concrete);

// Whether the text is a whole part of some key, at a dot: lxc.net, lxc.net.0, lxc.cap.
bool IsFamily(std::string_view text);

// A directive to the parser: its value names a file or folder to read.
inline constexpr std::string_view kIncludeDirective = "lxc.include";
// The only family that is documented as a key of its own: `lxc.net =` removes every interface.
inline constexpr std::string_view kAllNetworks = "lxc.net";

// Whether the text can stand before the `=` of a configuration's line.
bool IsAssignable(std::string_view text);

// `lxc.net.3` of lxc.net.3.type; nothing for keys without an index.
std::optional<std::string> NetworkSlot(std::string_view concrete);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_KEYS_H_
