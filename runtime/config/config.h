// SPDX-License-Identifier: Apache-2.0
//
// One container's configuration: what each key holds, and the lines that say so when it is saved.
//
// A value is set whole or refused whole: a failing call leaves everything as it was.

#ifndef LXCSPEC_RUNTIME_CONFIG_CONFIG_H_
#define LXCSPEC_RUNTIME_CONFIG_CONFIG_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

class Config {
 public:
  // Where a value comes from: lines of included files are not saved, the include is.
  enum class Origin { kOwn, kIncluded };

  // Sets the key, adds to it, or clears it where the value is empty, as its shape has it. EINVAL
  // for an unknown key or a value that its codec refuses.
  Status Set(std::string_view key, std::string_view value, Origin origin = Origin::kOwn);

  // What a getter prints: the key's values, or, for a family (lxc.net.0), a line `key = value`
  // for each that is set. EINVAL for an unknown key, ENOENT for a network interface not there.
  Result<std::string> Get(std::string_view key) const;

  // Clears a key, or all keys of a family. EINVAL for what is neither.
  Status Clear(std::string_view key);
  void ClearAll();

  // The names of keys, one a line. With a prefix: those of that family, without the prefix.
  Result<std::string> Keys(std::string_view prefix) const;

  // The values of a key, canonical, in order; empty where nothing was set.
  const std::vector<std::string>& Values(std::string_view key) const;

  // The lines that were set here, not by an included file: keys and values.
  const std::vector<std::pair<std::string, std::string>>& OwnLines() const { return lines_; }

  // Puts another value in the place of one that was set here. Fails as Set() does, with ENOENT
  // where there is none such.
  Status ReplaceValue(std::string_view key, std::string_view value, std::string_view replacement);

  // The keys of a family and their values, in the order in which they were set; of keys that add
  // up (lxc.cgroup2.*) only.
  std::vector<std::pair<std::string, std::string>> InOrder(std::string_view family) const;

  // Remembers an include as a line of its own.
  void AddInclude(std::string_view path);

  // `key = value` lines that bring this configuration back when loaded in order.
  std::string Saved() const;

  bool operator==(const Config& other) const { return values_ == other.values_; }

 private:
  using Line = std::pair<std::string, std::string>;

  void Erase(std::string_view key);
  void EraseFamily(std::string_view family);
  void DropLines(std::string_view key);

  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<Line> lines_;
  // All values of lists, included ones too.
  std::vector<Line> order_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_CONFIG_H_
