// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/results_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "conformance/launcher/file_io.h"

namespace lxcspec::launcher {
namespace {

using nlohmann::json;

// False if the record lacks what its type must have.
bool Take(const json& record, PastRun& past, bool& test_started) {
  if (!record.is_object() || !record.contains("record")) return false;
  const json& type = record["record"];
  past.ended = type == "end";
  if (type == "run") past.run = record;
  if (type == "need") past.needs.push_back(record);
  if (type == "start") test_started = true;
  if (type == "result") {
    const auto test = record.find("test");
    const auto iteration = record.find("iteration");
    if (test == record.end() || !test->is_string() || iteration == record.end() ||
        !iteration->is_number_integer()) {
      return false;
    }
    past.finished.insert({test->get<std::string>(), iteration->get<int>()});
  }
  return true;
}

// What a launcher has forked holds its file, and outlives it for a moment where it was killed.
constexpr std::chrono::seconds kLettingGo(5);
constexpr int kGlanceMilliseconds = 5;

bool Lock(const UniqueFd& file) {
  const auto deadline = std::chrono::steady_clock::now() + kLettingGo;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= deadline) return false;
    poll(nullptr, 0, kGlanceMilliseconds);
  }
  return true;
}

}  // namespace

Result<PastRun> ReadPastRun(std::string_view text) {
  PastRun past;
  bool test_started = false;
  int number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    const json record = json::parse(text.substr(at, end - at), nullptr, false);
    if (!Take(record, past, test_started)) {
      return Fail(0, fmt::format("--resume: line {} of the results file is no record", number));
    }
    at = end + 1;
    past.kept_bytes = at;
  }
  if (past.run.is_null() && past.kept_bytes > 0) {
    return Fail(0, "--resume: the results file has no run record");
  }
  const bool all_done_without_tests = past.ended;
  if (!test_started && !all_done_without_tests) return PastRun();
  return past;
}

Result<ResultsFile> ResultsFile::Open(const std::string& path, bool resume) {
  // Read only to resume: a channel out of a virtual machine may take writes alone.
  const int access = resume ? O_RDWR : O_WRONLY;
  UniqueFd fd(open(path.c_str(), access | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644));
  if (!fd) return FailErrno("open(" + path + ")");
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return FailErrno("fstat(" + path + ")");
  if (!S_ISREG(status.st_mode)) {
    if (resume) return Fail(0, "--resume: " + path + " is no regular file");
    return ResultsFile(std::move(fd), path, {});
  }
  if (!Lock(fd)) return FailErrno("flock(" + path + "), which another launcher may be writing");
  PastRun past;
  if (resume) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    ASSIGN_OR_RETURN(past, ReadPastRun(text));
  }
  if (ftruncate(fd.get(), static_cast<off_t>(past.kept_bytes)) != 0) {
    return FailErrno("ftruncate(" + path + ")");
  }
  return ResultsFile(std::move(fd), path, std::move(past));
}

Status ResultsFile::Append(const json& record) {
  return WriteAll(fd_.get(), record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
                  path_);
}

}  // namespace lxcspec::launcher
