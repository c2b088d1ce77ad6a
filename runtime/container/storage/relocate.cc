// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/relocate.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/file_tree.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

// The text with every path that begins with the old folder in the new one. A path begins at the
// text's begin or after one of the characters that separate paths in configurations.
std::string Moved(std::string_view text, const std::string& old_folder,
                  const std::string& new_folder) {
  constexpr std::string_view kBefore = ": =,\"'";
  std::string moved;
  size_t at = 0;
  while (at < text.size()) {
    const size_t found = text.find(old_folder, at);
    if (found == text.npos) break;
    const size_t end = found + old_folder.size();
    const bool begins = found == 0 || kBefore.find(text[found - 1]) != kBefore.npos;
    const bool ends =
        end == text.size() || text[end] == '/' || kBefore.find(text[end]) != kBefore.npos;
    moved += text.substr(at, found - at);
    moved += begins && ends ? new_folder : old_folder;
    at = end;
  }
  return moved + std::string(text.substr(at));
}

bool IsHelper(std::string_view key) {
  return key.starts_with("lxc.hook.") || key == "lxc.mount.fstab" ||
         (key.starts_with("lxc.net.") && key.find(".script.") != key.npos);
}

bool IsLog(std::string_view key) { return key == "lxc.log.file" || key == "lxc.console.logfile"; }

// Copies the file that the text begins with.
Status CopyHelper(const std::string& from_text, const std::string& to_text) {
  const std::vector<std::string> from = Words(from_text);
  const std::vector<std::string> to = Words(to_text);
  std::error_code error;
  if (from.empty() || !fs::is_regular_file(from.front(), error)) return {};
  constexpr unsigned kMode = 0755;
  TRY(MakeFolders(fs::path(to.front()).parent_path(), kMode));
  fs::copy_file(from.front(), to.front(), fs::copy_options::skip_existing, error);
  if (error) return Failure(error.value(), fmt::format("copy({}, {})", from.front(), to.front()));
  return {};
}

}  // namespace

std::string TidyPath(std::string_view path) {
  std::string tidy;
  for (const char c : path) {
    if (c != '/' || !tidy.ends_with('/')) tidy += c;
  }
  if (tidy.size() > 1 && tidy.ends_with('/')) tidy.pop_back();
  return tidy;
}

Status MovePaths(const std::string& old_folder, const std::string& new_folder, Config& config) {
  const auto lines = config.OwnLines();
  for (const auto& [key, value] : lines) {
    const std::string moved = Moved(value, TidyPath(old_folder), TidyPath(new_folder));
    if (moved != value) TRY(config.ReplaceValue(key, value, moved));
  }
  return {};
}

Status CopyHelpers(const std::string& old_folder, const std::string& new_folder, Config& config) {
  const auto lines = config.OwnLines();
  for (const auto& [key, value] : lines) {
    if (!IsHelper(key) && !IsLog(key)) continue;
    const std::string moved = Moved(value, TidyPath(old_folder), TidyPath(new_folder));
    if (moved == value) continue;
    if (IsHelper(key)) TRY(CopyHelper(value, moved));
    TRY(config.ReplaceValue(key, value, moved));
  }
  return {};
}

Status ChangeHardwareAddresses(Config& config) {
  const auto lines = config.OwnLines();
  for (const auto& [key, value] : lines) {
    // 00:16:3e:xx:xx:xx is another one at every start as it is.
    if (!key.starts_with("lxc.net.") || !key.ends_with(".hwaddr") || value.empty() ||
        value.find_first_of("xX") != value.npos) {
      continue;
    }
    std::array<unsigned char, 3> random;
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
      return ErrnoFailure("getrandom");
    }
    constexpr size_t kMaker = sizeof("00:16:3e") - 1;
    TRY(config.ReplaceValue(key, value,
                            fmt::format("{}:{:02x}:{:02x}:{:02x}", value.substr(0, kMaker),
                                        random[0], random[1], random[2])));
  }
  return {};
}

}  // namespace lxcspec::runtime
