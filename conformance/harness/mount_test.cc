// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/mount_test.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFirstOptionalField = 6;

// \040 and the like, as mountinfo writes blanks.
std::string Unescape(const std::string& text) {
  constexpr size_t kDigits = 3;
  constexpr int kOctal = 8;
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + kDigits < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, kDigits), nullptr, kOctal));
      i += kDigits;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

void Append(std::string& list, const std::string& word) {
  if (!list.empty()) list += ' ';
  list += word;
}

std::optional<SeenMount> ParseLine(const std::string& line) {
  std::istringstream words(line);
  const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < kFirstOptionalField || std::distance(dash, fields.end()) < 3) return {};
  SeenMount mount{.root = fields[3],
                  .point = Unescape(fields[4]),
                  .options = "," + fields[5] + ",",
                  .propagation = "",
                  .type = dash[1],
                  .source = Unescape(dash[2])};
  for (auto field = fields.begin() + kFirstOptionalField; field != dash; ++field) {
    const std::string name = field->substr(0, field->find(':'));
    if (name != "propagate_from") Append(mount.propagation, name);
  }
  return mount;
}

std::string Describe(const fs::directory_entry& entry) {
  struct stat status {};
  if (lstat(entry.path().c_str(), &status) != 0) return "gone";
  std::string text = fmt::format("mode {:o} inode {}", status.st_mode, status.st_ino);
  if (S_ISREG(status.st_mode)) {
    text += fmt::format(" holds \"{}\"", ContentOf(entry.path()).value_or("?"));
  }
  return text;
}

}  // namespace

bool SeenMount::Has(const std::string& option) const {
  return options.find("," + option + ",") != std::string::npos;
}

std::ostream& operator<<(std::ostream& out, const SeenMount& mount) {
  return out << mount.type << " on " << mount.point << " with " << mount.options << ' '
             << mount.propagation;
}

std::vector<SeenMount> MountsOf(pid_t process) {
  std::vector<SeenMount> mounts;
  std::ifstream table(fmt::format("/proc/{}/mountinfo", process));
  for (std::string line; std::getline(table, line);) {
    if (auto mount = ParseLine(line)) mounts.push_back(*std::move(mount));
  }
  return mounts;
}

std::vector<SeenMount> MountsAt(pid_t process, const std::string& path) {
  std::vector<SeenMount> mounts = MountsOf(process);
  std::erase_if(mounts, [&](const SeenMount& mount) { return mount.point != path; });
  return mounts;
}

std::vector<SeenMount> MountsBelow(pid_t process, const std::string& path) {
  std::vector<SeenMount> mounts = MountsOf(process);
  std::erase_if(mounts, [&](const SeenMount& mount) {
    return mount.point != path && !mount.point.starts_with(path + "/");
  });
  return mounts;
}

Result<FileIdentity> IdentityOf(const fs::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return FailErrno("lstat");
  return FileIdentity(status.st_dev, status.st_ino);
}

std::vector<std::string> TreeOf(const fs::path& folder) {
  std::vector<std::string> tree;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    tree.push_back(
        fmt::format("{}: {}", entry.path().lexically_relative(folder).string(), Describe(entry)));
  }
  std::sort(tree.begin(), tree.end());
  return tree;
}

Result<std::string> ContentOf(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return FailErrno("open to read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Status WriteContent(const fs::path& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) return FailErrno("write");
  return {};
}

void MountTest::SetUp() {
  ProbedContainerTest::SetUp();
  if (HasFatalFailure()) return;
  std::error_code error;
  for (const fs::path& folder : {exchange(), source(), outside() / "folder"}) {
    fs::create_directories(folder, error);
    if (error) return Broken("mkdir " + folder.string() + ": " + error.message());
  }
  // The container's users may go through all of these.
  for (fs::path folder = scratch(); folder.has_relative_path(); folder = folder.parent_path()) {
    fs::permissions(folder, fs::perms::others_exec, fs::perm_options::add, error);
  }
  for (const fs::path& file : {source() / "file", outside() / "file"}) {
    const Status written = WriteContent(file, "from the host");
    if (!written) return Broken(written.error().attempted);
  }
  const Status mounted = MountOnHost(exchange());
  if (!mounted) return Broken(mounted.error().attempted);
  if (mount(nullptr, exchange().c_str(), nullptr, MS_SHARED, nullptr) != 0) Broken("MS_SHARED");
}

void MountTest::TearDown() {
  for (; !mounted_.empty(); mounted_.pop_back()) umount2(mounted_.back().c_str(), MNT_DETACH);
  ProbedContainerTest::TearDown();
}

Status MountTest::MountOnHost(const fs::path& folder) {
  if (mount("of-the-host", folder.c_str(), "tmpfs", 0, "mode=0755") != 0) {
    return FailErrno("mount a tmpfs on the host");
  }
  mounted_.push_back(folder);
  return {};
}

ConfigItems MountTest::Exchanging(const ConfigItems& config) const {
  ConfigItems items = {{"lxc.mount.auto", "shmounts:" + exchange().string()}};
  items.insert(items.end(), config.begin(), config.end());
  return items;
}

Result<ProbedContainer> MountTest::StartReceiving(const ConfigItems& config,
                                                  const std::string& name) {
  return StartProbed(Exchanging(config), {}, name);
}

fs::path MountTest::Inside(const ProbedContainer& container, const std::string& path) {
  return fmt::format("/proc/{}/root{}", container.init(), path);
}

std::vector<std::string> MountTest::Traces(const ProbedContainer& container) const {
  std::vector<std::string> traces;
  for (const SeenMount& mount : MountsOf(getpid())) traces.push_back(testing::PrintToString(mount));
  for (const fs::path& folder : {exchange(), outside(), Inside(container, kExchange)}) {
    for (const std::string& line : TreeOf(folder)) traces.push_back(line);
  }
  return traces;
}

Status MountTest::MountInside(ProbedContainer& container, const std::string& source,
                              const std::string& target, const std::string& type,
                              unsigned long flags) {
  ASSIGN_OR_RETURN(const std::string answer,
                   container.Ask({"mount", source, target, type, fmt::format("{:#x}", flags)}));
  static_cast<void>(answer);
  return {};
}

MountCall MountTest::Bind(const std::string& target, unsigned long more_flags) const {
  return {.source = source().string(),
          .target = target,
          .type = std::nullopt,
          .flags = MS_BIND | more_flags,
          .data = std::nullopt};
}

Status RefuseMountsByDescriptor() {
  return RefuseSystemCalls({SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount,
                            SYS_fspick, SYS_mount_setattr},
                           ENOSYS);
}

}  // namespace lxcspec
