// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/testee.h"

namespace lxcspec {

std::ostream& operator<<(std::ostream& out, const LogSettings& settings) {
  const auto text = [&](const char* member, const MaybeString& value) {
    out << member << " ";
    if (value) {
      out << '"' << *value << '"';
    } else {
      out << "NULL";
    }
    out << ", ";
  };
  text("name", settings.name);
  text("lxcpath", settings.lxcpath);
  text("file", settings.file);
  text("level", settings.level);
  text("prefix", settings.prefix);
  return out << "quiet " << (settings.quiet ? "true" : "false");
}

}  // namespace lxcspec
