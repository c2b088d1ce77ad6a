// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/console_test.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace lxcspec {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::Ge;
using ::testing::Optional;

ConfigItems ConsoleTest::WithLogFile(ConfigItems config) const {
  config.emplace_back("lxc.console.logfile", log_file().string());
  return config;
}

::testing::AssertionResult ConsoleTest::LogGrowsTo(size_t size) const {
  return Eventually([this] { return Log().size(); }, Ge(size));
}

::testing::AssertionResult ConsoleTest::LogComesToEndWith(const std::string& text) const {
  return Eventually([this] { return Log(); }, EndsWith(text));
}

std::string ConsoleTest::Contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string ReadOutput(Container& container, size_t size) {
  const Deadline deadline;
  std::string output;
  while (output.size() < size) {
    const bool last_look = deadline.Passed();
    const Result<ConsoleLogReply> reply = container.ConsoleLog(Read());
    if (reply && reply->data) output += *reply->data;
    if (last_look) break;
    if (!reply) PauseBetweenLooks();
  }
  return output;
}

::testing::AssertionResult WriteAndTakeFirst(ProbedContainer& container, const std::string& text) {
  const Result<std::string> written = container.Ask({"write", text});
  if (!written) return ::testing::AssertionFailure() << written.error();
  return Eventually([&] { return container->ConsoleLog(Read(1)); }, ReturnsData(text.substr(0, 1)));
}

::testing::Matcher<const Result<ConsoleLogReply>&> ReturnsData(const std::string& data) {
  return SucceedsWith(AllOf(Field("data", &ConsoleLogReply::data, Optional(data)),
                            Field("read_max", &ConsoleLogReply::read_max, data.size())));
}

::testing::Matcher<const Result<ConsoleLogReply>&> ReturnsNoData() {
  return SucceedsWith(AllOf(Field("data", &ConsoleLogReply::data, MaybeString()),
                            Field("read_max", &ConsoleLogReply::read_max, 0u)));
}

}  // namespace lxcspec
