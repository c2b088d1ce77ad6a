// SPDX-License-Identifier: Apache-2.0
//
// What the launcher promises of a test's surroundings.

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "conformance/launcher/testdata/fake_suite.h"

namespace lxcspec::fake {
namespace {

std::set<std::string> Names(const std::string& directory) {
  std::set<std::string> names;
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream)) names.insert(entry->d_name);
  closedir(stream);
  names.erase(".");
  names.erase("..");
  return names;
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Joined(const std::set<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += name + " ";
  return joined;
}

void Expect(bool held, const std::string& message) {
  if (!held && !VerdictWritten()) WriteVerdict("fail", message);
}

void SupervisorIsInInitScopeOfItsOwnRoot() {
  for (const char* file : {"/proc/1/cgroup", "/proc/self/cgroup"}) {
    std::istringstream lines(Text(file));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      Expect(line.ends_with(":/init.scope"), std::string(file) + ": " + line);
    }
    Expect(count > 0, std::string(file) + " is empty");
  }
}

// Every mounted hierarchy shows the namespace's root: the only cgroup there is the test's own.
void CgroupMountsShowTheNamespaceRoot() {
  std::istringstream lines(Text("/proc/self/mountinfo"));
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" - cgroup") == std::string::npos) continue;
    ++count;
    std::istringstream fields(line);
    std::string id, parent, device, root, place;
    fields >> id >> parent >> device >> root >> place;
    Expect(root == "/", "a cgroup mount shows " + root);
    std::set<std::string> cgroups;
    for (const std::string& name : Names(place)) {
      struct stat status {};
      if (lstat((place + "/" + name).c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        cgroups.insert(name);
      }
    }
    Expect(cgroups == std::set<std::string>{"init.scope"}, place + " has " + Joined(cgroups));
    const std::string made = place + "/made";
    Expect(mkdir(made.c_str(), 0755) == 0, "no cgroup can be made in " + place);
    std::ofstream procs(made + "/cgroup.procs");
    procs << "0" << std::flush;
    Expect(procs.good(), "no process can enter a cgroup of " + place);
    std::ofstream back(place + "/init.scope/cgroup.procs");
    back << "0" << std::flush;
    Expect(rmdir(made.c_str()) == 0, "a cgroup of " + place + " cannot be removed");
  }
  Expect(count > 0, "no cgroup hierarchy is mounted");
}

void OnlyLoopbackAndItIsUp() {
  const std::set<std::string> devices = Names("/sys/class/net");
  Expect(devices.contains("lo"), "no lo");
  for (const char* outside : {"eth0", "ens3", "enp0s3"}) {
    Expect(!devices.contains(outside), "the host's device is there");
  }
  const long flags = strtol(Text("/sys/class/net/lo/flags").c_str(), nullptr, 16);
  Expect((flags & 1) != 0, "lo is down");
}

void StateDirectoriesAreEmpty() {
  Expect(Names("/run").empty(), "/run has " + Joined(Names("/run")));
  Expect(Names("/var/lib/lxc").empty(), "/var/lib/lxc has " + Joined(Names("/var/lib/lxc")));
  Expect(Names("/var/log") == std::set<std::string>{} || Names("/var/log").size() <= 1,
         "/var/log has " + Joined(Names("/var/log")));
  const int fd = open("/var/lib/lxc/writable", O_CREAT | O_WRONLY, 0600);
  Expect(fd >= 0, "/var/lib/lxc is not writable");
  close(fd);
  unlink("/var/lib/lxc/writable");
}

void DescriptorsAreThoseOfTheContract() {
  std::set<std::string> open_fds = Names("/proc/self/fd");
  // One is the directory stream that looks.
  Expect(open_fds.size() == 5, "open: " + Joined(open_fds));
  for (const char* fd : {"0", "1", "2", "3"})
    Expect(open_fds.contains(fd), std::string("no ") + fd);
}

void ProcessIsTheSecond() {
  Expect(getpid() == 2 && getppid() == 1, fmt::format("process {} of {}", getpid(), getppid()));
}

void NeedsFileHasTheNeeds() {
  const std::string needs = Text(Current().needs_file);
  Expect(needs.find("\"name\":\"pty\"") != std::string::npos, "the needs file is: " + needs);
}

void ScratchIsEmptyAndWritable() {
  Expect(Names(Current().scratch).empty(), "scratch has " + Joined(Names(Current().scratch)));
  const int fd = open((Current().scratch + "/left").c_str(), O_CREAT | O_WRONLY, 0600);
  Expect(fd >= 0, "scratch is not writable");
  close(fd);
}

void PseudoterminalsAreItsOwn() {
  const int ptmx = posix_openpt(O_RDWR | O_NOCTTY);
  Expect(ptmx >= 0, std::string("posix_openpt: ") + strerror(errno));
  Expect(ptmx >= 0 && grantpt(ptmx) == 0 && unlockpt(ptmx) == 0, "the pty cannot be unlocked");
  const char* name = ptmx >= 0 ? ptsname(ptmx) : nullptr;
  Expect(name != nullptr && strcmp(name, "/dev/pts/0") == 0,
         std::string("the first pty is ") + (name != nullptr ? name : "nameless"));
  close(ptmx);
}

void EnvironmentIsClean() {
  Expect(getenv("LXCSPEC_FAKE_PASSED") != nullptr, "LXCSPEC_FAKE_PASSED is not passed on");
  Expect(getenv("FAKE_NOT_PASSED") == nullptr, "FAKE_NOT_PASSED is passed on");
}

void HostIsReadOnly() {
  for (const std::string directory : {"/", "/etc", "/usr", "/var/lib"}) {
    struct stat status {};
    if (stat(directory.c_str(), &status) != 0) continue;
    const std::string path = directory + "/lxcspec-must-not-be";
    const int fd = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
    const int failure = errno;
    // A missing directory below it made this one the sandbox's own.
    struct statfs filesystem {};
    const bool own = statfs(directory.c_str(), &filesystem) == 0 &&
                     filesystem.f_type == TMPFS_MAGIC && directory != "/";
    Expect(own || (fd < 0 && failure == EROFS), directory + " can be written to");
    if (fd >= 0) {
      unlink(path.c_str());
      close(fd);
    }
  }
}

void HostnameIsConstant() {
  char name[64] = "";
  gethostname(name, sizeof(name));
  Expect(strcmp(name, "lxcspec") == 0, std::string("the host name is ") + name);
}

}  // namespace

void AddSandboxTests(std::map<std::string, TestFunction>& tests) {
  const std::map<std::string, TestFunction> all = {
      {"Sandbox.CgroupMountsShowTheNamespaceRoot", CgroupMountsShowTheNamespaceRoot},
      {"Sandbox.DescriptorsAreThoseOfTheContract", DescriptorsAreThoseOfTheContract},
      {"Sandbox.EnvironmentIsClean", EnvironmentIsClean},
      {"Sandbox.HostIsReadOnly", HostIsReadOnly},
      {"Sandbox.HostnameIsConstant", HostnameIsConstant},
      {"Sandbox.NeedsFileHasTheNeeds", NeedsFileHasTheNeeds},
      {"Sandbox.OnlyLoopbackAndItIsUp", OnlyLoopbackAndItIsUp},
      {"Sandbox.ProcessIsTheSecond", ProcessIsTheSecond},
      {"Sandbox.PseudoterminalsAreItsOwn", PseudoterminalsAreItsOwn},
      {"Sandbox.ScratchIsEmptyAndWritable", ScratchIsEmptyAndWritable},
      {"Sandbox.StateDirectoriesAreEmpty", StateDirectoriesAreEmpty},
      {"Sandbox.SupervisorIsInInitScopeOfItsOwnRoot", SupervisorIsInInitScopeOfItsOwnRoot},
  };
  tests.insert(all.begin(), all.end());
}

}  // namespace lxcspec::fake
