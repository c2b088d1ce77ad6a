// SPDX-License-Identifier: Apache-2.0

#include "runtime/clients/ordinary_user_machine.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr char kUserNic[] = "runtime/container/user_nic/lxc-user-nic";
constexpr char kUsernet[] = "/etc/lxc/lxc-usernet";

// Set-id bits count there.
void MountEmpty(const char* folder) {
  ASSERT_EQ(mount("tmpfs", folder, "tmpfs", 0, "size=16m,mode=755"), 0)
      << folder << ": " << strerror(errno);
}

// What /sys says of network devices, for this process's network: other implementations look there.
void ShowOwnDevices() {
  const fs::path own = "/run/lxc/sys";
  fs::create_directories(own);
  ASSERT_EQ(mount("sysfs", own.c_str(), "sysfs", 0, nullptr), 0) << strerror(errno);
  for (const char* part : {"class/net", "devices/virtual/net"}) {
    const fs::path seen = fs::path("/sys") / part;
    ASSERT_EQ(mount((own / part).c_str(), seen.c_str(), nullptr, MS_BIND, nullptr), 0) << seen;
  }
  ASSERT_EQ(umount2(own.c_str(), MNT_DETACH), 0);
}

void GiveIds() {
  const fs::path lines = "/run/lxc/ids";
  std::ofstream(lines) << "nobody:" << kFirstMapped << ":65536\n";
  fs::permissions(lines, fs::perms{0644});
  for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
    ASSERT_EQ(mount(lines.c_str(), file, nullptr, MS_BIND, nullptr), 0) << strerror(errno);
  }
}

}  // namespace

void MakeOrdinaryUsersMachine() {
  ASSERT_EQ(unshare(CLONE_NEWNS | CLONE_NEWNET), 0) << strerror(errno);
  ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  fs::create_directories("/run/lxc");
  for (const char* folder : {"/etc/lxc", "/run/lxc"}) MountEmpty(folder);
  // Debian's package lxc has it.
  fs::copy_file(kInstalledUserNic, "/run/lxc/systems");
  MountEmpty("/usr/libexec/lxc");
  fs::copy_file("/run/lxc/systems", kSystemsUserNic);
  ASSERT_EQ(chmod(kSystemsUserNic, 04755), 0);
  ShowOwnDevices();
  GiveIds();
  fs::copy_file(kUserNic, kInstalledUserNic);
  ASSERT_EQ(chmod(kInstalledUserNic, 04755), 0);
}

void WriteAllowlist(const std::string& text, mode_t mode) {
  std::ofstream(kUsernet) << text;
  EXPECT_EQ(chmod(kUsernet, mode), 0);
}

OpenFolder::OpenFolder() {
  std::string name = "/tmp/lxcspec-user-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
  fs::permissions(path_, fs::perms{0755});
}

OpenFolder::~OpenFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string AsNobody(const std::function<std::string()>& action) {
  std::array<int, 2> ends;
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    const bool is_nobody = setresgid(kNobody, kNobody, kNobody) == 0 &&
                           setresuid(kNobody, kNobody, kNobody) == 0 &&
                           prctl(PR_SET_DUMPABLE, 1) == 0;
    const std::string said = is_nobody ? action() : "cannot be nobody";
    [[maybe_unused]] const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 4096> chunk;
  for (ssize_t count = 0; (count = read(ends[0], chunk.data(), chunk.size())) > 0;) {
    said.append(chunk.data(), static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return said;
}

}  // namespace lxcspec::runtime
