// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/lxc_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> kLevelNames = {
    "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "FATAL"};
constexpr std::string_view kDefaultPrefix = "lxc";
constexpr std::string_view kNoFile = "none";

struct LogState {
  std::mutex mutex;
  std::string prefix{kDefaultPrefix};
  std::string name;
  // Absent: not asked for.
  std::optional<LogLevel> level;
  bool quiet = false;
  UniqueFd file;
  // The client named the file, so no configuration overrides it.
  bool file_was_named = false;
};

// Never destroyed: other threads and exit handlers may still have something to say.
LogState& State() {
  static auto* const state = new LogState;
  return *state;
}

LogLevel ParseLevel(std::string_view text) {
  // lxc_log.level_names_any_case
  const auto* found = std::find_if(kLevelNames.begin(), kLevelNames.end(),
                                   [&](auto name) { return ToLower(name) == ToLower(text); });
  // A name that is no level is left open; ERROR loses nothing that matters.
  if (found == kLevelNames.end()) return LogLevel::kError;
  return static_cast<LogLevel>(found - kLevelNames.begin());
}

// Makes the folders above the file. What is there already, or cannot be made, is open(2)'s to say.
void MakeFolders(const fs::path& file) {
  constexpr mode_t kMode = 0755;  // lxc_log.folders_not_writable
  fs::path folder;
  for (const fs::path& part : file.parent_path()) {
    folder /= part;
    mkdir(folder.c_str(), kMode);
  }
}

// Above the standard descriptors, which a client may close and reopen.
Result<UniqueFd> Open(const std::string& path) {
  constexpr mode_t kMode = 0640;  // lxc_log.file_private
  // lxc_log.appends lxc_log.descriptor_close_on_exec
  constexpr int kFlags = O_CREAT | O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC;
  MakeFolders(path);  // lxc_log.creates_folders
  UniqueFd fd(open(path.c_str(), kFlags, kMode));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", path));
  UniqueFd above(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!above.valid()) return ErrnoFailure(fmt::format("fcntl({}, F_DUPFD_CLOEXEC)", path));
  return above;
}

// lxc_log.default_file
std::string DefaultFile(const std::string& name, const std::optional<std::string>& lxcpath,
                        const LogPlaces& places) {
  const std::string path = lxcpath.value_or(places.default_lxcpath);
  if (path == places.default_lxcpath && geteuid() == 0) {
    return fmt::format("{}/{}.log", places.default_folder, name);
  }
  return fmt::format("{}/{}/{}.log", path, name, name);
}

Result<UniqueFd> OpenRequested(const LogRequest& request, const LogPlaces& places) {
  if (request.file) {
    if (*request.file == kNoFile) return UniqueFd();  // lxc_log.file_none
    if (request.file->empty()) return Failure(EINVAL, "lxc_log_init: file \"\"");
    return Open(*request.file);
  }
  if (!request.name) return UniqueFd();  // lxc_log.no_file_without_name
  auto fallback = Open(DefaultFile(*request.name, request.lxcpath, places));
  return fallback ? *std::move(fallback) : UniqueFd();
}

std::string FileLine(const LogState& state, LogLevel level, std::string_view category,
                     std::string_view message, const SourceLocation& from) {
  using std::chrono::system_clock;
  const auto now = system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{}{}{} {:%Y%m%d%H%M%S}.{:03} {:<8} {} - {}:{} - {}\n", state.prefix,
                     state.name.empty() ? "" : " ", state.name,
                     fmt::gmtime(system_clock::to_time_t(now)), milliseconds,
                     kLevelNames[static_cast<size_t>(level)], category,
                     fs::path(from.file_name()).filename().string(), from.line(), message);
}

// lxc_log.default_level_is_error
LogLevel LeastLevel(const LogState& state, const ContainerLog& container) {
  if (state.level) return *state.level;
  return container.level.empty() ? LogLevel::kError : ParseLevel(container.level);
}

void WriteOnce(int fd, const std::string& line) {
  // One write, so that lines of several processes do not mix; a full disk must not stop a client.
  [[maybe_unused]] const ssize_t written = write(fd, line.data(), line.size());
}

}  // namespace

Status OpenLog(const LogRequest& request, const LogPlaces& places) {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  // lxc_log.second_init_keeps_a_log
  if (state.file.valid()) return {};
  auto file = OpenRequested(request, places);
  if (!file) return Forward(std::move(file).error());
  state.file = *std::move(file);
  state.file_was_named = request.file.has_value();
  // lxc_log.level_after_close
  state.level.reset();
  if (request.level) state.level = ParseLevel(*request.level);
  state.prefix = request.prefix.value_or(std::string(kDefaultPrefix));
  state.name = request.name.value_or("");
  state.quiet = request.quiet;
  return {};
}

void CloseLog() {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.file = UniqueFd();
  state.file_was_named = false;
}

int LogDescriptor() {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  return state.file.get();
}

void Log(LogLevel level, std::string_view category, std::string_view message,
         const ContainerLog& container, SourceLocation from) {
  const int saved = errno;
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  if (level >= LeastLevel(state, container)) {
    const std::string line = FileLine(state, level, category, message, from);
    // lxc_log.configuration_overrides_default
    if (!container.file.empty() && !state.file_was_named) {
      if (const auto own = Open(container.file)) WriteOnce(own->get(), line);
    } else if (state.file.valid()) {
      WriteOnce(state.file.get(), line);
    }
  }
  // lxc_log.errors_on_stderr lxc_log.stderr_whatever_level lxc_log.quiet
  if (level >= LogLevel::kError && !state.quiet) {
    WriteOnce(STDERR_FILENO, fmt::format("{}: {}{}{}\n", state.prefix, state.name,
                                         state.name.empty() ? "" : ": ", message));
  }
  errno = saved;
}

}  // namespace lxcspec::runtime
