// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the launcher in the tests of the virtual machines: takes its command line, writes
// its records, and lets each "test" end as its name says.

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

int results_fd = -1;

void Append(const std::string& record) {
  const std::string line = record + "\n";
  if (write(results_fd, line.data(), line.size()) < 0) std::perror("write(results)");
}

// The tests that have a result already, found without a JSON library by the order of the fields.
std::set<std::string> Finished(const std::string& path) {
  std::set<std::string> finished;
  std::ifstream file(path);
  const std::string prefix = R"({"record":"result","test":")";
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(prefix, 0) != 0) continue;
    const size_t end = line.find('"', prefix.size());
    finished.insert(line.substr(prefix.size(), end - prefix.size()));
  }
  return finished;
}

std::string Check(bool holds, const std::string& what) {
  return holds ? "" : what + ": " + std::strerror(errno);
}

// What a container needs of the guest; empty, or what is missing.
std::string CheckGuest() {
  std::string problems;
  // Out of the initial rootfs a pivot_root fails with EINVAL.
  problems += Check(unshare(CLONE_NEWNS) == 0, "unshare(CLONE_NEWNS)");
  problems += Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount(/)");
  mkdir("/mnt/root", 0755);
  problems += Check(mount("tmpfs", "/mnt/root", "tmpfs", 0, "") == 0, "mount(tmpfs)");
  mkdir("/mnt/root/old", 0755);
  problems += Check(syscall(SYS_pivot_root, "/mnt/root", "/mnt/root/old") == 0, "pivot_root()");
  problems += Check(chdir("/old") == 0, "chdir(/old)");
  problems += Check(access("sys/fs/cgroup/cgroup.controllers", R_OK) == 0, "cgroup2");
  problems += Check(access("dev/pts/ptmx", W_OK) == 0, "devpts");
  problems += Check(access("sys/module/veth", X_OK) == 0, "veth");
  problems += Check(access("sys/module/8021q", X_OK) == 0, "8021q");
  return problems;
}

int TestMain(const std::string& test) {
  if (test == "Fake.Fails") return 1;
  if (test == "Fake.Panics") std::ofstream("/proc/sysrq-trigger") << "c" << std::flush;
  if (test == "Fake.ChecksGuest") {
    const std::string problems = CheckGuest();
    std::fputs(problems.c_str(), stderr);
    return problems.empty() ? 0 : 1;
  }
  while (test == "Fake.NeverEnds") pause();
  return 0;
}

void AppendStart(const std::string& test) {
  Append(R"({"record":"start","test":")" + test + R"(","iteration":1})");
}

void RunTest(const std::string& test) {
  std::string verdict = "pass";
  std::string message;
  // In a process of its own, as the launcher does.
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "fake_launcher", "--run-test", test.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) verdict = "fail";
  if (test == "Fake.Floods") message = std::string(1 << 20, 'x');
  Append(R"({"record":"result","test":")" + test + R"(","iteration":1,"extension":"fake",)" +
         R"("requirements":[],"verdict":")" + verdict + R"(","reason":"","message":")" + message +
         R"(","leaks":[],"output":"","ms":1})");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--run-test") return TestMain(argv[2]);
  std::map<std::string, std::string> options;
  bool resume = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--resume") {
      resume = true;
    } else if (i + 1 < argc) {
      options[argv[i]] = argv[i + 1];
      ++i;
    }
  }
  for (const char* needed : {"--suite", "--testee", "--probe"}) {
    if (access(options[needed].c_str(), R_OK) != 0) {
      std::fprintf(stderr, "%s %s: %m\n", needed, options[needed].c_str());
      return 3;
    }
  }
  const std::string& results = options["--results"];
  const std::set<std::string> finished = resume ? Finished(results) : std::set<std::string>();
  results_fd = open(results.c_str(), O_WRONLY | O_CREAT | O_APPEND | (resume ? 0 : O_TRUNC), 0644);
  std::vector<std::string> tests;
  std::ifstream file(options["--tests"]);
  for (std::string test; std::getline(file, test);) tests.push_back(test);
  const std::string speed = options.count("--speed") != 0 ? options["--speed"] : "1";
  Append(R"({"record":"run","schema":1,"machine":{"speed":)" + speed + R"(},"planned":)" +
         std::to_string(tests.size()) + "}");
  // Several at a time: all are on their way when the first begins.
  const bool parallel = options.count("--jobs") != 0;
  for (const std::string& test : tests) {
    if (parallel && finished.count(test) == 0) AppendStart(test);
  }
  int executed = 0;
  for (const std::string& test : tests) {
    if (finished.count(test) != 0) continue;
    if (!parallel) AppendStart(test);
    RunTest(test);
    ++executed;
  }
  Append(R"({"record":"end","planned":)" + std::to_string(tests.size()) + R"(,"executed":)" +
         std::to_string(executed) + "}");
  std::printf("executed %d tests\n", executed);
  return 0;
}
