// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/commands.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

#include "conformance/probes/children.h"
#include "conformance/probes/devices.h"
#include "conformance/probes/escape.h"
#include "conformance/probes/files.h"
#include "conformance/probes/mkdir_proxy.h"
#include "conformance/probes/mounts.h"
#include "conformance/probes/pattern.h"
#include "conformance/probes/resources.h"
#include "conformance/probes/serve.h"
#include "conformance/probes/signals.h"
#include "conformance/probes/storm.h"
#include "conformance/probes/system_calls.h"

namespace lxcspec::probe {
namespace {

using Arguments = std::vector<std::string>;

Answer FromErrno() { return {.error = errno, .text = ""}; }

Answer Refuse(std::string why) { return {.error = EINVAL, .text = std::move(why)}; }

std::optional<size_t> Number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Without this a terminal turns "\n" into "\r\n" and stops at control characters.
void MakeRaw(int fd) {
  termios settings;
  if (tcgetattr(fd, &settings) != 0) return;  // no terminal, nothing is changed on the way
  cfmakeraw(&settings);
  tcsetattr(fd, TCSANOW, &settings);
}

Answer WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FromErrno();
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Answer WriteRaw(std::string_view bytes) {
  MakeRaw(STDOUT_FILENO);
  return WriteAll(STDOUT_FILENO, bytes);
}

// An implementation may give its init any standard streams; the console is this device.
Answer UseConsole(const Arguments&) {
  const int console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (console < 0) return FromErrno();
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(console, stream);
  close(console);
  return {};
}

Answer WriteText(const Arguments& arguments) {
  const std::optional<std::string> bytes = Unescape(arguments[0]);
  if (!bytes) return Refuse("write: bad escape in " + arguments[0]);
  return WriteRaw(*bytes);
}

Answer WritePattern(const Arguments& arguments) {
  const std::optional<size_t> size = Number(arguments[0]);
  if (!size) return Refuse("fill: no number: " + arguments[0]);
  return WriteRaw(Pattern(*size));
}

Answer WriteOctets(const Arguments& arguments) {
  const std::optional<size_t> size = Number(arguments[0]);
  if (!size) return Refuse("octets: no number: " + arguments[0]);
  return WriteRaw(Octets(*size));
}

Answer WriteToFile(const Arguments& arguments) {
  const std::optional<std::string> bytes = Unescape(arguments[1]);
  if (!bytes) return Refuse("write-to: bad escape in " + arguments[1]);
  const int fd = open(arguments[0].c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return FromErrno();
  const Answer answer = WriteAll(fd, *bytes);
  close(fd);
  return answer;
}

// One read: of a terminal that is a line.
Answer ReadFromFile(const Arguments& arguments) {
  const int fd = open(arguments[0].c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return FromErrno();
  char buffer[1024];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  const Answer answer =
      got < 0 ? FromErrno()
              : Answer{.error = 0, .text = std::string(buffer, static_cast<size_t>(got))};
  close(fd);
  return answer;
}

Answer ReadClock(const Arguments& arguments) {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::optional<size_t> number = Number(arguments[0]);
  timespec now{};
  if (!number) return Refuse("clock: no number: " + arguments[0]);
  if (clock_gettime(static_cast<clockid_t>(*number), &now) != 0) return FromErrno();
  return {.error = 0, .text = std::to_string(now.tv_sec * kSecond + now.tv_nsec)};
}

// Whole or not at all: whoever waits for the file may read it. Ends the program.
Answer SaveEnvironment(const Arguments& arguments) {
  const std::string unfinished = arguments[0] + ".unfinished";
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return FromErrno();
  for (char** one = environ; *one != nullptr; ++one) {
    Answer written = WriteAll(fd, {*one, std::string_view(*one).size() + 1});
    if (written.error != 0) return written;
  }
  close(fd);
  if (rename(unfinished.c_str(), arguments[0].c_str()) != 0) return FromErrno();
  _exit(0);
}

// Stays open as long as the process runs.
Answer AllocatePty(const Arguments&) {
  const int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return FromErrno();
  int locked = 0;
  unsigned number = 0;
  if (ioctl(fd, TIOCSPTLCK, &locked) != 0 || ioctl(fd, TIOCGPTN, &number) != 0) {
    const Answer answer = FromErrno();
    close(fd);
    return answer;
  }
  return {.error = 0, .text = std::to_string(number)};
}

Answer EchoInput(const Arguments&) {
  MakeRaw(STDIN_FILENO);
  char buffer[1024];
  while (true) {
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (got == 0) return {};
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromErrno();
    Answer written = WriteAll(STDOUT_FILENO, {buffer, static_cast<size_t>(got)});
    if (written.error != 0) return written;
  }
}

Answer ListDescriptors(const Arguments&) {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return FromErrno();
  std::string list;
  while (const dirent* const entry = readdir(directory)) {
    const std::optional<size_t> fd = Number(entry->d_name);
    if (!fd || *fd == static_cast<size_t>(dirfd(directory))) continue;
    char target[4096];
    const ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
    if (length < 0) continue;
    list.append(entry->d_name) += ' ';
    list.append(target, static_cast<size_t>(length)) += '\n';
  }
  closedir(directory);
  return {.error = 0, .text = std::move(list)};
}

// Leaves a process to whoever reaps in this pid namespace: its parent ends first.
Answer MakeOrphan(const Arguments&) {
  const pid_t parent = fork();
  if (parent < 0) return FromErrno();
  if (parent == 0) {
    fork();
    _exit(0);
  }
  return {};
}

Answer SpawnPausing(const Arguments&) {
  const pid_t child = fork();
  if (child < 0) return FromErrno();
  if (child == 0) {
    ResetSignals();
    while (true) pause();
  }
  return {.error = 0, .text = std::to_string(child)};
}

Answer OnSignal(const Arguments& arguments) {
  const std::optional<size_t> signal = Number(arguments[0]);
  if (!signal || *signal > 64 || !SetSignal(static_cast<int>(*signal), arguments[1])) {
    return Refuse("on: no such signal or action: " + arguments[0] + " " + arguments[1]);
  }
  return {};
}

Answer BecomeSubreaper(const Arguments&) {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return FromErrno();
  return {};
}

// The system call itself: glibc's reboot() would be the same, but has no halt.
Answer Reboot(unsigned command) {
  syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, nullptr);
  return FromErrno();
}

Answer Exit(const Arguments& arguments) {
  const std::optional<size_t> code = Number(arguments[0]);
  if (!code || *code > 255) return Refuse("exit: no exit code: " + arguments[0]);
  _exit(static_cast<int>(*code));
}

constexpr size_t kOneOrMore = SIZE_MAX;

struct Command {
  const char* name;
  const char* arguments;
  size_t count;
  Answer (*run)(const Arguments& arguments);
  const char* help;
};

constexpr Command kCommands[] = {
    {"console", "", 0, UseConsole, "make /dev/console the standard input, output and error"},
    {"write", "TEXT", 1, WriteText, R"(write TEXT in one piece; \n \r \t \\ \xHH stand for bytes)"},
    {"fill", "BYTES", 1, WritePattern,
     "write that many bytes of decimal numbers, seven digits and a newline each"},
    {"octets", "BYTES", 1, WriteOctets, "write that many bytes, counting 0 to 255 over and over"},
    {"write-to", "PATH TEXT", 2, WriteToFile, "write TEXT, as write does, to that file"},
    {"read-from", "PATH", 1, ReadFromFile, "answer with what one read of that file returns"},
    {"owner", "PATH", 1, OwnerOf, "answer with that file's user and group"},
    {"owner-in-userns", "PATH ID", 2, OwnerInUserNamespace,
     "the same in a new user namespace whose only id, 0, is ID here"},
    {"make", "PATH TEXT", 2, MakeFile, "make that file with TEXT in it, or a folder: /"},
    {"give", "PATH UID GID", 3, GiveFile, "make that user and group the file's owners"},
    {"clock", "NUMBER", 1, ReadClock, "answer with the nanoseconds of that clock"},
    {"save-environment", "PATH ANYTHING...", kOneOrMore, SaveEnvironment,
     "write the environment to that file, a zero byte behind each variable, and end"},
    {"pty", "", 0, AllocatePty,
     "allocate a pseudo-terminal and keep it open; answer with its number"},
    {"echo-stdin", "", 0, EchoInput, "write what is read from standard input, until it ends"},
    {"pause", "", 0,
     [](const Arguments&) -> Answer {
       while (true) pause();
     },
     "wait for a signal, for ever"},
    {"serve", "SOCKET", 1,
     [](const Arguments& arguments) { return Serve(arguments[0], RunCommand); },
     "connect to the Unix socket and run what comes over it, one command a message"},
    {"open", "PATH MODE", 2, OpenAndClose,
     "open that file to read (r), to write (w) or for both (rw), and close it"},
    {"mknod", "TYPE MAJOR MINOR", 3, MakeNode,
     "make a node of that block (b) or character (c) device below /dev, and remove it"},
    {"mount", "SOURCE TARGET TYPE FLAGS", 4, MountHere,
     "mount that there; - for what is to be NULL, and for no flags"},
    {"umount", "TARGET FLAGS", 2, UnmountHere, "unmount what is there; - for no flags"},
    {"mayhem", "PLACE KEPT EXCHANGE", 3, Mayhem,
     "for ever make PLACE something else, such as a link to KEPT, and unmount EXCHANGE"},
    {"exchange-names", "FOLDER LINK", 2, ExchangeNames,
     "for ever replace what appears in FOLDER by a link to LINK"},
    {"count-surprises", "ALLOWED DENIED COUNT", 3, CountSurprises,
     "open both files that often; answer how often it went against their names"},
    {"allocate", "BYTES", 1, Allocate, "have that much memory at once, and give it back"},
    {"compute", "MILLISECONDS", 1, Compute, "work until it has had that much of a CPU's time"},
    {"mkdir-proxy", "SOCKET", 1, RunMkdirProxy,
     "be a seccomp proxy at that socket, which makes the folders that mkdir asks for"},
    {"list-fds", "", 0, ListDescriptors, "answer with the open descriptors and what they refer to"},
    {"orphan", "", 0, MakeOrphan, "leave behind a process that ends after its parent"},
    {"spawn", "", 0, SpawnPausing,
     "start a child that waits for a signal; answer with its process id"},
    {"start", "COMMAND...", kOneOrMore, StartInChild,
     "run COMMAND in a child; answer with its process id"},
    {"result", "PID", 1, AwaitChild,
     "wait for what that child answers; where it was killed, answer with the signal"},
    {"in-child", "COMMAND...", kOneOrMore, RunInChild, "start, and then result"},
    {"syscall", "NUMBER ARGUMENTS", 2, MakeSystemCall,
     "make that system call, with up to six numbers such as 1,0x2, - for none, or @ for the "
     "address that poke writes to; answer with what it returns"},
    {"syscall32", "NUMBER ARGUMENTS", 2, MakeCompatCall,
     "the same as a 32-bit program makes it, with up to five arguments"},
    {"trapped", "NUMBER ARGUMENTS", 2, MakeTrappedCall,
     "make that system call, and answer with what the SIGSYS that it brought says"},
    {"poke", "TEXT", 1, Poke, "write TEXT, as write does, to memory shared with the children"},
    {"storm", "WORKERS", 1, StartStorm,
     "keep that many children, which make getppid with a number each, over and over"},
    {"storm-calls", "", 0, StormCalls, "answer with how many of their calls have returned"},
    {"storm-end", "", 0, EndStorm, "end them; answer with what they have seen"},
    {"subreaper", "", 0, BecomeSubreaper,
     "become the parent of orphans below it, where it is not process 1"},
    {"ignore-signals", "", 0,
     [](const Arguments&) {
       IgnoreSignals();
       return Answer{};
     },
     "from now on be ended by SIGKILL only"},
    {"on", "SIGNAL ACTION", 2, OnSignal,
     "from now on reboot, halt, exit, ignore or count on the signal of that number"},
    {"counted", "", 0,
     [](const Arguments&) { return Answer{.error = 0, .text = std::to_string(SignalsCounted())}; },
     "answer with how many signals were counted"},
    {"reboot", "", 0, [](const Arguments&) { return Reboot(LINUX_REBOOT_CMD_RESTART); },
     "ask the kernel for a reboot, which restarts a container"},
    {"halt", "", 0, [](const Arguments&) { return Reboot(LINUX_REBOOT_CMD_POWER_OFF); },
     "ask the kernel to power off, which stops a container"},
    {"exit", "CODE", 1, Exit, "end with this exit code"},
};

}  // namespace

Answer RunCommand(const std::vector<std::string>& words) {
  if (words.empty()) return Refuse("no command");
  for (const Command& command : kCommands) {
    if (words[0] != command.name) continue;
    const size_t count = words.size() - 1;
    if (command.count == kOneOrMore ? count == 0 : count != command.count) {
      return Refuse(std::string("usage: ") + command.name + " " + command.arguments);
    }
    return command.run({words.begin() + 1, words.end()});
  }
  return Refuse("no such command: " + words[0]);
}

std::string CommandHelp() {
  constexpr size_t kColumn = 20;
  std::string help;
  for (const Command& command : kCommands) {
    std::string line = std::string("  ") + command.name + " " + command.arguments;
    line.resize(std::max(line.size() + 1, kColumn), ' ');
    help += line + command.help + "\n";
  }
  return help;
}

}  // namespace lxcspec::probe
