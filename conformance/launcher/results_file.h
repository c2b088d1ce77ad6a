// SPDX-License-Identifier: Apache-2.0
//
// The results file: JSON Lines, appended record by record, so that a run killed at any moment can
// be resumed.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_RESULTS_FILE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_RESULTS_FILE_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/launcher/plan.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

// What an interrupted run left in its file.
struct PastRun {
  // Of these, everything was there before the first test started; else nothing is kept.
  nlohmann::json run;  // null: there is nothing to resume
  std::vector<nlohmann::json> needs;
  std::set<PlannedTest> finished;
  // The last record is `end`.
  bool ended = false;
  // How much of the text is whole records worth keeping.
  size_t kept_bytes = 0;
};

// Drops a last line that is torn, and everything if no test had started. Fails for a line within
// the text that is no record.
Result<PastRun> ReadPastRun(std::string_view text);

class ResultsFile {
 public:
  // Replaces what is at `path`, or resumes it. Fails with EWOULDBLOCK where another launcher goes
  // on writing the file, and waits a moment for what one that was killed has left.
  static Result<ResultsFile> Open(const std::string& path, bool resume);

  const PastRun& past() const { return past_; }

  // Appends one record in one write. Bytes that are not UTF-8 are replaced.
  Status Append(const nlohmann::json& record);

 private:
  ResultsFile(UniqueFd fd, std::string path, PastRun past)
      : fd_(std::move(fd)), path_(std::move(path)), past_(std::move(past)) {}

  UniqueFd fd_;
  std::string path_;
  PastRun past_;
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_RESULTS_FILE_H_
