// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/test_container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "runtime/config/parser.h"
#include "runtime/kernel/clone.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr int kStageFailed = 99;

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe MakePipe() {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> chunk;
  ssize_t count = 0;
  while ((count = read(fd, chunk.data(), chunk.size())) > 0) {
    text.append(chunk.data(), static_cast<size_t>(count));
  }
  return text;
}

void WriteAll(int fd, std::string_view text) {
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

struct Pipes {
  Pipe go = MakePipe();
  Pipe output = MakePipe();
  Pipe error = MakePipe();
  Pipe hooks = MakePipe();
};

Status AllStages(const SetupPlan& plan, const ChildContext& context, bool console_as_input) {
  TRY(RunMounts(plan, context));
  TRY(RunEnvironment(plan, context));
  if (console_as_input) dup2(context.console_peer, STDIN_FILENO);
  TRY(DropPrivileges(plan));
  return Execute(plan);
}

// Makes the kernel answer as an older one would. Only for root.
void BecomeOlderKernel() {
  constexpr uint32_t kNumber = offsetof(seccomp_data, nr);
  constexpr uint32_t kThird = offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);
  std::array<sock_filter, 8> filter = {
      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 0, 1),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 3),
       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kThird),
       BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLOSE_RANGE_CLOEXEC, 0, 1),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program = {.len = filter.size(), .filter = filter.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(EXIT_FAILURE);
}

[[noreturn]] void BeInit(const SetupPlan& plan, ChildContext context, Pipes& pipes,
                         const TestRequest& request) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pipes.go.writer = UniqueFd();
  ReadAll(pipes.go.reader.get());
  dup2(pipes.output.writer.get(), STDOUT_FILENO);
  dup2(pipes.output.writer.get(), STDERR_FILENO);
  context.hook_output = [&](std::string_view line) {
    WriteAll(pipes.hooks.writer.get(), fmt::format("{}\n", line));
  };
  if (request.older_kernel) BecomeOlderKernel();
  const Status done = AllStages(plan, context, request.console_as_input);
  WriteAll(pipes.error.writer.get(),
           fmt::format("{}\n{}", done.error().code, done.error().ToString()));
  _exit(kStageFailed);
}

}  // namespace

TestRoot::TestRoot() {
  std::string name = "/tmp/lxcspec-setup-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  folder_ = name;
  fs::permissions(folder_, fs::perms{0755});
  for (const char* one : {"dev", "etc", "mnt", "proc", "sbin", "sys", "tmp"}) {
    fs::create_directories(rootfs() / one);
  }
  fs::copy_file("runtime/container/setup/testdata/inspect", rootfs() / "sbin/inspect");
  fs::permissions(rootfs() / "sbin/inspect", fs::perms{0755});
}

TestRoot::~TestRoot() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void TestRoot::GiveTo(uint32_t id) const {
  EXPECT_EQ(chown(folder_.c_str(), id, id), 0);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    EXPECT_EQ(lchown(entry.path().c_str(), id, id), 0) << entry.path();
  }
}

uint64_t TestNamespaces() { return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS; }

Config TestConfig(const TestRoot& root, const TestRequest& request) {
  Config config;
  std::string text = request.config;
  if (!request.without_rootfs_path) {
    text = fmt::format("lxc.rootfs.path = dir:{}\n{}", root.rootfs().string(), text);
  }
  const Status loaded = LoadText(text, config);
  EXPECT_TRUE(loaded) << loaded.error().ToString();
  return config;
}

TestRun RunInContainer(const TestRoot& root, const TestRequest& request) {
  TestRun run;
  SetupContext context{.name = "test",
                       .lxcpath = root.folder(),
                       .config_file = root.folder() / "config",
                       .namespaces = TestNamespaces() | request.namespaces,
                       .command = {}};
  if (!request.questions.empty()) {
    context.command = {"/sbin/inspect"};
    for (const std::string& one : request.questions) context.command.push_back(one);
  }
  auto plan = PlanSetup(TestConfig(root, request), context);
  if (!plan) {
    run.error = plan.error().ToString();
    run.error_code = plan.error().code;
    return run;
  }
  Pipes pipes;
  std::array<int, 2> sockets = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()), 0);
  UniqueFd ours(sockets[0]);
  UniqueFd theirs(sockets[1]);
  const ChildContext child{.console_peer = request.console_peer,
                           .console_in_container = request.console_in_container,
                           .socket = theirs.get()};
  const auto init = Clone({.namespaces = context.namespaces});
  if (!init) {
    ADD_FAILURE() << init.error().ToString();
    return run;
  }
  if (init->pid == 0) BeInit(*plan, child, pipes, request);

  theirs = UniqueFd();
  pipes.output.writer = UniqueFd();
  pipes.error.writer = UniqueFd();
  pipes.hooks.writer = UniqueFd();
  const Status prepared = PrepareInit(*plan, child, init->pid);
  if (prepared) {
    pipes.go.writer = UniqueFd();
    auto received = ReceiveChildDescriptors(ours.get());
    if (received) run.descriptors = *std::move(received);
  } else {
    run.error = prepared.error().ToString();
    run.error_code = prepared.error().code;
    kill(init->pid, SIGKILL);
  }
  run.output = ReadAll(pipes.output.reader.get());
  const std::string error = ReadAll(pipes.error.reader.get());
  run.hook_output = ReadAll(pipes.hooks.reader.get());
  EXPECT_EQ(waitpid(init->pid, &run.status, 0), init->pid);
  if (!error.empty()) {
    run.error_code = atoi(error.c_str());
    run.error = error.substr(error.find('\n') + 1);
  }
  return run;
}

bool HasLine(std::string_view text, std::string_view line) {
  return fmt::format("\n{}\n", text).find(fmt::format("\n{}\n", line)) != std::string::npos;
}

}  // namespace lxcspec::runtime
