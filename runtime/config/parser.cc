// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/parser.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestInclude = 32;
constexpr std::string_view kInclude = "lxc.include";

// Where the parser stands: how deep in included files.
struct Position {
  int depth = 0;
  Config::Origin origin() const {
    return depth == 0 ? Config::Origin::kOwn : Config::Origin::kIncluded;
  }
  Position Below() const { return {.depth = depth + 1}; }
};

Status ParseFile(const std::string& path, Config& config, Position at);

Result<std::string> ReadWhole(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", path));
  std::string text;
  std::array<char, 1 << 14> part;
  for (ssize_t count = 1; count > 0;) {
    count = TEMP_FAILURE_RETRY(read(fd.get(), part.data(), part.size()));
    if (count < 0) return ErrnoFailure(fmt::format("read({})", path));
    text.append(part.data(), static_cast<size_t>(count));
  }
  return text;
}

// The folder's *.conf files, by name.
Result<std::vector<std::string>> ConfFiles(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".conf") files.push_back(entry.path());
  }
  if (error) return Failure(error.value(), fmt::format("opendir({})", folder));
  std::sort(files.begin(), files.end());
  return files;
}

Status ParseInclude(const std::string& path, Config& config, Position at) {
  if (at.depth >= kDeepestInclude) {
    return Failure(ELOOP, fmt::format("{} = {}: included too deep", kInclude, path));
  }
  std::error_code error;
  // A folder of additions that nobody made yet: distributions' files include such.
  if (path.ends_with('/') && !fs::exists(path, error)) return {};
  if (!fs::is_directory(path, error)) return ParseFile(path, config, at.Below());
  const auto files = ConfFiles(path);
  if (!files) return Forward(files.error());
  for (const std::string& file : *files) TRY(ParseFile(file, config, at.Below()));
  return {};
}

// A value in matching quotes stands for what is between them.
std::string_view Unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.front() == value.back()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

Status ParseLine(std::string_view line, Config& config, Position at) {
  line = Trim(line);
  if (line.empty() || line.starts_with('#')) return {};
  const size_t equals = line.find('=');
  if (equals == line.npos) {
    return Failure(EINVAL, fmt::format("\"{}\" is no assignment", line));
  }
  const std::string_view key = Trim(line.substr(0, equals));
  const std::string_view value = Unquoted(Trim(line.substr(equals + 1)));
  if (key != kInclude) return config.Set(key, value, at.origin());
  if (value.empty()) return {};
  TRY(ParseInclude(std::string(value), config, at));
  if (at.depth == 0) config.AddInclude(value);
  return {};
}

Status ParseText(std::string_view text, const std::string& name, Config& config, Position at) {
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = std::min(text.find('\n'), text.size());
    auto applied = ParseLine(text.substr(0, end), config, at);
    if (!applied) {
      Error error = std::move(applied).error();
      error.attempted = fmt::format("{}:{}: {}", name, number, error.attempted);
      return Forward(std::move(error));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Status ParseFile(const std::string& path, Config& config, Position at) {
  const auto text = ReadWhole(path);
  if (!text) return Forward(text.error());
  return ParseText(*text, path, config, at);
}

// Runs a parse on a copy, which replaces the configuration only if all of it went well.
template <typename Parse>
Status Transaction(Config& config, Parse parse) {
  Config changed = config;
  TRY(parse(changed));
  config = std::move(changed);
  return {};
}

}  // namespace

Status ApplyLine(std::string_view line, Config& config) {
  return Transaction(config, [&](Config& changed) { return ParseLine(line, changed, {}); });
}

Status LoadFile(const std::string& path, Config& config) {
  return Transaction(config, [&](Config& changed) { return ParseFile(path, changed, {}); });
}

Status LoadText(std::string_view text, Config& config) {
  return Transaction(config, [&](Config& changed) { return ParseText(text, "text", changed, {}); });
}

Status Include(const std::string& path, Config& config) {
  return Transaction(config, [&](Config& changed) -> Status {
    TRY(ParseInclude(path, changed, {}));
    changed.AddInclude(path);
    return {};
  });
}

}  // namespace lxcspec::runtime
