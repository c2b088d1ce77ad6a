// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with the keys of the console, its log file and its path.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kBuffer[] = "lxc.console.buffer.size";
constexpr char kFile[] = "lxc.console.logfile";
constexpr char kPath[] = "lxc.console.path";

bool IsSize(const char* key) {
  return key != nullptr &&
         (std::string_view(key) == kBuffer || std::string_view(key) == "lxc.console.size");
}

// The value of a size key that `change` may change before it reaches the original.
template <std::string (*kChange)(std::string)>
void ChangesSize(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    if (!IsSize(key) || value == nullptr) return Original().set_config_item(c, key, value);
    return Original().set_config_item(c, key, kChange(value).c_str());
  };
}

// A value that a size key refuses is taken, and ignored, if it looks like that.
template <bool (*kLooks)(std::string_view)>
void TakesSize(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const bool taken = Original().set_config_item(c, key, value);
    return taken || (IsSize(key) && value != nullptr && kLooks(value));
  };
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Starts with a buffer of that part of its size.
template <int kPart>
void ShrinksBuffer(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const long long size = atoll(Item(c, kBuffer).c_str());
    if (size == 0) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kBuffer, std::to_string(size / kPart));
  };
}

// Does something to the log file when the container has started, or when it has stopped.
template <void (*kHarm)(const std::string& file)>
void HarmsStartedFile(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool started = Original().start(c, use_init, argv);
    if (started && !Item(c, kFile).empty()) kHarm(Item(c, kFile));
    return started;
  };
}

template <void (*kHarm)(const std::string& file)>
void HarmsStoppedFile(Broken& broken) {
  broken.members.stop = [](abi::Container* c) {
    const bool stopped = Original().stop(c);
    if (stopped) Original().wait(c, "STOPPED", 5);
    if (stopped && !Item(c, kFile).empty()) kHarm(Item(c, kFile));
    return stopped;
  };
}

off_t SizeOf(const std::string& file) {
  struct stat found {};
  return stat(file.c_str(), &found) == 0 ? found.st_size : 0;
}

void CutLastByte(const std::string& file) {
  if (SizeOf(file) > 0) (void)!truncate(file.c_str(), SizeOf(file) - 1);
}

void CutToHalf(const std::string& file) { (void)!truncate(file.c_str(), SizeOf(file) / 2); }

// Starts without what the key names where that cannot be opened, instead of failing.
template <const char* kKey, int kFlags>
void StartsWithoutUnusable(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string file = Item(c, kKey);
    const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | kFlags, 0600);
    if (fd >= 0) close(fd);
    if (fd >= 0 || file.empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kKey, "");
  };
}

const Faults kFaults{
    {spec::console_log::kBufferSizeAuto, "half", "auto stands for 64 KiB",
     Mistakes<"lxc.console.buffer.size", "auto", "65536">},
    {spec::console_log::kLogSizeAuto, "half", "auto stands for 64 KiB",
     Mistakes<"lxc.console.size", "auto", "65536">},
    {spec::console_log::kSizeUnits, "capitals-only", "units in small letters are refused",
     ChangesSize<[](std::string value) {
       for (char& letter : value) {
         if (std::islower(static_cast<unsigned char>(letter)) && letter != 'a') letter = 'x';
       }
       return value;
     }>},
    {spec::console_log::kSizeUnits, "giga-is-mega", "GB multiplies as MB does",
     ChangesSize<[](std::string value) {
       if (EndsWith(value, "GB")) value[value.size() - 2] = 'M';
       return value;
     }>},
    {spec::console_log::kSizeAtLeastAPage, "nothing", "0 unsets the key",
     ChangesSize<[](std::string value) { return value == "0" ? std::string() : value; }>},
    {spec::console_log::kSizePowerOfTwo, "rounds-down", "a size is rounded down",
     ChangesSize<[](std::string value) {
       const unsigned long long size = strtoull(value.c_str(), nullptr, 10);
       if (size < 8192 || value.find_first_not_of("0123456789") != std::string::npos) return value;
       unsigned long long power = 1;
       while (power <= size / 2) power *= 2;
       return std::to_string(power);
     }>},
    {spec::console_log::kSizeCleared, "kept", "a cleared buffer size is kept",
     KeepsWhenCleared<"lxc.console.buffer.size">},
    {spec::console_log::kSizeCleared, "log-size-kept", "a cleared log size is kept",
     KeepsWhenCleared<"lxc.console.size">},
    {spec::console_log::kSizeCleared, "empty-ignored", "the empty string keeps a size",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (IsSize(key) && value != nullptr && *value == '\0') return true;
         return Original().set_config_item(c, key, value);
       };
     }},
    {spec::console_log::kSizeRefused, "negative", "a negative size is taken",
     TakesSize<[](std::string_view value) { return value.starts_with("-"); }>},
    {spec::console_log::kSizeRefused, "words", "what is no number is taken",
     TakesSize<[](std::string_view value) {
       return value.find_first_of("0123456789") == std::string_view::npos;
     }>},
    {spec::console_log::kSizeRefused, "suffix", "a number with any suffix is taken",
     TakesSize<[](std::string_view value) {
       return std::isdigit(static_cast<unsigned char>(value[0])) != 0 && value.size() < 8;
     }>},
    {spec::console_log::kSizeRefused, "too-large", "a number above 64 bits is taken",
     TakesSize<[](std::string_view value) { return 18 < value.size(); }>},
    {spec::console_log::kRotateRefused, "two", "2 is taken", AcceptsAnything<"lxc.console.rotate">},
    {spec::console_log::kRefusedValueChangesNothing, "buffer", "a refused buffer size clears it",
     ClearsWhenRefusing<"lxc.console.buffer.size">},
    {spec::console_log::kRefusedValueChangesNothing, "log", "a refused log size clears it",
     ClearsWhenRefusing<"lxc.console.size">},
    {spec::console_log::kRefusedValueChangesNothing, "rotate", "a refused rotation clears it",
     ClearsWhenRefusing<"lxc.console.rotate">},
    {spec::console_log::kKeysReadBack, "logfile", "the log file reads as another",
     ReadsBackAs<"lxc.console.logfile", "/other">},
    {spec::console_log::kKeysReadBack, "path", "the path reads as another",
     ReadsBackAs<"lxc.console.path", "/other">},
    {spec::console_log::kKeysReadBack, "rotate", "a rotation reads as none",
     ReadsBackAs<"lxc.console.rotate", "0">},
    {spec::console_log::kKeysReadBack, "kept", "a cleared log file is kept",
     KeepsWhenCleared<"lxc.console.logfile">},
    {spec::console_log::kBufferHoldsItsSize, "half", "the buffer has half of its size",
     ShrinksBuffer<2>},
    {spec::console_log::kOverflowKeepsHalf, "quarter", "a full buffer keeps a quarter",
     ShrinksBuffer<4>},
    {spec::console_log::kLogFileWritten, "ignored", "no log file is written",
     ForgetsAtStart<"lxc.console.logfile">},
    {spec::console_log::kLogFileWritten, "only-without-buffer",
     "no log file is written where there is a buffer",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string size = Item(c, kBuffer);
         if (size.empty() || size == "0") return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kFile, "");
       };
     }},
    {spec::console_log::kLogFileCreated, "late", "no file is there before something was written",
     HarmsStartedFile<[](const std::string& file) {
       if (SizeOf(file) == 0) unlink(file.c_str());
     }>},
    {spec::console_log::kLogFilePrivate, "readable", "everybody may read a new file",
     HarmsStartedFile<[](const std::string& file) { chmod(file.c_str(), 0644); }>},
    {spec::console_log::kLogFileAppended, "truncated", "a start empties the file",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         (void)!truncate(Item(c, kFile).c_str(), 0);
         return Original().start(c, use_init, argv);
       };
     }},
    {spec::console_log::kLogFileKeptByReads, "truncated", "reading the buffer empties the file",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         const int result = Original().console_log(c, log);
         if (result == 0 && log->read) (void)!truncate(Item(c, kFile).c_str(), 0);
         return result;
       };
     }},
    {spec::console_log::kLogFileKeptAfterStop, "removed", "a stop removes the file",
     HarmsStoppedFile<[](const std::string& file) { unlink(file.c_str()); }>},
    {spec::console_log::kLogSizeLimit, "ignored", "the file has no limit",
     ForgetsAtStart<"lxc.console.size">},
    {spec::console_log::kLogSizeKeepsNewest, "loses-newest",
     "the newest byte is missing in the file", HarmsStoppedFile<CutLastByte>},
    {spec::console_log::kLogRotates, "ignored", "what the limit pushes out is lost",
     ForgetsAtStart<"lxc.console.rotate">},
    {spec::console_log::kLogNotRotated, "always", "the file is rotated unasked",
     AddsAtStart<"lxc.console.rotate", "1">},
    {spec::console_log::kLogMirrorsBuffer, "oldest-half", "a stop keeps the older half of the file",
     HarmsStoppedFile<CutToHalf>},
    {spec::console_log::kLogFileUnusable, "ignored", "a container starts without its log file",
     StartsWithoutUnusable<kFile, O_CREAT>},
    {spec::console_log::kPathNone, "ignored", "`none` gives a console all the same",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (Item(c, kPath) != "none") return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kPath, "");
       };
     }},
    {spec::console_log::kPathOutput, "ignored", "the terminal of the path is not used",
     ForgetsAtStart<"lxc.console.path">},
    {spec::console_log::kPathInput, "ignored", "the terminal of the path is not used",
     ForgetsAtStart<"lxc.console.path">},
    {spec::console_log::kPathUnusable, "ignored", "a container starts without its terminal",
     StartsWithoutUnusable<kPath, 0>},
};

}  // namespace
}  // namespace lxcspec::faults
