// SPDX-License-Identifier: Apache-2.0
//
// What an implementation can do to the process that tests it.

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "conformance/launcher/testdata/fake_suite.h"

namespace lxcspec::fake {
namespace {

[[noreturn]] void Hang() {
  for (;;) pause();
}

// A process of its own session that `act`s.
template <typename Function>
void Detach(Function act) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() == 0) act();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
}

void Require(bool held, const char* what) {
  if (!held && !VerdictWritten())
    WriteVerdict("broken", std::string(what) + ": " + strerror(errno));
}

void Pass() {}
void FailWithMessage() { WriteVerdict("fail", "Expected equality"); }
void Unsupported() { WriteVerdict("unsupported"); }

void Segfault() {
  WriteCovers();
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}
void SegfaultBeforeCovers() { raise(SIGSEGV); }
void SegfaultAfterResult() {
  WriteVerdict("pass");
  raise(SIGSEGV);
}
void ExitZero() { exit(0); }
void HangForever() {
  WriteCovers();
  Hang();
}
// Where there is version 1: nothing kills what is frozen there.
void FreezeAChildAndHang() {
  const std::string cgroup = "/sys/fs/cgroup/freezer/frozen";
  if (mkdir(cgroup.c_str(), 0755) == 0) {
    const pid_t child = fork();
    if (child == 0) Hang();
    for (const auto& [file, text] :
         {std::pair<const char*, std::string>{"/cgroup.procs", std::to_string(child)},
          {"/freezer.state", "FROZEN"}}) {
      const int fd = open((cgroup + file).c_str(), O_WRONLY);
      Require(fd >= 0 && write(fd, text.data(), text.size()) > 0, file);
      close(fd);
    }
  }
  Hang();
}
void IgnoreSignalsAndHang() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
  Hang();
}
void SpinForever() {
  for (;;) asm volatile("");
}

// 1 GiB; the launcher must not wait for its end.
void Flood() {
  WriteCovers();
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 1024; ++i) (void)!write(1, block.data(), block.size());
}
void PrintMuch() {
  for (int i = 0; i < 20000; ++i) printf("line %d\n", i);
  fflush(stdout);
}
void PrintBytesThatAreNoText() { (void)!write(1, "\xff\xfe\x00\x80", 4); }

void CloseResultFd() {
  close(Current().result_fd);
  WriteVerdict("pass");
}
void CloseEverything() { close_range(0, ~0U, 0); }
void GarbageOnResultFd() { WriteToResultFd("\x01\xffno result\n"); }
void GarbageAfterResult() {
  WriteVerdict("pass");
  WriteToResultFd("garbage");
}
void EndlessResult() {
  const std::string block(1 << 16, ' ');
  for (int i = 0; i < 64; ++i) WriteToResultFd(block);
}
void ResultOfAnotherTest() {
  WriteToResultFd(R"({"test":"Fake.Passes","requirements":[],"verdict":"pass","leaks":[]})"
                  "\n");
  exit(0);
}
void VerdictOfAnotherKind() { WriteVerdict("expected_fail"); }
void TwoVerdicts() {
  WriteVerdict("fail");
  WriteVerdict("pass");
}
void TornResult() {
  WriteToResultFd(R"({"test":"Hostile.TornResult","requirements":[],"verd)");
  exit(0);
}

void LeakFd() { WriteVerdict("pass", "", R"({"class":"fd","what":"/dev/null"})"); }
void LeakMount() {
  mkdir("/run/place", 0755);
  Require(mount("none", "/run/place", "tmpfs", 0, "") == 0, "mount");
}
void LeakChild() {
  Detach([] { Hang(); });
}
void LeakManyChildren() {
  for (int i = 0; i < 100; ++i) {
    if (fork() == 0) Hang();
  }
}
void LeakStubbornChild() {
  Detach([] {
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
    Hang();
  });
}
// Ends within the grace: a monitor that cleans up after its container.
void ShortLivedChild() {
  Detach([] { usleep(50000); });
}
void LeakCgroup() {
  const char* root =
      access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
  Require(mkdir((std::string(root) + "/lxc.payload.c1").c_str(), 0755) == 0, "mkdir");
}
// A process within, which the launcher must get rid of before the cgroup.
void LeakCgroupWithProcess() {
  LeakCgroup();
  Detach([] {
    for (const char* file : {"/sys/fs/cgroup/lxc.payload.c1/cgroup.procs",
                             "/sys/fs/cgroup/pids/lxc.payload.c1/cgroup.procs"}) {
      const int fd = open(file, O_WRONLY);
      if (fd >= 0) (void)!write(fd, "0", 1);
    }
    Hang();
  });
}
void LeakNetdev() {
  const int fd = open("/dev/net/tun", O_RDWR);
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  strncpy(request.ifr_name, "vethA1b2C3", IFNAMSIZ - 1);
  Require(fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0, "TUNSETIFF");
  Require(ioctl(fd, TUNSETPERSIST, 1) == 0, "TUNSETPERSIST");
  close(fd);
}
void LeakFile() {
  const int fd = open("/run/testee.1234", O_CREAT | O_WRONLY, 0644);
  Require(fd >= 0, "open");
}

void GrandchildHoldsPipes() {
  WriteVerdict("pass");
  Detach([] { Hang(); });
}
void KillAll() {
  WriteCovers();
  kill(-1, SIGKILL);
}
void KillParent() {
  kill(getppid(), SIGKILL);
  kill(getppid(), SIGTERM);
  kill(getppid(), SIGSTOP);
}
void KillSupervisorByTracing() {
  Require(ptrace(PTRACE_SEIZE, 1, nullptr, reinterpret_cast<void*>(PTRACE_O_EXITKILL)) == 0,
          "seize");
  exit(0);
}
void StopSupervisorByTracing() {
  Require(ptrace(PTRACE_ATTACH, 1, nullptr, nullptr) == 0, "attach");
  Hang();
}
void ScribbleOnSupervisor() {
  for (int fd = 4; fd < 64; ++fd) {
    const int report = open(("/proc/1/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK);
    if (report < 0) continue;
    (void)!write(report, "{\"stage\":1}\n[]\nx\n", 17);
    close(report);
  }
}
void UnmountEverything() {
  for (const char* place : {"/proc", "/sys", "/run", "/tmp", "/dev/pts", "/var/log"}) {
    umount2(place, MNT_DETACH);
  }
}
void EnterOtherNamespaces() {
  Require(unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) == 0, "unshare");
  Require(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0, "make slave");
  Require(mount("none", "/run", "tmpfs", 0, "") == 0, "mount");
}
// Forgets that mounts of a new namespace propagate to the old one.
void LeakMountByPropagation() {
  Require(unshare(CLONE_NEWNS) == 0, "unshare");
  Require(mount("none", "/run", "tmpfs", 0, "") == 0, "mount");
}

}  // namespace

void AddHostileTests(std::map<std::string, TestFunction>& tests) {
  const std::map<std::string, TestFunction> all = {
      {"Fake.Passes", Pass},
      {"Fake.Fails", FailWithMessage},
      {"Fake.Unsupported", Unsupported},
      {"Hostile.CloseEverything", CloseEverything},
      {"Hostile.CloseResultFd", CloseResultFd},
      {"Hostile.EndlessResult", EndlessResult},
      {"Hostile.EnterOtherNamespaces", EnterOtherNamespaces},
      {"Hostile.ExitZero", ExitZero},
      {"Hostile.Flood", Flood},
      {"Hostile.GarbageAfterResult", GarbageAfterResult},
      {"Hostile.GarbageOnResultFd", GarbageOnResultFd},
      {"Hostile.GrandchildHoldsPipes", GrandchildHoldsPipes},
      {"Hostile.HangForever", HangForever},
      {"Hostile.FreezeAChildAndHang", FreezeAChildAndHang},
      {"Hostile.IgnoreSignalsAndHang", IgnoreSignalsAndHang},
      {"Hostile.KillAll", KillAll},
      {"Hostile.KillParent", KillParent},
      {"Hostile.KillSupervisorByTracing", KillSupervisorByTracing},
      {"Hostile.LeakCgroup", LeakCgroup},
      {"Hostile.LeakCgroupWithProcess", LeakCgroupWithProcess},
      {"Hostile.LeakChild", LeakChild},
      {"Hostile.LeakFd", LeakFd},
      {"Hostile.LeakFile", LeakFile},
      {"Hostile.LeakManyChildren", LeakManyChildren},
      {"Hostile.LeakMount", LeakMount},
      {"Hostile.LeakMountByPropagation", LeakMountByPropagation},
      {"Hostile.LeakNetdev", LeakNetdev},
      {"Hostile.LeakStubbornChild", LeakStubbornChild},
      {"Hostile.PrintBytesThatAreNoText", PrintBytesThatAreNoText},
      {"Hostile.PrintMuch", PrintMuch},
      {"Hostile.ResultOfAnotherTest", ResultOfAnotherTest},
      {"Hostile.ScribbleOnSupervisor", ScribbleOnSupervisor},
      {"Hostile.Segfault", Segfault},
      {"Hostile.SegfaultAfterResult", SegfaultAfterResult},
      {"Hostile.SegfaultBeforeCovers", SegfaultBeforeCovers},
      {"Hostile.ShortLivedChild", ShortLivedChild},
      {"Hostile.SpinForever", SpinForever},
      {"Hostile.StopSupervisorByTracing", StopSupervisorByTracing},
      {"Hostile.TornResult", TornResult},
      {"Hostile.TwoVerdicts", TwoVerdicts},
      {"Hostile.UnmountEverything", UnmountEverything},
      {"Hostile.VerdictOfAnotherKind", VerdictOfAnotherKind},
  };
  tests.insert(all.begin(), all.end());
}

}  // namespace lxcspec::fake
