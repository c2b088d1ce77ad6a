// SPDX-License-Identifier: Apache-2.0

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

namespace fs = std::filesystem;

// An initialisation with a struct that `change` has changed; the caller's stays as it was.
template <void (*kChange)(abi::Log&)>
void Initialises(Broken& broken) {
  broken.library.log_init = [](abi::Log* log) {
    if (log == nullptr) return OriginalLibrary().log_init(log);
    abi::Log changed = *log;
    kChange(changed);
    return OriginalLibrary().log_init(&changed);
  };
}

// What happens to the log file, or to its folder, once it was opened.
template <void (*kHarm)(const std::string& file)>
void HarmsNewFile(Broken& broken) {
  broken.library.log_init = [](abi::Log* log) {
    const int result = OriginalLibrary().log_init(log);
    if (result == 0 && log->file != nullptr) kHarm(log->file);
    return result;
  };
}

std::string ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string& CurrentFile() {
  static std::string& file = *new std::string;
  return file;
}

// The log file as `change` rewrites it after each message, in place.
template <std::string (*kChange)(std::string)>
void RewritesFile(Broken& broken) {
  broken.library.log_init = [](abi::Log* log) {
    const int result = OriginalLibrary().log_init(log);
    if (result == 0 && log->file != nullptr) CurrentFile() = fs::absolute(log->file);
    return result;
  };
  broken.members.load_config = [](abi::Container* c, const char* file) {
    const bool loaded = Original().load_config(c, file);
    const std::string text = kChange(ReadFile(CurrentFile()));
    if (!CurrentFile().empty()) std::ofstream(CurrentFile(), std::ios::trunc) << text;
    return loaded;
  };
}

// A message that the testee says on standard error beside what the original does.
template <const char* kText>
void Babbles(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    (void)!write(STDERR_FILENO, kText, strlen(kText));
    return Original().set_config_item(c, key, value);
  };
  broken.members.load_config = [](abi::Container* c, const char* file) {
    (void)!write(STDERR_FILENO, kText, strlen(kText));
    return Original().load_config(c, file);
  };
}

constexpr char kDebugLine[] = "lxc c 20260101000000.000 DEBUG    config - checking\n";
constexpr char kErrorLine[] = "lxc c 20260101000000.000 ERROR    config - oops\n";

// The descriptor of this process that refers to the file.
int DescriptorOf(const std::string& file) {
  int found = -1;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) == fs::absolute(file)) {
      found = atoi(entry.path().filename().c_str());
    }
  }
  return found;
}

std::string Replace(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// One errno for another.
template <int kOf, int kInstead>
void Misreports(Broken& broken) {
  broken.library.log_init = [](abi::Log* log) {
    errno = 0;
    const int result = OriginalLibrary().log_init(log);
    if (result == -kOf) return -kInstead;
    if (result < 0 && errno == kOf) errno = kInstead;
    return result;
  };
}

const Faults kFaults{
    {spec::lxc_log::kAnnounced, "denied", "the extension is not announced", Denies<"lxc_log">},
    {spec::lxc_log::kWritesToFile, "elsewhere", "messages go to no file",
     Initialises<[](abi::Log& log) { log.file = "none"; }>},
    {spec::lxc_log::kCreatesFile, "absent", "the file is gone after the initialisation",
     HarmsNewFile<[](const std::string& file) { unlink(file.c_str()); }>},
    {spec::lxc_log::kRelativeFile, "of-the-root", "a relative file is below the root folder",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         if (log == nullptr || log->file == nullptr || *log->file == '/' ||
             strcmp(log->file, "none") == 0) {
           return OriginalLibrary().log_init(log);
         }
         const fs::path before = fs::current_path();
         fs::current_path("/tmp");
         const int result = OriginalLibrary().log_init(log);
         fs::current_path(before);
         return result;
       };
     }},
    {spec::lxc_log::kAppends, "truncates", "what the file held is lost",
     HarmsNewFile<[](const std::string& file) { (void)!truncate(file.c_str(), 0); }>},
    {spec::lxc_log::kDefaultFile, "none", "there is no default file",
     Initialises<[](abi::Log& log) {
       if (log.file == nullptr) log.file = "none";
     }>},
    {spec::lxc_log::kDefaultFileOfDefaultPath, "none", "there is no default file",
     Initialises<[](abi::Log& log) {
       if (log.file == nullptr) log.file = "none";
     }>},
    {spec::lxc_log::kFileNone, "default", "`none` is as no file, and the default one is taken",
     Initialises<[](abi::Log& log) {
       if (log.file != nullptr && strcmp(log.file, "none") == 0) log.file = nullptr;
     }>},
    {spec::lxc_log::kNoFileWithoutName, "refused", "without file and name the call fails",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         if (log != nullptr && log->file == nullptr && log->name == nullptr) return -EINVAL;
         return OriginalLibrary().log_init(log);
       };
     }},
    {spec::lxc_log::kDefaultLevelIsError, "trace", "without a level everything is logged",
     Initialises<[](abi::Log& log) {
       if (log.level == nullptr) log.level = "TRACE";
     }>},
    {spec::lxc_log::kDefaultLevelIsError, "fatal", "without a level nothing is logged",
     Initialises<[](abi::Log& log) {
       if (log.level == nullptr) log.level = "FATAL";
     }>},
    {spec::lxc_log::kLevelFilters, "ignored", "everything is logged, whatever the level",
     Initialises<[](abi::Log& log) {
       if (log.level != nullptr) log.level = "TRACE";
     }>},
    {spec::lxc_log::kLevelFilters, "crit-is-error", "an error is logged with the level CRIT",
     Initialises<[](abi::Log& log) {
       if (log.level != nullptr && strcmp(log.level, "CRIT") == 0) log.level = "ERROR";
     }>},
    {spec::lxc_log::kLevelAdmits, "warn-is-crit", "no error is logged with the level WARN",
     Initialises<[](abi::Log& log) {
       if (log.level != nullptr && strcmp(log.level, "WARN") == 0) log.level = "CRIT";
     }>},
    {spec::lxc_log::kLevelNamesAnyCase, "capitals", "levels in small letters are taken for FATAL",
     Initialises<[](abi::Log& log) {
       if (log.level != nullptr && log.level[0] >= 'a') log.level = "FATAL";
     }>},
    {spec::lxc_log::kLineHasLevel, "small", "the level is in small letters",
     RewritesFile<[](std::string text) { return Replace(std::move(text), "ERROR", "error"); }>},
    {spec::lxc_log::kLineBeginsWithPrefix, "ignored", "the caller's prefix is not used",
     Initialises<[](abi::Log& log) { log.prefix = nullptr; }>},
    {spec::lxc_log::kLongPrefix, "dropped", "a long prefix is not used",
     Initialises<[](abi::Log& log) {
       if (log.prefix != nullptr && strlen(log.prefix) == 65536) log.prefix = nullptr;
     }>},
    {spec::lxc_log::kLineHasName, "ignored", "the name is not in the lines",
     Initialises<[](abi::Log& log) {
       if (log.file != nullptr) log.name = nullptr;
     }>},
    {spec::lxc_log::kErrorsOnStderr, "silent", "nothing is on standard error",
     Initialises<[](abi::Log& log) { log.quiet = true; }>},
    {spec::lxc_log::kErrorsOnStderr, "silent-with-file", "with a file nothing is on standard error",
     Initialises<[](abi::Log& log) {
       if (log.file != nullptr) log.quiet = true;
     }>},
    {spec::lxc_log::kStderrWhateverLevel, "of-the-file", "the level applies to standard error",
     Initialises<[](abi::Log& log) {
       if (log.level != nullptr && strcmp(log.level, "FATAL") == 0) log.quiet = true;
     }>},
    {spec::lxc_log::kStderrErrorsOnly, "everything", "lesser messages are on standard error",
     Babbles<kDebugLine>},
    {spec::lxc_log::kQuiet, "ignored", "messages are on standard error although quiet is set",
     Babbles<kErrorLine>},
    {spec::lxc_log::kQuiet, "only-with-file", "without a file quiet is ignored",
     Initialises<[](abi::Log& log) {
       if (log.file == nullptr || strcmp(log.file, "none") == 0) log.quiet = false;
     }>},
    {spec::lxc_log::kFileOverridesConfiguration, "loses",
     "the container's own file takes the messages",
     [](Broken& broken) {
       broken.members.load_config = [](abi::Container* c, const char* file) {
         if (!Item(c, "lxc.log.file").empty()) OriginalLibrary().log_close();
         return Original().load_config(c, file);
       };
     }},
    {spec::lxc_log::kLevelOverridesConfiguration, "loses", "the container's own level applies",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         if (log == nullptr || log->level == nullptr || log->file == nullptr) {
           return OriginalLibrary().log_init(log);
         }
         abi::Log changed = *log;
         changed.level = strcmp(log->level, "FATAL") == 0 ? "TRACE" : "FATAL";
         return OriginalLibrary().log_init(&changed);
       };
     }},
    {spec::lxc_log::kConfigurationOverridesDefault, "loses", "the container's own file is not used",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (key != nullptr && strcmp(key, "lxc.log.file") == 0) return true;
         return Original().set_config_item(c, key, value);
       };
     }},
    {spec::lxc_log::kSharedAfterFork, "closed", "a child process logs nothing",
     [](Broken& broken) {
       static pid_t initialiser = 0;
       broken.library.log_init = [](abi::Log* log) {
         initialiser = getpid();
         return OriginalLibrary().log_init(log);
       };
       broken.members.load_config = [](abi::Container* c, const char* file) {
         if (getpid() != initialiser) OriginalLibrary().log_close();
         return Original().load_config(c, file);
       };
     }},
    {spec::lxc_log::kStringsCopied, "borrowed", "lines have what the caller's prefix holds by then",
     [](Broken& broken) {
       static const char* borrowed = nullptr;
       static std::string& given = *new std::string;
       broken.library.log_init = [](abi::Log* log) {
         const int result = OriginalLibrary().log_init(log);
         if (result != 0 || log->prefix == nullptr || log->file == nullptr) return result;
         borrowed = log->prefix;
         given = log->prefix;
         CurrentFile() = fs::absolute(log->file);
         return result;
       };
       broken.members.load_config = [](abi::Container* c, const char* file) {
         const bool loaded = Original().load_config(c, file);
         if (borrowed == nullptr) return loaded;
         const std::string now(borrowed, given.size());
         const std::string text = Replace(ReadFile(CurrentFile()), given, now);
         std::ofstream(CurrentFile(), std::ios::trunc) << text;
         return loaded;
       };
     }},
    {spec::lxc_log::kCloseEndsWriting, "ignored", "lxc_log_close() does nothing",
     [](Broken& broken) { broken.library.log_close = [] {}; }},
    {spec::lxc_log::kInitAfterClose, "first-file", "an initialisation after a close is ignored",
     [](Broken& broken) {
       broken.library.log_close = [] {};
       broken.library.log_init = [](abi::Log* log) {
         static bool open = false;
         if (open && log != nullptr) return 0;
         const int result = OriginalLibrary().log_init(log);
         open = open || result == 0;
         return result;
       };
     }},
    {spec::lxc_log::kLevelAfterClose, "first-level", "the level of the first initialisation stays",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         static const std::string first =
             log != nullptr && log->level != nullptr ? log->level : "ERROR";
         if (log == nullptr) return OriginalLibrary().log_init(log);
         abi::Log changed = *log;
         changed.level = first.c_str();
         return OriginalLibrary().log_init(&changed);
       };
     }},
    {spec::lxc_log::kPrefixAfterClose, "first-prefix",
     "the prefix of the first initialisation stays",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         static const std::string first =
             log != nullptr && log->prefix != nullptr ? log->prefix : "";
         if (log == nullptr || first.empty()) return OriginalLibrary().log_init(log);
         abi::Log changed = *log;
         changed.prefix = first.c_str();
         return OriginalLibrary().log_init(&changed);
       };
     }},
    {spec::lxc_log::kInitAfterNoFile, "refused", "after one without a file the next does nothing",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         static bool initialised = false;
         if (initialised && log != nullptr) return 0;
         const int result = OriginalLibrary().log_init(log);
         initialised = initialised || result == 0;
         return result;
       };
     }},
    {spec::lxc_log::kSecondInitKeepsALog, "closes", "a second initialisation closes the log",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         static int count = 0;
         if (++count == 2) {
           OriginalLibrary().log_close();
           return -EBUSY;
         }
         return OriginalLibrary().log_init(log);
       };
     }},
    {spec::lxc_log::kStructUnchanged, "quiet", "the caller's struct comes back with quiet set",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         const int result = OriginalLibrary().log_init(log);
         if (log != nullptr) log->quiet = true;
         return result;
       };
     }},
    {spec::lxc_log::kStructUnchanged, "level",
     "the caller's struct comes back with the level in force",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         const int result = OriginalLibrary().log_init(log);
         if (log != nullptr) log->level = "NOTICE";
         return result;
       };
     }},
    {spec::lxc_log::kDescriptorCloseOnExec, "inherited", "the file's descriptor survives an exec",
     HarmsNewFile<[](const std::string& file) { fcntl(DescriptorOf(file), F_SETFD, 0); }>},
    {spec::lxc_log::kFilePrivate, "readable", "everybody may read a new file",
     HarmsNewFile<[](const std::string& file) { chmod(file.c_str(), 0644); }>},
    {spec::lxc_log::kHonoursUmask, "ignored", "a new file has its permissions whatever the umask",
     HarmsNewFile<[](const std::string& file) { chmod(file.c_str(), 0640); }>},
    {spec::lxc_log::kFoldersNotWritable, "writable", "everybody may write in a new folder",
     HarmsNewFile<[](const std::string& file) {
       chmod(fs::absolute(file).parent_path().c_str(), 0777);
     }>},
    {spec::lxc_log::kNullSettings, "succeeds", "NULL for the settings succeeds",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         return log == nullptr ? 0 : OriginalLibrary().log_init(log);
       };
     }},
    {spec::lxc_log::kEmptyFileName, "default", "an empty file is as no file",
     Initialises<[](abi::Log& log) {
       if (log.file != nullptr && *log.file == '\0') log.file = nullptr;
     }>},
    {spec::lxc_log::kFileIsDirectory, "other-errno", "a directory is refused with EACCES",
     Misreports<EISDIR, EACCES>},
    {spec::lxc_log::kFileCannotBeOpened, "other-errno", "such a file is refused with ENOENT",
     Misreports<ENOTDIR, ENOENT>},
    {spec::lxc_log::kFileCannotBeOpened, "succeeds", "such a file is ignored",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         errno = 0;
         const int result = OriginalLibrary().log_init(log);
         return result == -ENOTDIR || (result < 0 && errno == ENOTDIR) ? 0 : result;
       };
     }},
    {spec::lxc_log::kLongFileName, "other-errno", "a long name is refused with EINVAL",
     Misreports<ENAMETOOLONG, EINVAL>},
    {spec::lxc_log::kNoPermission, "other-errno", "no permission is refused with EPERM",
     Misreports<EACCES, EPERM>},
    {spec::lxc_log::kUsableAfterFailure, "dead", "after a failure nothing is logged any more",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         static bool dead = false;
         if (dead) return 0;
         const int result = OriginalLibrary().log_init(log);
         dead = result < 0;
         return result;
       };
     }},
    {spec::lxc_log::kCloseWithoutLog, "aborts", "a close without a log ends the process",
     [](Broken& broken) {
       static bool open = false;
       broken.library.log_init = [](abi::Log* log) {
         const int result = OriginalLibrary().log_init(log);
         open = open || result == 0;
         return result;
       };
       broken.library.log_close = [] {
         if (!open) abort();
         open = false;
         OriginalLibrary().log_close();
       };
     }},
    {spec::lxc_log::kUndefinedContainer, "refused", "the container of the name must be defined",
     [](Broken& broken) {
       broken.library.log_init = [](abi::Log* log) {
         return log != nullptr && log->name != nullptr ? -ENOENT : OriginalLibrary().log_init(log);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
