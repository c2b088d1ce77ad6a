// SPDX-License-Identifier: Apache-2.0
//
// For tests: a machine of the test's own, as far as an ordinary user's network goes, and things
// done on it as that user.

#ifndef LXCSPEC_RUNTIME_CLIENTS_ORDINARY_USER_MACHINE_H_
#define LXCSPEC_RUNTIME_CLIENTS_ORDINARY_USER_MACHINE_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>

namespace lxcspec::runtime {

// Every Debian has the user nobody, whose group is nogroup.
constexpr uid_t kNobody = 65534;
// What the machine's /etc/subuid and /etc/subgid give him.
constexpr uid_t kFirstMapped = 231072;

// The process gets mount and network namespaces of its own for the rest of its life, in which
// /etc/lxc and /run/lxc are empty, and lxc-user-nic is installed as distributions do it. A failed
// expectation where that cannot be had.
void MakeOrdinaryUsersMachine();

constexpr char kInstalledUserNic[] = "/usr/libexec/lxc/lxc-user-nic";
// That of the system's own LXC, which the installed one stands in for.
constexpr char kSystemsUserNic[] = "/usr/libexec/lxc/systems";

// /etc/lxc/lxc-usernet
void WriteAllowlist(const std::string& text, mode_t mode = 0644);

// A folder below /tmp that everybody may look into; gone with the object.
class OpenFolder {
 public:
  OpenFolder();
  ~OpenFolder();
  OpenFolder(const OpenFolder&) = delete;
  OpenFolder& operator=(const OpenFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Does it in a child that is nobody for good, and returns what it returned.
std::string AsNobody(const std::function<std::string()>& action);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CLIENTS_ORDINARY_USER_MACHINE_H_
