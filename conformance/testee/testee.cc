// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/testee.h"

#include <fmt/format.h>

#include <ostream>

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

std::ostream& operator<<(std::ostream& out, const ConsoleLogReply& reply) {
  constexpr size_t kShown = 48;
  out << reply.read_max << " bytes";
  if (!reply.data) return out << ", no data";
  out << ' ';
  for (const char c : reply.data->substr(0, kShown)) {
    if (c == '\n') {
      out << "\\n";
    } else if (c < ' ' || c > '~') {
      out << fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out << c;
    }
  }
  return reply.data->size() > kShown ? out << "..." : out;
}

}  // namespace lxcspec
