// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/dev.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/scope_exit.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kNodeMode = 0666;
// The group tty of every distribution.
constexpr uint32_t kTtyGroup = 5;

struct Node {
  const char* name;
  unsigned major;
  unsigned minor;
};

constexpr std::array<Node, 6> kNodes = {{{"null", 1, 3},
                                         {"zero", 1, 5},
                                         {"full", 1, 7},
                                         {"random", 1, 8},
                                         {"urandom", 1, 9},
                                         {"tty", 5, 0}}};

constexpr std::array<std::pair<const char*, const char*>, 4> kLinks = {
    {{"fd", "/proc/self/fd"},
     {"stdin", "/proc/self/fd/0"},
     {"stdout", "/proc/self/fd/1"},
     {"stderr", "/proc/self/fd/2"}}};

tl::unexpected<Error> Because(std::string_view what, Error error) {
  error.attempted = fmt::format("/dev/{}: {}", what, error.attempted);
  return Forward(std::move(error));
}

// Binds a device or tty over a file of /dev, which is made where it is not there.
Status BindOnto(int root, const std::string& name, int source, const std::string& path) {
  const auto target = MakeFileInRoot(root, "dev/" + name, 0);
  if (!target) return Because(name, target.error());
  const auto tree = CloneTree(source, path, false);
  if (!tree) return Because(name, tree.error());
  if (const Status done = AttachMount(tree->get(), target->get()); !done) {
    return Because(name, done.error());
  }
  return {};
}

Status MakeNode(const SetupPlan& plan, int root, int dev, const Node& node) {
  // In a user namespace mknod(2) is refused, or makes something that cannot be opened.
  if (!plan.has_user_namespace()) {
    const dev_t number = makedev(node.major, node.minor);
    if (mknodat(dev, node.name, S_IFCHR | kNodeMode, number) == 0 || errno == EEXIST) return {};
    if (errno != EPERM) return ErrnoFailure(fmt::format("mknod(/dev/{})", node.name));
  }
  return BindOnto(root, node.name, AT_FDCWD, fmt::format("/dev/{}", node.name));
}

// A link; what stands there already stays, and so does a /dev that cannot be written.
Status MakeLink(int dev, const char* name, const std::string& target) {
  if (symlinkat(target.c_str(), dev, name) == 0 || errno == EEXIST || errno == EROFS) return {};
  return ErrnoFailure(fmt::format("symlink(/dev/{})", name));
}

// A detached devpts; the group of ttys is left out where the container has none of that number.
Result<UniqueFd> NewPts(uint32_t most) {
  FilesystemRequest request{
      .type = "devpts",
      .source = "devpts",
      .flags = MS_NOSUID | MS_NOEXEC,
      .data = fmt::format("newinstance,ptmxmode=0666,mode=0620,max={}", most)};
  const std::string without_group = request.data;
  request.data += fmt::format(",gid={}", kTtyGroup);
  auto pts = NewMount(request);
  if (pts || pts.error().code != EINVAL) return pts;
  request.data = without_group;
  return NewMount(request);
}

Result<ChildTty> OpenTty(int pts) {
  ChildTty tty;
  tty.master = UniqueFd(openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!tty.master.valid()) return ErrnoFailure("open the container's ptmx");
  int locked = 0;
  if (ioctl(tty.master.get(), TIOCSPTLCK, &locked) != 0) return ErrnoFailure("TIOCSPTLCK");
  if (ioctl(tty.master.get(), TIOCGPTN, &tty.number) != 0) return ErrnoFailure("TIOCGPTN");
  tty.peer = UniqueFd(ioctl(tty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!tty.peer.valid()) return ErrnoFailure("TIOCGPTPEER");
  return tty;
}

// Puts a terminal at /dev/<name>, or in the folder of lxc.tty.dir with a link to it.
Status PlaceTerminal(const SetupPlan& plan, int root, const std::string& name, int source,
                     const std::string& path) {
  const std::string& folder = plan.dev.tty_folder;
  if (folder.empty()) return BindOnto(root, name, source, path);
  TRY(BindOnto(root, folder + "/" + name, source, path));
  const auto dev = OpenInRoot(root, "dev", O_PATH | O_DIRECTORY);
  if (!dev) return Forward(dev.error());
  if (symlinkat(fmt::format("{}/{}", folder, name).c_str(), dev->get(), name.c_str()) == 0) {
    return {};
  }
  // What the root file system has there is covered.
  return BindOnto(root, name, source, path);
}

// The file of a terminal in this mount namespace: its descriptor's own is in the monitor's.
Result<UniqueFd> FindTerminal(int terminal) {
  std::array<char, PATH_MAX> name = {};
  if (readlink(DescriptorPath(terminal).c_str(), name.data(), name.size() - 1) < 0) {
    return ErrnoFailure("readlink of the console");
  }
  auto found = Open(name.data(), O_PATH | O_NOFOLLOW);
  if (!found) return found;
  struct stat wanted = {};
  struct stat present = {};
  if (fstat(terminal, &wanted) != 0 || fstat(found->get(), &present) != 0) {
    return ErrnoFailure("fstat of the console");
  }
  if (wanted.st_dev != present.st_dev || wanted.st_ino != present.st_ino) {
    return Failure(ENODEV, fmt::format("{} is not the console", name.data()));
  }
  return found;
}

Status ReopenTerminal(int root, int terminal) {
  const auto placed = OpenInRoot(root, "dev/console", O_RDWR | O_NOCTTY);
  // An ordinary user's terminal may belong to nobody in the container; then it stays as it was.
  if (!placed) return {};
  const int flags = fcntl(terminal, F_GETFD);
  if (flags < 0) return ErrnoFailure("fcntl of the console");
  if (dup3(placed->get(), terminal, (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) < 0) {
    return ErrnoFailure("dup3 of the console");
  }
  return {};
}

// A pty of the container's own, at its place in /dev.
Result<ChildTty> NewTerminal(const SetupPlan& plan, int root, const std::string& name, int pts) {
  auto tty = OpenTty(pts);
  if (!tty) return Because(name, tty.error());
  TRY(PlaceTerminal(plan, root, name, pts, fmt::format("{}", tty->number)));
  return tty;
}

Result<std::string> RandomUuid() {
  constexpr size_t kVersionByte = 6;
  constexpr size_t kVariantByte = 8;
  std::array<unsigned char, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoFailure("getrandom");
  }
  bytes[kVersionByte] = static_cast<unsigned char>((bytes[kVersionByte] & 0x0f) | 0x40);
  bytes[kVariantByte] = static_cast<unsigned char>((bytes[kVariantByte] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes.at(i));
  }
  return text;
}

}  // namespace

Status MountDev(const SetupPlan& plan, int root) {
  if (!plan.dev.autodev) return {};
  const auto target = MakeFolderInRoot(root, "dev", kFolderMode);
  if (!target) return Because("", target.error());
  const auto tmpfs = NewMount({.type = "tmpfs",
                               .source = "none",
                               .flags = 0,
                               .data = fmt::format("size={},mode=755", plan.dev.tmpfs_size)});
  if (!tmpfs) return Because("", tmpfs.error());
  if (const Status done = AttachMount(tmpfs->get(), target->get()); !done) {
    return Because("", done.error());
  }
  // Hooks may want to mount there. Nobody else has been in there yet.
  if (mkdirat(tmpfs->get(), "pts", kFolderMode) != 0) return ErrnoFailure("mkdir(/dev/pts)");
  return {};
}

Status PopulateDev(const SetupPlan& plan, int root) {
  // Without /dev of its own and without a root of its own, /dev is the host's.
  if (!plan.dev.autodev && plan.rootfs.path.kind == RootfsKind::kHost) return {};
  const auto dev = MakeFolderInRoot(root, "dev", kFolderMode);
  if (!dev) return Because("", dev.error());
  const mode_t mask = umask(0);
  const ScopeExit restore([mask] { umask(mask); });
  if (plan.dev.autodev) {
    for (const Node& node : kNodes) TRY(MakeNode(plan, root, dev->get(), node));
  }
  for (const auto& [name, target] : kLinks) TRY(MakeLink(dev->get(), name, target));
  return {};
}

Result<ChildDescriptors> MountPts(const SetupPlan& plan, const ChildContext& context, int root) {
  ChildDescriptors descriptors;
  const uint32_t most =
      plan.dev.pty_count + plan.dev.tty_count + (context.console_in_container ? 1 : 0);
  if (most == 0) return descriptors;
  const auto target = MakeFolderInRoot(root, "dev/pts", kFolderMode);
  if (!target) return Because("pts", target.error());
  auto pts = NewPts(most);
  if (!pts) return Because("pts", pts.error());
  if (const Status done = AttachMount(pts->get(), target->get()); !done) {
    return Because("pts", done.error());
  }
  TRY(BindOnto(root, "ptmx", pts->get(), "ptmx"));
  for (uint32_t i = 1; i <= plan.dev.tty_count; ++i) {
    auto tty = NewTerminal(plan, root, fmt::format("tty{}", i), pts->get());
    if (!tty) return Forward(std::move(tty).error());
    descriptors.ttys.push_back(*std::move(tty));
  }
  if (context.console_in_container) {
    auto console = NewTerminal(plan, root, "console", pts->get());
    if (!console) return Forward(std::move(console).error());
    descriptors.console = *std::move(console);
    TRY(ReopenTerminal(root, context.console_peer));
  }
  if (plan.dev.pty_count > 0) descriptors.devpts = *std::move(pts);
  return descriptors;
}

Status MountConsole(const SetupPlan& plan, const ChildContext& context, int root) {
  if (context.console_peer < 0 || context.console_in_container) return {};
  const auto terminal = FindTerminal(context.console_peer);
  if (!terminal) return Because("console", terminal.error());
  TRY(PlaceTerminal(plan, root, "console", terminal->get(), ""));
  return ReopenTerminal(root, context.console_peer);
}

Status MountBootId(const SetupPlan& plan, int root) {
  constexpr mode_t kReadable = 0444;
  constexpr const char* kFile = "dev/.lxc-boot-id";
  if (!plan.dev.autodev) return {};
  const auto target = OpenInRoot(root, "proc/sys/kernel/random/boot_id", O_PATH);
  struct statfs filesystem = {};
  if (!target || fstatfs(target->get(), &filesystem) != 0) return {};
  if (filesystem.f_type != PROC_SUPER_MAGIC) return {};
  const auto id = RandomUuid();
  if (!id) return Forward(id.error());
  const auto file = OpenInRoot(root, kFile, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kReadable);
  if (!file) return Forward(file.error());
  const std::string line = *id + "\n";
  if (write(file->get(), line.data(), line.size()) < 0) return ErrnoFailure("write the boot id");
  const auto tree = CloneTree(file->get(), "", false);
  if (!tree) return Forward(tree.error());
  TRY(AttachMount(tree->get(), target->get()));
  return AddMountFlags(tree->get(), MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, false);
}

}  // namespace lxcspec::runtime
