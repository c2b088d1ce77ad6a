// SPDX-License-Identifier: Apache-2.0
//
// The extension lxc_log: where the messages of this process go. spec/extensions/lxc_log.md
//
// One log per process, usable from any thread. A line in the file:
//   <prefix>[ <name>] YYYYMMDDhhmmss.mmm LEVEL    <category> - <source>:<line> - <message>

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_LXC_LOG_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_LXC_LOG_H_

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/source_location.h"

namespace lxcspec::runtime {

// The levels and their numbers as lxc.log.level has them.
enum class LogLevel { kTrace, kDebug, kInfo, kNotice, kWarn, kError, kCrit, kAlert, kFatal };

// What a client asks for, as struct lxc_log has it; absent is NULL.
struct LogRequest {
  std::optional<std::string> name;
  std::optional<std::string> lxcpath;
  std::optional<std::string> file;
  std::optional<std::string> level;
  std::optional<std::string> prefix;
  bool quiet = false;
};

// Where the logs of containers in the default path are, and that path.
struct LogPlaces {
  std::string default_lxcpath;
  std::string default_folder;
};

// Opens the log. EINVAL for an empty file name, else the errno of open(2). While a log file is
// open, a further call succeeds and changes nothing. The default file of a container may not be
// openable for this user: the call succeeds without one.
Status OpenLog(const LogRequest& request, const LogPlaces& places);

// Closes the log. Messages go to standard error alone until it is opened again.
void CloseLog();

// The descriptor of the log file, or -1. Changes with OpenLog() and CloseLog().
int LogDescriptor();

// The log that a container's configuration asks for: lxc.log.file, lxc.log.level; empty: not.
struct ContainerLog {
  std::string file;
  std::string level;
};

// Logs a message of a category, which names the part of the runtime that speaks. What the client
// asked for when it opened the log comes before what the container's configuration says.
void Log(LogLevel level, std::string_view category, std::string_view message,
         const ContainerLog& container = {}, SourceLocation from = SourceLocation::current());

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_LXC_LOG_H_
