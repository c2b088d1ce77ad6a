// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with reading and clearing; the keys and the log file are in
// console_log_file_faults.cc.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

using Call = int (*)(abi::Container*, abi::ConsoleLog*);

// A call of the original by values: what a fault does beside what it was asked.
int Ask(abi::Container* c, bool read, bool clear, uint64_t limit) {
  abi::ConsoleLog log{.clear = clear, .read = read, .read_max = &limit, .data = nullptr};
  const int result = Original().console_log(c, &log);
  free(log.data);
  return result;
}

bool HasData(const abi::ConsoleLog* log) {
  return log != nullptr && log->data != nullptr && log->read_max != nullptr && *log->read_max > 0;
}

// The call that `change` may change before it reaches the original.
template <void (*kChange)(abi::ConsoleLog&, uint64_t&)>
int Asked(abi::Container* c, abi::ConsoleLog* log) {
  if (log == nullptr || log->read_max == nullptr) return Original().console_log(c, log);
  const abi::ConsoleLog asked = *log;
  kChange(*log, *log->read_max);
  const int result = Original().console_log(c, log);
  log->clear = asked.clear;
  log->read = asked.read;
  return result;
}

template <void (*kChange)(abi::ConsoleLog&, uint64_t&)>
void ChangesRequest(Broken& broken) {
  broken.members.console_log = Asked<kChange>;
}

// The data that `change` may change before the caller sees it.
template <void (*kChange)(char* data, uint64_t& size)>
void ChangesData(Broken& broken) {
  broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
    const int result = Original().console_log(c, log);
    if (result == 0 && HasData(log)) kChange(log->data, *log->read_max);
    return result;
  };
}

// One errno for another.
template <int kOf, int kInstead>
void Misreports(Broken& broken) {
  broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
    const int result = Original().console_log(c, log);
    if (result != -kOf) return result;
    if (kInstead == 0 && log != nullptr && log->read_max != nullptr) *log->read_max = 0;
    return -kInstead;
  };
}

std::set<const abi::Container*>& Starters() {
  static std::set<const abi::Container*>& starters = *new std::set<const abi::Container*>;
  return starters;
}

bool IsIn(abi::Container* c, const char* state) {
  return c != nullptr && std::string_view(Original().state(c)) == state;
}

// What was unread when the container stopped, for those that give it back later.
std::string& Unread() {
  static std::string& unread = *new std::string;
  return unread;
}

bool StopKeepingUnread(abi::Container* c) {
  uint64_t all = 0;
  abi::ConsoleLog log{.clear = false, .read = true, .read_max = &all, .data = nullptr};
  if (Original().console_log(c, &log) == 0 && log.data != nullptr) Unread().assign(log.data, all);
  free(log.data);
  return Original().stop(c);
}

int GiveUnread(abi::ConsoleLog* log) {
  log->data = static_cast<char*>(malloc(Unread().size()));
  std::copy(Unread().begin(), Unread().end(), log->data);
  *log->read_max = Unread().size();
  Unread().clear();
  return 0;
}

// The process that serves the container: the parent of its init.
pid_t MonitorOf(abi::Container* c) {
  const std::string path = "/proc/" + std::to_string(Original().init_pid(c)) + "/stat";
  pid_t parent = -1;
  if (FILE* file = fopen(path.c_str(), "re")) {
    if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1) parent = -1;
    fclose(file);
  }
  return parent;
}

const Faults kFaults{
    {spec::console_log::kAnnounced, "denied", "the extension is not announced",
     Denies<"console_log">},
    {spec::console_log::kReadsConsole, "reversed", "the bytes come in reverse order",
     ChangesData<[](char* data, uint64_t& size) { std::reverse(data, data + size); }>},
    {spec::console_log::kReadsConsole, "one-less", "read_max is one byte short",
     ChangesData<[](char*, uint64_t& size) { --size; }>},
    {spec::console_log::kBytesUnaltered, "seven-bits", "the highest bit of each byte is lost",
     ChangesData<[](char* data, uint64_t& size) {
       std::transform(data, data + size, data, [](char byte) { return byte & 0x7f; });
     }>},
    {spec::console_log::kBytesUnaltered, "to-the-first-zero", "what is behind a zero byte is lost",
     ChangesData<[](char* data, uint64_t& size) {
       size = std::find(data, data + size, '\0') - data;
     }>},
    {spec::console_log::kReadAll, "bounded", "a read of everything returns 16 bytes",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (log.read && limit == 0) limit = 16;
     }>},
    {spec::console_log::kReadAllOfLargeBuffer, "socket-buffer",
     "a read of everything returns what one socket buffer takes",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (log.read && limit == 0) limit = 212992;
     }>},
    {spec::console_log::kReadMaxLimits, "ignored", "a read returns everything, whatever the limit",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (log.read) limit = 0;
     }>},
    {spec::console_log::kReadMaxLimits, "one-more", "a read returns one byte more than the limit",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (log.read && limit != 0 && limit < 1 << 20) ++limit;
     }>},
    {spec::console_log::kReadMaxAboveContent, "signed",
     "a limit above the largest int64 is refused",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         if (log != nullptr && log->read_max != nullptr && *log->read_max > INT64_MAX)
           return -EINVAL;
         return Original().console_log(c, log);
       };
     }},
    {spec::console_log::kReadConsumes, "peeks", "a read leaves what it returned for the next one",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         if (log != nullptr && log->read && !Unread().empty()) return GiveUnread(log);
         const int result = Original().console_log(c, log);
         if (result == 0 && HasData(log)) Unread().assign(log->data, *log->read_max);
         return result;
       };
     }},
    {spec::console_log::kReadConsumes, "drops-rest", "a limited read drops what it did not return",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t&) {
       if (log.read) log.clear = true;
     }>},
    {spec::console_log::kReadersShare, "loses", "every third read of a process loses its bytes",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         static int count = 0;
         const int result = Original().console_log(c, log);
         if (result != 0 || !HasData(log) || ++count % 3 != 0) return result;
         free(log->data);
         log->data = nullptr;
         *log->read_max = 0;
         return -ENODATA;
       };
     }},
    {spec::console_log::kAnyObjectReads, "starter-only", "only the object that started it may read",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Starters().insert(c);
         return Original().start(c, use_init, argv);
       };
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         return Starters().contains(c) ? Original().console_log(c, log) : -EPERM;
       };
     }},
    {spec::console_log::kReadEmpty, "succeeds", "a read of an empty buffer succeeds",
     Misreports<ENODATA, 0>},
    {spec::console_log::kReadEmpty, "succeeds-with-clear",
     "a read and clear of an empty buffer succeeds",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         const int result = Original().console_log(c, log);
         return result == -ENODATA && log->clear ? 0 : result;
       };
     }},
    {spec::console_log::kClearEmpties, "ignored", "a clear drops nothing",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (log.read || !log.clear) return;
       log.clear = false;
       limit = 0;
     }>},
    {spec::console_log::kClearEmpties, "limited", "a clear drops no more than read_max says",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (!log.read && log.clear && limit != 0) log.clear = false;
     }>},
    {spec::console_log::kClearOfEmptySucceeds, "refused", "a clear of an empty buffer fails",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         const bool clears = log != nullptr && log->clear && !log->read;
         if (clears && Ask(c, true, false, 1) == -ENODATA) return -ENODATA;
         return Original().console_log(c, log);
       };
     }},
    {spec::console_log::kClearKeepsLaterOutput, "once-more",
     "the first read after a clear clears again",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         static bool cleared = false;
         if (log != nullptr && log->read && cleared) {
           Ask(c, false, true, 0);
           cleared = false;
         }
         if (log != nullptr && log->clear && !log->read) cleared = true;
         return Original().console_log(c, log);
       };
     }},
    {spec::console_log::kReadAndClear, "only-reads", "a read and clear leaves the rest",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t&) {
       if (log.read) log.clear = false;
     }>},
    {spec::console_log::kReadAndClear, "only-clears", "a read and clear returns nothing",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         if (log == nullptr || log->read_max == nullptr || !log->read || !log->clear) {
           return Original().console_log(c, log);
         }
         *log->read_max = 0;
         return Ask(c, false, true, 0);
       };
     }},
    {spec::console_log::kDiscardsWithoutRead, "ignored", "a call with neither drops nothing",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (!log.read && !log.clear) limit = 0;
     }>},
    {spec::console_log::kDiscardsWithoutRead, "everything", "a call with neither drops everything",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (!log.read && limit != 0) log.clear = true;
     }>},
    {spec::console_log::kNothingAskedChangesNothing, "clears",
     "a call that asks for nothing clears",
     ChangesRequest<[](abi::ConsoleLog& log, uint64_t& limit) {
       if (!log.read && limit == 0) log.clear = true;
     }>},
    {spec::console_log::kOverflowKeepsTail, "loses-newest", "the newest byte of a read is missing",
     ChangesData<[](char*, uint64_t& size) {
       if (1024 < size) --size;
     }>},
    {spec::console_log::kUnreadNeverBlocks, "stalls",
     "nobody takes the output of a running container",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool started = Original().start(c, use_init, argv);
         if (started) kill(MonitorOf(c), SIGSTOP);
         return started;
       };
     }},
    {spec::console_log::kStartsEmpty, "remembers",
     "a restarted container gives what was unread before",
     [](Broken& broken) {
       broken.members.stop = StopKeepingUnread;
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         if (log != nullptr && log->read && IsIn(c, "RUNNING") && !Unread().empty()) {
           return GiveUnread(log);
         }
         return Original().console_log(c, log);
       };
     }},
    {spec::console_log::kReadWhileFrozen, "refused", "a frozen container's buffer cannot be read",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         return IsIn(c, "FROZEN") ? -EBUSY : Original().console_log(c, log);
       };
     }},
    {spec::console_log::kNoBuffer, "other-errno", "a container without a buffer answers ENODATA",
     Misreports<EFAULT, ENODATA>},
    {spec::console_log::kNoBuffer, "clear-succeeds", "a clear succeeds where there is no buffer",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         const int result = Original().console_log(c, log);
         return result == -EFAULT && log != nullptr && log->clear && !log->read ? 0 : result;
       };
     }},
    {spec::console_log::kStopped, "other-errno", "a container that never ran answers ESRCH",
     Misreports<ECONNREFUSED, ESRCH>},
    {spec::console_log::kAfterStop, "other-errno", "a stopped container answers ENODATA",
     Misreports<ECONNREFUSED, ENODATA>},
    {spec::console_log::kAfterStop, "remembers", "a stopped container gives what was unread",
     [](Broken& broken) {
       broken.members.stop = StopKeepingUnread;
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         const int result = Original().console_log(c, log);
         return result == -ECONNREFUSED && !Unread().empty() ? GiveUnread(log) : result;
       };
     }},
    {spec::console_log::kReadDuringStop, "reversed", "the bytes come in reverse order",
     ChangesData<[](char* data, uint64_t& size) { std::reverse(data, data + size); }>},
    {spec::console_log::kNullContainer, "other-errno", "NULL for the container answers EBADF",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         return c == nullptr ? -EBADF : Original().console_log(c, log);
       };
     }},
    {spec::console_log::kNullRequest, "succeeds", "NULL for the struct succeeds",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         return c != nullptr && log == nullptr ? 0 : Original().console_log(c, log);
       };
     }},
    {spec::console_log::kNullReadMax, "succeeds", "NULL for read_max succeeds",
     [](Broken& broken) {
       broken.members.console_log = [](abi::Container* c, abi::ConsoleLog* log) {
         if (log != nullptr && log->read_max == nullptr) return 0;
         return Original().console_log(c, log);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
