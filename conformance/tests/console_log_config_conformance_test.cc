// SPDX-License-Identifier: Apache-2.0
//
// console_log: the values that its keys take.

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/testee_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;

constexpr char kBufferSize[] = "lxc.console.buffer.size";
constexpr char kFileSize[] = "lxc.console.size";
constexpr char kRotate[] = "lxc.console.rotate";

using Pairs = std::vector<std::pair<std::string, std::string>>;

class ConsoleLogConfigTest : public TesteeTest {
 protected:
  void SetUp() override {
    TesteeTest::SetUp();
    if (HasFatalFailure()) return;
    auto container = NewContainer();
    if (!container) return Broken(container.error().ToString());
    container_ = *std::move(container);
  }

  // Sets the key, whether that works or not, and says how it reads then.
  std::string ReadsAfterSetting(const std::string& key, const std::string& value) {
    const Status set = container_->SetConfigItem(key, value);
    if (!set) return "refused";
    const Result<std::string> got = container_->GetConfigItem(key);
    return got ? *got : "cannot be read";
  }

  // For both sizes, the values that do not come to read as expected: "key = value: what it reads".
  std::vector<std::string> SizesThatReadOtherwise(const Pairs& value_and_bytes) {
    std::vector<std::string> otherwise;
    for (const char* key : {kBufferSize, kFileSize}) {
      for (const auto& [value, bytes] : value_and_bytes) {
        const std::string read = ReadsAfterSetting(key, value);
        if (read != bytes) otherwise.push_back(std::string(key) + " = " + value + ": " + read);
      }
    }
    return otherwise;
  }

  // For both sizes, the values that are not refused, and what they read as.
  std::vector<std::string> SizesThatAreAccepted(const std::vector<std::string>& values) {
    Pairs refused;
    for (const std::string& value : values) refused.emplace_back(value, "refused");
    return SizesThatReadOtherwise(refused);
  }

  std::unique_ptr<Container> container_;
};

TEST_F(ConsoleLogConfigTest, AutoBufferSizeIs128KiB) {
  COVERS(spec::console_log::kBufferSizeAuto);

  EXPECT_EQ(ReadsAfterSetting(kBufferSize, "auto"), "131072");
}

TEST_F(ConsoleLogConfigTest, AutoFileSizeIs128KiB) {
  COVERS(spec::console_log::kLogSizeAuto);

  EXPECT_EQ(ReadsAfterSetting(kFileSize, "auto"), "131072");
}

TEST_F(ConsoleLogConfigTest, UnitsArePowersOf1024InAnyCase) {
  COVERS(spec::console_log::kSizeUnits);

  EXPECT_THAT(SizesThatReadOtherwise({{"131072", "131072"},
                                      {"64KB", "65536"},
                                      {"64Kb", "65536"},
                                      {"64kB", "65536"},
                                      {"64kb", "65536"},
                                      {"2MB", "2097152"},
                                      {"2mB", "2097152"},
                                      {"1GB", "1073741824"},
                                      {"1gb", "1073741824"},
                                      {"8GB", "8589934592"}}),
              IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeBelowAPageIsAPage) {
  COVERS(spec::console_log::kSizeAtLeastAPage);
  const long page_size = sysconf(_SC_PAGESIZE);
  const std::string page = std::to_string(page_size);

  EXPECT_THAT(SizesThatReadOtherwise({{"0", page},
                                      {"1", page},
                                      {"1KB", page},
                                      {std::to_string(page_size - 1), page},
                                      {page, page}}),
              IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeBetweenPowersOfTwoIsTheLarger) {
  COVERS(spec::console_log::kSizePowerOfTwo);

  EXPECT_THAT(SizesThatReadOtherwise({{"65537", "131072"},
                                      {"131071", "131072"},
                                      {"96KB", "131072"},
                                      {"3MB", "4194304"},
                                      {"3GB", "4294967296"}}),
              IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeIsUnsetAtFirst) {
  COVERS(spec::console_log::kSizeCleared);
  ASSERT_OK(container_->SetConfigItem("lxc.uts.name", "c"));

  EXPECT_THAT(container_->GetConfigItem(kBufferSize), SucceedsWith(std::string("0")));
  EXPECT_THAT(container_->GetConfigItem(kFileSize), SucceedsWith(std::string("0")));
}

TEST_F(ConsoleLogConfigTest, ClearedSizeIsUnset) {
  COVERS(spec::console_log::kSizeCleared);

  for (const char* key : {kBufferSize, kFileSize}) {
    SCOPED_TRACE(key);
    ASSERT_OK(container_->SetConfigItem(key, "64KB"));
    EXPECT_OK(container_->ClearConfigItem(key));
    EXPECT_THAT(container_->GetConfigItem(key), SucceedsWith(std::string("0")));
  }
}

TEST_F(ConsoleLogConfigTest, EmptySizeIsUnset) {
  COVERS(spec::console_log::kSizeCleared);

  EXPECT_THAT(SizesThatReadOtherwise({{"64KB", "65536"}, {"", "0"}}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesWhatIsNoNumber) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"x", "KB", "big", "autox", "-", "."}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesNegativeNumbers) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"-1", "-4096", "-4KB"}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesUnknownTwoLetterUnits) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"1TB", "1PB", "16XB", "4BK"}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesOneLetterUnits) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"8K", "8M", "8G", "8k", "8192B"}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesTextBehindTheUnit) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"8KBx", "8KB8", "8KiB", "8192 bytes"}), IsEmpty());
}

TEST_F(ConsoleLogConfigTest, SizeRefusesWhat64BitsCannotHold) {
  COVERS(spec::console_log::kSizeRefused);

  EXPECT_THAT(SizesThatAreAccepted({"18446744073709551616", "99999999999999999999",
                                    "18014398509481984KB", "17179869184GB"}),
              IsEmpty());
}

TEST_F(ConsoleLogConfigTest, RotateRefusesAllButZeroAndOne) {
  COVERS(spec::console_log::kRotateRefused);

  for (const char* value : {"2", "10", "-1", "yes", "true", "x"}) {
    EXPECT_THAT(container_->SetConfigItem(kRotate, value), Fails()) << value;
  }
}

TEST_F(ConsoleLogConfigTest, RefusedSizeKeepsTheOldOne) {
  COVERS(spec::console_log::kRefusedValueChangesNothing);

  for (const char* key : {kBufferSize, kFileSize}) {
    SCOPED_TRACE(key);
    ASSERT_OK(container_->SetConfigItem(key, "64KB"));
    for (const char* refused : {"x", "-1", "1TB", "8KBx", "99999999999999999999"}) {
      ASSERT_THAT(container_->SetConfigItem(key, refused), Fails()) << refused;
      EXPECT_THAT(container_->GetConfigItem(key), SucceedsWith(std::string("65536"))) << refused;
    }
  }
}

TEST_F(ConsoleLogConfigTest, RefusedRotateKeepsTheOldOne) {
  COVERS(spec::console_log::kRefusedValueChangesNothing);
  ASSERT_OK(container_->SetConfigItem(kRotate, "1"));

  ASSERT_THAT(container_->SetConfigItem(kRotate, "2"), Fails());

  EXPECT_THAT(container_->GetConfigItem(kRotate), SucceedsWith(std::string("1")));
}

TEST_F(ConsoleLogConfigTest, OtherKeysReadAsTheyWereSet) {
  COVERS(spec::console_log::kKeysReadBack);

  for (const auto& [key, value] : Pairs{{kRotate, "1"},
                                        {kRotate, "0"},
                                        {"lxc.console.logfile", "/var/log/console.log"},
                                        {"lxc.console.path", "/dev/tty7"},
                                        {"lxc.console.path", "none"}}) {
    EXPECT_EQ(ReadsAfterSetting(key, value), value) << key;
  }
}

TEST_F(ConsoleLogConfigTest, OtherKeysAreUnsetOnceCleared) {
  COVERS(spec::console_log::kKeysReadBack);

  for (const auto& [key, unset] :
       Pairs{{kRotate, "0"}, {"lxc.console.logfile", ""}, {"lxc.console.path", ""}}) {
    ASSERT_OK(container_->SetConfigItem(key, "1"));
    EXPECT_OK(container_->ClearConfigItem(key));
    EXPECT_THAT(container_->GetConfigItem(key), SucceedsWith(unset)) << key;
  }
}

}  // namespace
}  // namespace lxcspec
