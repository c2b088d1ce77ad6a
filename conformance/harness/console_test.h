// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about a container's console. The init of its containers writes to
// /dev/console, whatever standard streams the testee gave it.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CONSOLE_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CONSOLE_TEST_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "conformance/harness/probed_container.h"  // IWYU pragma: export
#include "conformance/probes/pattern.h"            // IWYU pragma: export

namespace lxcspec {

class ConsoleTest : public ProbedContainerTest {
 protected:
  static inline const ConfigItems kSmallestBuffer = {{"lxc.console.buffer.size", "4096"}};

  // A container whose init writes to its console when told.
  Result<ProbedContainer> StartWriter(const ConfigItems& config, const std::string& name = "c") {
    return StartProbed(config, {"console"}, name);
  }

  // A file of this test for lxc.console.logfile, and what it holds; empty where there is none.
  std::filesystem::path log_file() const { return scratch() / "console.log"; }
  std::filesystem::path rotated_file() const { return scratch() / "console.log.1"; }
  std::string Log() const { return Contents(log_file()); }
  ConfigItems WithLogFile(ConfigItems config) const;

  // Whether the file comes to hold that many bytes, or to end with the text.
  ::testing::AssertionResult LogGrowsTo(size_t size) const;
  ::testing::AssertionResult LogComesToEndWith(const std::string& text) const;

  static std::string Contents(const std::filesystem::path& file);
};

// What to ask of console_log(); `n` is read_max.
inline ConsoleLogRequest Read(uint64_t n = 0) { return {.read = true, .read_max = n}; }
inline ConsoleLogRequest Clear(uint64_t n = 0) { return {.clear = true, .read_max = n}; }
inline ConsoleLogRequest ReadAndClear(uint64_t n = 0) {
  return {.clear = true, .read = true, .read_max = n};
}
inline ConsoleLogRequest Neither(uint64_t n = 0) { return {.read_max = n}; }

// Reads until `size` bytes came or the deadline passed; returns what came.
std::string ReadOutput(Container& container, size_t size);

// Has the init write `text`, of two to 256 bytes, and takes the first byte out of the buffer. A
// terminal passes so few bytes on in one piece, so the others are in the buffer then.
::testing::AssertionResult WriteAndTakeFirst(ProbedContainer& container, const std::string& text);

// A reply of console_log() with exactly this data, or with none.
::testing::Matcher<const Result<ConsoleLogReply>&> ReturnsData(const std::string& data);
::testing::Matcher<const Result<ConsoleLogReply>&> ReturnsNoData();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CONSOLE_TEST_H_
