// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/log_test.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <system_error>
#include <utility>

#include "conformance/harness/one_process.h"

namespace fs = std::filesystem;

namespace lxcspec {

void LogTest::SetUp() {
  TesteeTest::SetUp();
  if (HasFatalFailure()) return;
  file_ = scratch() / "test.log";
  other_file_ = scratch() / "other.log";
  bad_config_ = scratch() / "bad.conf";
  std::ofstream(bad_config_) << "lxc.nonsense = 1\n";
  // Before any log is open: making a container object may have something to say
  // as well.
  auto container = NewContainer("speaker");
  if (!container) return Broken(container.error().ToString());
  speaker_ = *std::move(container);
}

void LogTest::TearDown() {
  speaker_.reset();
  testee().LogClose();
  TesteeTest::TearDown();
}

void LogTest::ProvokeMessageInto(const LogSettings& settings) {
  ASSERT_OK(testee().LogInit(settings));
  ProvokeMessage();
}

void LogTest::Chatter() {
  static_cast<void>(speaker_->State());
  ASSERT_OK(speaker_->SetConfigItem("lxc.uts.name", "name"));
  ASSERT_OK(speaker_->SetConfigItem("lxc.idmap", "u 0 100000 65536"));
  // Less than the least size, which is taken instead.
  ASSERT_OK(speaker_->SetConfigItem("lxc.console.size", "5"));
}

std::vector<std::string> LogTest::ErrorLines() const {
  std::vector<std::string> lines = Lines(file_);
  std::erase_if(lines, [](const std::string& line) { return LevelOf(line) != LevelOf(" ERROR "); });
  return lines;
}

std::string Contents(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> Lines(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

int LevelOf(const std::string& line) {
  static const std::vector<std::string> kLevels = {"TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
                                                   "ERROR", "CRIT",  "ALERT", "FATAL"};
  static const std::regex kLevel(" (TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|CRIT|ALERT|FATAL) ");
  std::smatch match;
  if (!std::regex_search(line, match, kLevel)) return -1;
  return static_cast<int>(std::ranges::find(kLevels, match[1].str()) - kLevels.begin());
}

int DescriptorOf(const fs::path& file) {
  RelyOnOneProcess("the descriptors of the test");
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) == file) {
      return std::stoi(entry.path().filename().string());
    }
  }
  return -1;
}

std::vector<std::string> OpenFiles() {
  RelyOnOneProcess("the descriptors of the test");
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    files.push_back(fs::read_symlink(entry.path(), gone).string());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::ranges::sort(files);
  return files;
}

CapturedStderr::~CapturedStderr() {
  if (capturing_) Text();
}

std::string CapturedStderr::Text() {
  capturing_ = false;
  return ::testing::internal::GetCapturedStderr();
}

}  // namespace lxcspec
