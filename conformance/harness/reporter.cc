// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/reporter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <regex>

#include "conformance/harness/environment.h"
#include "conformance/harness/one_process.h"

namespace lxcspec {
namespace {

using nlohmann::json;

int g_result_fd = -1;

// A testee's bytes may stand in a message; JSON wants UTF-8.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

void WriteLine(const std::string& line) {
  size_t written = 0;
  while (g_result_fd >= 0 && written < line.size()) {
    const ssize_t count = write(g_result_fd, line.data() + written, line.size() - written);
    // Without a reader nobody judges this test; the launcher reports what it saw.
    if (count < 0 && errno != EINTR) return;
    if (count > 0) written += static_cast<size_t>(count);
  }
}

std::string FullName(const ::testing::TestInfo& test) {
  return fmt::format("{}.{}", test.test_suite_name(), test.name());
}

std::string FirstFailure(const ::testing::TestResult& result) {
  for (int i = 0; i < result.total_part_count(); ++i) {
    const auto& part = result.GetTestPartResult(i);
    if (part.failed()) return part.message();
  }
  return "";
}

}  // namespace

std::string StableMessage(std::string message, std::string_view scratch) {
  if (!scratch.empty()) {
    for (size_t at = message.find(scratch); at != std::string::npos; at = message.find(scratch)) {
      message.replace(at, scratch.size(), "<scratch>");
    }
  }
  static const std::regex kAddress("0x[0-9a-f]{8,}");
  return std::regex_replace(message, kAddress, "<address>");
}

std::string ResultLine(const ::testing::TestInfo& test, const TestRecord& record,
                       std::string_view scratch) {
  const ::testing::TestResult& result = *test.result();
  std::string verdict = result.Failed() ? "fail" : "pass";
  std::string reason;
  if (!record.broken.empty()) {
    verdict = "broken";
    reason = record.broken;
  } else if (!record.unsupported.empty()) {
    verdict = "unsupported";
    reason = record.unsupported;
  } else if (result.Skipped()) {
    verdict = "broken";
    reason = "skipped without a declared need";
  } else if (record.requirements.empty()) {
    verdict = "broken";
    reason = "ended before it said which requirement it covers";
  }
  json leaks = json::array();
  for (const LeakInside& leak : record.leaks) {
    leaks.push_back({{"class", leak.leak_class}, {"what", leak.what}});
  }
  return Dump({{"test", FullName(test)},
               {"requirements", record.requirements},
               {"verdict", verdict},
               {"reason", StableMessage(reason, scratch)},
               {"message", StableMessage(FirstFailure(result), scratch)},
               {"leaks", leaks}});
}

void ReportRequirements() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  if (test == nullptr) return;
  WriteLine(Dump({{"test", FullName(*test)}, {"requirements", CurrentTestRecord().requirements}}));
}

void EndLostTest(const Error& how) {
  const std::string message = "the testee was lost: " + how.attempted;
  fmt::print(stderr, "{}\n", message);
  if (const auto* test = ::testing::UnitTest::GetInstance()->current_test_info()) {
    WriteLine(Dump({{"test", FullName(*test)},
                    {"requirements", CurrentTestRecord().requirements},
                    {"verdict", how.code == ECONNRESET ? "crash" : "fail"},
                    {"reason", message},
                    {"message", message}}));
  }
  _exit(1);
}

Reporter::Reporter(int result_fd) { g_result_fd = result_fd; }

void Reporter::OnTestStart(const ::testing::TestInfo&) {
  CurrentTestRecord() = {};
  ForgetNotOffered();
}

void Reporter::OnTestEnd(const ::testing::TestInfo& test) {
  TestRecord& record = CurrentTestRecord();
  if (record.unsupported.empty()) record.unsupported = NotOffered();
  WriteLine(ResultLine(test, record, TestEnvironment().scratch));
}

}  // namespace lxcspec
