// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about the log. A message, as the chapter lxc_log calls
// it, is what the testee says at level ERROR of a configuration file with an
// unknown key.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_LOG_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_LOG_TEST_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conformance/harness/testee_test.h"  // IWYU pragma: export

namespace lxcspec {

class LogTest : public TesteeTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // A log file of this test, not there yet, and a second one.
  const std::string& file() const { return file_; }
  const std::string& other_file() const { return other_file_; }

  // The container object that the messages are about.
  Container& speaker() { return *speaker_; }

  // Has the testee log one message.
  Status Speak() { return speaker_->LoadConfig(bad_config_); }
  void ProvokeMessage() { ASSERT_THAT(Speak(), Fails()); }

  // A message after an initialisation.
  void ProvokeMessageInto(const LogSettings& settings);

  // Calls that succeed, of which a verbose log has something to say.
  void Chatter();

  // Lines of file() that the testee wrote at the level ERROR.
  std::vector<std::string> ErrorLines() const;

 private:
  std::string file_;
  std::string other_file_;
  std::string bad_config_;
  std::unique_ptr<Container> speaker_;
};

// What is in a file; empty where there is none.
std::string Contents(const std::filesystem::path& file);
std::vector<std::string> Lines(const std::filesystem::path& file);

// The level that a line of a log names in capitals: 0 for TRACE to 8 for FATAL,
// -1 for none.
int LevelOf(const std::string& line);

// The descriptor of this process that refers to the file, or -1.
int DescriptorOf(const std::filesystem::path& file);

// What the descriptors of this process refer to, sorted.
std::vector<std::string> OpenFiles();

// The regular files below a folder, by their paths in it, sorted.
std::vector<std::string> FilesBelow(const std::filesystem::path& folder);

// What goes to standard error while this lives.
class CapturedStderr {
 public:
  CapturedStderr() { ::testing::internal::CaptureStderr(); }
  ~CapturedStderr();
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  // Ends the capture.
  std::string Text();

 private:
  bool capturing_ = true;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_LOG_TEST_H_
