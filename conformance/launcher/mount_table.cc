// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/mount_table.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "conformance/launcher/file_io.h"
#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline and backslash as three octal digits (proc(5)).
std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                        (text[i + 3] - '0')));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

}  // namespace

Result<std::vector<Mount>> ParseMountInfo(std::string_view text) {
  std::vector<Mount> mounts;
  for (const std::string& line : SplitLines(text)) {
    const std::vector<std::string> fields = Split(line, ' ');
    // Optional fields end with a lone hyphen; type, source and super options follow it.
    const auto hyphen =
        fields.size() < 7 ? fields.end() : std::find(fields.begin() + 6, fields.end(), "-");
    unsigned major = 0;
    unsigned minor = 0;
    if (fields.end() - hyphen < 4 || sscanf(fields[2].c_str(), "%u:%u", &major, &minor) != 2) {
      return Fail(EINVAL, "parse a line of mountinfo: " + line);
    }
    mounts.push_back({.device = makedev(major, minor),
                      .root = Unescape(fields[3]),
                      .mount_point = Unescape(fields[4]),
                      .fs_type = hyphen[1],
                      .super_options = hyphen[3]});
  }
  return mounts;
}

Result<std::vector<Mount>> ReadMountInfo(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseMountInfo(text);
}

bool IsVisible(const Mount& mount) {
  struct stat status {};
  return stat(mount.mount_point.c_str(), &status) == 0 && status.st_dev == mount.device;
}

}  // namespace lxcspec::launcher
