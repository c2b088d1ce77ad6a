// SPDX-License-Identifier: Apache-2.0
//
// What the log says: levels, lines, standard error, and which of several
// settings applies.

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "conformance/harness/log_test.h"
#include "conformance/harness/one_process.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::StartsWith;

class LxcLogOutputTest : public LogTest {};
class LxcLogLevelTest : public LogTest, public ::testing::WithParamInterface<const char*> {};
class LxcLogAdmittingLevelTest : public LxcLogLevelTest {};
class LxcLogHidingLevelTest : public LxcLogLevelTest {};
class LxcLogLevelSpellingTest : public LxcLogLevelTest {};

std::string SpellingName(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(Levels, LxcLogLevelTest,
                         ::testing::Values("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR",
                                           "CRIT", "ALERT", "FATAL"),
                         SpellingName);
INSTANTIATE_TEST_SUITE_P(Levels, LxcLogAdmittingLevelTest,
                         ::testing::Values("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR"),
                         SpellingName);
INSTANTIATE_TEST_SUITE_P(Levels, LxcLogHidingLevelTest, ::testing::Values("CRIT", "ALERT", "FATAL"),
                         SpellingName);
INSTANTIATE_TEST_SUITE_P(Spellings, LxcLogLevelSpellingTest,
                         ::testing::Values("FATAL", "fatal", "FaTaL"), SpellingName);

TEST_F(LxcLogOutputTest, WithoutALevelErrorsAndNothingLessAreLogged) {
  COVERS(spec::lxc_log::kDefaultLevelIsError);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  ASSERT_NO_FATAL_FAILURE(Chatter());
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_THAT(Lines(file()), Each(ResultOf(LevelOf, Ge(LevelOf(" ERROR ")))));
}

TEST_P(LxcLogLevelTest, NothingLessSevereIsLogged) {
  COVERS(spec::lxc_log::kLevelFilters);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file(), .level = GetParam()}));
  ASSERT_NO_FATAL_FAILURE(Chatter());
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  const int asked_for = LevelOf(std::string(" ") + GetParam() + " ");
  EXPECT_THAT(Lines(file()), Each(ResultOf(LevelOf, Ge(asked_for))));
}

TEST_P(LxcLogAdmittingLevelTest, AnErrorIsLogged) {
  COVERS(spec::lxc_log::kLevelAdmits);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogOutputTest, TraceShowsWhatSucceeded) {
  COVERS(spec::lxc_log::kTraceShowsSuccess);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file(), .level = "TRACE"}));
  ASSERT_NO_FATAL_FAILURE(Chatter());
  EXPECT_THAT(Lines(file()), Not(IsEmpty()));
}

TEST_P(LxcLogLevelSpellingTest, TraceShowsErrorsHoweverItIsWritten) {
  COVERS(spec::lxc_log::kLevelNamesAnyCase);
  // Some take what they do not know for FATAL. TRACE has as many letters.
  std::string trace = GetParam();
  for (size_t at = 0; at < trace.size(); ++at) {
    trace[at] =
        std::isupper(static_cast<unsigned char>(trace[at])) != 0 ? "TRACE"[at] : "trace"[at];
  }
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = trace}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_P(LxcLogLevelSpellingTest, FatalHidesErrorsHoweverItIsWritten) {
  COVERS(spec::lxc_log::kLevelNamesAnyCase);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(ErrorLines(), IsEmpty());
}

TEST_F(LxcLogOutputTest, ALineNamesItsLevelInCapitals) {
  COVERS(spec::lxc_log::kLineHasLevel);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(HasSubstr(" ERROR "))));
}

TEST_F(LxcLogOutputTest, ALineHasTheTimeInUtc) {
  COVERS(spec::lxc_log::kLineHasTime);
  // Half past, so that no local time passes for UTC.
  RelyOnOneProcess("the time zone of the test");
  ASSERT_EQ(setenv("TZ", "LXC+5:30", 1), 0);
  tzset();
  const time_t before = time(nullptr);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  const time_t after = time(nullptr);

  ASSERT_THAT(ErrorLines(), Not(IsEmpty()));
  std::smatch stamp;
  const std::string line = ErrorLines().front();
  ASSERT_TRUE(std::regex_search(line, stamp, std::regex(R"( (\d{14})\.\d{3} )"))) << line;
  tm parts{};
  strptime(stamp[1].str().c_str(), "%Y%m%d%H%M%S", &parts);
  const time_t logged = timegm(&parts);
  EXPECT_GE(logged, before);
  EXPECT_LE(logged, after);
}

TEST_F(LxcLogOutputTest, ALineBeginsWithThePrefix) {
  COVERS(spec::lxc_log::kLineBeginsWithPrefix);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .prefix = "my-client"}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("my-client "))));
}

TEST_F(LxcLogOutputTest, APrefixIsNoFormat) {
  COVERS(spec::lxc_log::kLineBeginsWithPrefix);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .prefix = "%s%n%d"}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("%s%n%d "))));
}

TEST_F(LxcLogOutputTest, ALineBeginsWithWhatFitsOfALongPrefix) {
  COVERS(spec::lxc_log::kLongPrefix);
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.file = file(), .prefix = std::string(size_t{64} << 10, 'p')}));
  ASSERT_THAT(ErrorLines(), Not(IsEmpty()));
  const std::string line = ErrorLines().front();
  EXPECT_THAT(line, ContainsRegex("^p+ [^ ]")) << "of " << line.size() << " bytes";
}

TEST_F(LxcLogOutputTest, ALineHasTheNameBehindThePrefix) {
  COVERS(spec::lxc_log::kLineHasName);
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.name = "named", .file = file(), .prefix = "my-client"}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("my-client named "))));
}

TEST_F(LxcLogOutputTest, LinesHaveWhatTheStringsHeldAtTheCall) {
  COVERS(spec::lxc_log::kStringsCopied);
  RelyOnOneProcess("the strings of its caller");
  std::optional<LogSettings> settings =
      LogSettings{.name = "named", .file = file(), .level = "ERROR", .prefix = "my-client"};
  ASSERT_OK(testee().LogInit(settings));
  for (MaybeString* text :
       {&settings->name, &settings->file, &settings->level, &settings->prefix}) {
    std::ranges::fill(**text, 'x');
  }
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("my-client named "))));
}

TEST_F(LxcLogOutputTest, AnErrorIsOnStandardErrorWithoutAFile) {
  COVERS(spec::lxc_log::kErrorsOnStderr);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = "none"}));
  EXPECT_THAT(captured.Text(), Not(IsEmpty()));
}

TEST_F(LxcLogOutputTest, AnErrorIsOnStandardErrorBesideTheFile) {
  COVERS(spec::lxc_log::kErrorsOnStderr);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(captured.Text(), Not(IsEmpty()));
}

TEST_P(LxcLogHidingLevelTest, AnErrorIsOnStandardErrorAllTheSame) {
  COVERS(spec::lxc_log::kStderrWhateverLevel);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(captured.Text(), Not(IsEmpty()));
}

TEST_F(LxcLogOutputTest, TraceShowsNothingOfSuccessOnStandardError) {
  COVERS(spec::lxc_log::kStderrErrorsOnly);
  CapturedStderr captured;
  ASSERT_OK(testee().LogInit(LogSettings{.file = file(), .level = "TRACE"}));
  ASSERT_NO_FATAL_FAILURE(Chatter());
  EXPECT_THAT(captured.Text(), IsEmpty());
}

TEST_F(LxcLogOutputTest, QuietSilencesStandardErrorWithoutAFile) {
  COVERS(spec::lxc_log::kQuiet);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = "none", .quiet = true}));
  EXPECT_THAT(captured.Text(), IsEmpty());
}

TEST_F(LxcLogOutputTest, QuietSilencesStandardErrorBesideAFile) {
  COVERS(spec::lxc_log::kQuiet);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .quiet = true}));
  EXPECT_THAT(captured.Text(), IsEmpty());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogOutputTest, QuietSilencesStandardErrorBesideTheDefaultFile) {
  COVERS(spec::lxc_log::kQuiet);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.name = "named", .lxcpath = lxcpath(), .quiet = true}));
  EXPECT_THAT(captured.Text(), IsEmpty());
  EXPECT_THAT(Contents(lxcpath() / "named" / "named.log"), HasSubstr("ERROR"));
}

TEST_F(LxcLogOutputTest, TheFileComesBeforeThatOfAConfiguration) {
  COVERS(spec::lxc_log::kFileOverridesConfiguration);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  ASSERT_OK(speaker().SetConfigItem("lxc.log.file", other_file()));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_THAT(Contents(other_file()), IsEmpty());
}

TEST_F(LxcLogOutputTest, ALessSevereLevelOfAConfigurationDoesNotApply) {
  COVERS(spec::lxc_log::kLevelOverridesConfiguration);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file(), .level = "FATAL"}));
  ASSERT_OK(speaker().SetConfigItem("lxc.log.level", "TRACE"));
  ASSERT_NO_FATAL_FAILURE(Chatter());
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(Lines(file()), IsEmpty());
}

TEST_F(LxcLogOutputTest, AMoreSevereLevelOfAConfigurationDoesNotApply) {
  COVERS(spec::lxc_log::kLevelOverridesConfiguration);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file(), .level = "ERROR"}));
  ASSERT_OK(speaker().SetConfigItem("lxc.log.level", "FATAL"));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogOutputTest, TheFileOfAConfigurationComesBeforeTheDefault) {
  COVERS(spec::lxc_log::kConfigurationOverridesDefault);
  ASSERT_OK(testee().LogInit(LogSettings{.name = "named", .lxcpath = lxcpath()}));
  ASSERT_OK(speaker().SetConfigItem("lxc.log.file", file()));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_THAT(Contents(lxcpath() / "named" / "named.log"), IsEmpty());
}

}  // namespace
}  // namespace lxcspec
