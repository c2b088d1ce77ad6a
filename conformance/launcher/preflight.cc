// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/preflight.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "conformance/launcher/file_io.h"
#include "conformance/launcher/strings.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {
namespace {

// As the suite has it (conformance/testee/load.h), which does not travel with the launcher.
constexpr std::string_view kExec = "exec:";

Result<std::string> CheckFile(const std::string& option, const std::string& path, int mode) {
  auto real = RealPath(path);
  if (!real) return Fail(real.error().code, option + ": find " + path);
  struct stat status {};
  if (stat(real->c_str(), &status) != 0) return FailErrno(option + ": stat(" + *real + ")");
  if (!S_ISREG(status.st_mode)) return Fail(0, option + ": " + *real + " is no regular file");
  // Root may read anything but executes only what somebody may execute.
  if (access(real->c_str(), mode) != 0) {
    return FailErrno(option + (mode == X_OK ? ": execute " : ": read ") + *real);
  }
  return real;
}

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

void AddVisible(const std::string& file, Parts& parts) {
  parts.visible.push_back(file);
  // With its neighbours, which it may load. Nothing is above a file in the root directory.
  if (const std::string directory = DirectoryOf(file); !directory.empty()) {
    parts.visible.push_back(directory);
  }
}

Status AddLoader(const Options& options, Parts& parts) {
  for (size_t i = 0; i < options.loader.size(); ++i) {
    if (i == 0) {
      ASSIGN_OR_RETURN(const std::string loader, CheckFile("--loader", options.loader[0], X_OK));
      AddVisible(loader, parts);
      parts.loader.push_back(loader);
    } else if (options.loader[i - 1] == "--library-path") {
      std::string real_path;
      for (const std::string& directory : Split(options.loader[i], ':')) {
        auto real = RealPath(directory);
        if (!real) return Fail(real.error().code, "--loader: find " + directory);
        parts.visible.push_back(*real);
        real_path += (real_path.empty() ? "" : ":") + *real;
      }
      parts.loader.push_back(real_path);
    } else {
      parts.loader.push_back(options.loader[i]);
    }
  }
  return {};
}

// The words of a command. Those that are files are the testee's, and must be there for the tests.
Status AddCommand(const std::string& command, Parts& parts) {
  const std::vector<std::string> words = SplitWords(command);
  if (words.empty() || !words[0].starts_with('/')) {
    return Fail(0, "--testee: exec: wants the absolute path of a program, not \"" + command + "\"");
  }
  for (size_t i = 0; i < words.size(); ++i) {
    struct stat status {};
    const bool is_file = words[i].starts_with('/') && stat(words[i].c_str(), &status) == 0 &&
                         S_ISREG(status.st_mode);
    if (i > 0 && !is_file) continue;
    ASSIGN_OR_RETURN(std::string file, CheckFile("--testee", words[i], i == 0 ? X_OK : R_OK));
    parts.testee_files.push_back(std::move(file));
  }
  parts.testee = std::string(kExec) + command;
  return {};
}

Status AddTestee(const std::string& testee, Parts& parts) {
  if (testee.starts_with(kExec)) return AddCommand(testee.substr(kExec.size()), parts);
  ASSIGN_OR_RETURN(parts.testee, CheckFile("--testee", testee, R_OK));
  RETURN_IF_ERROR(CheckSharedObject(parts.testee));
  parts.testee_files = {parts.testee};
  return {};
}

}  // namespace

Status CheckSharedObject(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return FailErrno("--testee: open(" + path + ")");
  // The members looked at are at the same place in both classes.
  Elf64_Ehdr header{};
  const ssize_t got = pread(fd.get(), &header, sizeof(header), 0);
  if (got < 0) return FailErrno("--testee: read(" + path + ")");
  const auto refuse = [&](const std::string& what) {
    return Fail(0, "--testee: " + path + " is " + what);
  };
  if (got < static_cast<ssize_t>(sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refuse("no ELF file");
  }
  Elf64_Ehdr own{};
  UniqueFd self(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!self || pread(self.get(), &own, sizeof(own), 0) != sizeof(own)) {
    return FailErrno("read(/proc/self/exe)");
  }
  if (header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] ||
      header.e_ident[EI_DATA] != own.e_ident[EI_DATA] || header.e_machine != own.e_machine) {
    return refuse("for another machine");
  }
  if (header.e_type != ET_DYN) return refuse("no shared object");
  return {};
}

Result<Parts> CheckParts(const Options& options) {
  if (geteuid() != 0) return Fail(0, "not root: making namespaces, mounts and cgroups needs it");
  Parts parts;
  ASSIGN_OR_RETURN(parts.suite, CheckFile("--suite", options.suite, X_OK));
  ASSIGN_OR_RETURN(parts.probe, CheckFile("--probe", options.probe, X_OK));
  RETURN_IF_ERROR(AddTestee(options.testee, parts));
  for (const std::string& file : {parts.suite, parts.probe}) AddVisible(file, parts);
  for (const std::string& file : parts.testee_files) AddVisible(file, parts);
  RETURN_IF_ERROR(AddLoader(options, parts));
  for (const std::string& directory : options.visible) {
    auto real = RealPath(directory);
    if (!real) return Fail(real.error().code, "--visible: find " + directory);
    parts.visible.push_back(*std::move(real));
  }
  return parts;
}

}  // namespace lxcspec::launcher
