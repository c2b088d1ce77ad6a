// SPDX-License-Identifier: Apache-2.0
//
// Starts that fail, stage by stage, as a client of the library sees them: what it is told, what
// stands in the log, and that nothing is left behind.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "runtime/clients/client_library.h"
#include "runtime/stress/leftovers.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kIdle[] = "runtime/container/testdata/idle";
constexpr std::chrono::seconds kPatience(10);

// Mounts, links and run records of other tests on the machine are none of this one's.
class PrivateMachine : public ::testing::Environment {
 public:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNS | CLONE_NEWNET), 0) << strerror(errno);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    fs::create_directories("/run/lxc");
    ASSERT_EQ(mount("tmpfs", "/run/lxc", "tmpfs", 0, "size=1m"), 0) << strerror(errno);
    // What a monitor that ended too early leaves is this process's to see.
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  }
};

const auto* const kMachine = ::testing::AddGlobalTestEnvironment(new PrivateMachine);

std::set<std::string> Tree(const fs::path& folder) {
  std::set<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) paths.insert(entry.path());
  return paths;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A file system with no room in it, on a folder, for as long as this is there.
class FullDisk {
 public:
  explicit FullDisk(fs::path folder) : folder_(std::move(folder)) {
    EXPECT_EQ(mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=16k"), 0) << strerror(errno);
  }
  ~FullDisk() { EXPECT_EQ(umount2(folder_.c_str(), MNT_DETACH), 0) << strerror(errno); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

  // Until nothing fits any more; `name` is the file that takes the room.
  void Fill(const char* name) const {
    std::ofstream file(folder_ / name);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
    }
  }

 private:
  fs::path folder_;
};

class StartFailureTest : public ::testing::Test {
 protected:
  StartFailureTest() {
    std::string folder = (fs::temp_directory_path() / "lxcfail.XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    mark_ = folder_.filename();
    MakeRoot(folder_ / "root");
    fs::create_directories(lxcpath());
    // The library's own files are open before anything is counted.
    abi::Log settings{};
    const std::string log = log_file();
    settings.file = log.c_str();
    settings.quiet = true;
    EXPECT_EQ(ClientLibrary::Get().log_init(&settings), 0);
  }
  ~StartFailureTest() override {
    ClientLibrary::Get().log_close();
    fs::remove_all(folder_);
  }

  static void MakeRoot(const fs::path& root) {
    for (const char* name : {"dev", "proc", "sys"}) fs::create_directories(root / name);
    fs::copy_file(kIdle, root / "idle");
  }

  const fs::path& folder() const { return folder_; }
  const std::string& mark() const { return mark_; }
  fs::path lxcpath() const { return folder_ / "lxc"; }
  fs::path log_file() const { return folder_ / "log"; }
  std::string Logged() const { return ReadFile(log_file()); }

  std::unique_ptr<ClientContainer> Container() const {
    auto container = std::make_unique<ClientContainer>(mark_, lxcpath());
    EXPECT_NE(container->get(), nullptr);
    EXPECT_TRUE(container->Set("lxc.rootfs.path", "dir:" + (folder_ / "root").string()));
    EXPECT_TRUE(container->Set("lxc.init.cmd", "/idle"));
    EXPECT_TRUE(container->Set("lxc.net.0.type", "empty"));
    EXPECT_TRUE(container->Set("lxc.apparmor.profile", "unconfined"));
    return container;
  }

  // Counts until nothing is left, or for a while: what is killed takes a moment to be gone.
  static std::map<std::string, size_t> LeftOf(const Leftovers& leftovers) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      auto counts = leftovers.Count();
      std::erase_if(counts, [](const auto& kind) { return kind.second == 0; });
      if (counts.empty() || std::chrono::steady_clock::now() > deadline) return counts;
    }
  }

  // Starts it, and holds the failure against what is expected of every one.
  void ExpectFailure(const ClientContainer& container, const std::string& stage, int code,
                     const std::string& cause) {
    const Leftovers before(mark_);
    const auto files = Tree(folder_);

    EXPECT_FALSE(container.Start());

    EXPECT_EQ(errno, code);
    EXPECT_EQ(container->error_num, code);
    EXPECT_THAT(container.error(), AllOf(StartsWith("start: " + stage + ": "), HasSubstr(cause)));
    EXPECT_EQ(container.State(), "STOPPED");
    EXPECT_THAT(LeftOf(before), IsEmpty());
    EXPECT_EQ(Tree(folder_), files);
  }

  void ExpectItStarts(const ClientContainer& container) {
    EXPECT_TRUE(container.Start()) << container.error();
    EXPECT_TRUE(container.Stop());
  }

 private:
  fs::path folder_;
  std::string mark_;
};

struct Case {
  const char* name;
  // What is set beside what starts; @ stands for the test's folder.
  const char* key;
  const char* value;
  const char* stage;
  int code;
  const char* cause;
};

class StageTest : public StartFailureTest, public ::testing::WithParamInterface<Case> {};

TEST_P(StageTest, IsNamedWithItsCauseAndLeavesNothing) {
  const auto container = Container();
  std::string value = GetParam().value;
  if (const size_t at = value.find('@'); at != value.npos) {
    value.replace(at, 1, folder().string());
  }
  ASSERT_TRUE(container->Set(GetParam().key, value));

  ExpectFailure(*container, GetParam().stage, GetParam().code, GetParam().cause);

  EXPECT_THAT(Logged(), AllOf(HasSubstr(" ERROR "),
                              HasSubstr(std::string("start: ") + GetParam().stage + ": "),
                              HasSubstr(GetParam().cause)));
}

INSTANTIATE_TEST_SUITE_P(
    Start, StageTest,
    ::testing::Values(
        Case{"NoRootfs", "lxc.rootfs.path", "dir:@/nowhere", "configuration", ENOENT, "/nowhere"},
        Case{"NoSeccompProfile", "lxc.seccomp.profile", "@/profile", "configuration", ENOENT,
             "/profile"},
        Case{"NoMountFile", "lxc.mount.fstab", "@/fstab", "configuration", ENOENT, "/fstab"},
        Case{"GroupsWithoutMap", "lxc.idmap", "u 0 100000 65536", "configuration", EINVAL,
             "lxc.idmap"},
        Case{"NoMapForANamespaceOfUsers", "lxc.namespace.clone", "user mnt pid ipc uts",
             "configuration", EINVAL, "lxc.idmap"},
        Case{"HookThatFails", "lxc.hook.pre-start", "echo because; exit 3", "hooks", ECANCELED,
             "exited with 3: because"},
        Case{"ConsoleLogWithoutFolder", "lxc.console.logfile", "@/no/console.log", "console",
             ENOENT, "console.log"},
        Case{"LimitThatIsNone", "lxc.cgroup.no.such.limit", "1", "cgroups", EOPNOTSUPP,
             "no.such.limit"},
        Case{"SharedWithNobody", "lxc.namespace.share.net", "nobody", "clone", ECONNREFUSED,
             "nobody"},
        Case{"MountOfNothing", "lxc.mount.entry", "@/no/source dev none bind 0 0", "mounts", ENOENT,
             "/no/source"},
        Case{"MountOptionThatIsNone", "lxc.mount.entry", "none proc tmpfs nosuchoption 0 0",
             "mounts", EINVAL, "proc"},
        Case{"MountOntoNothing", "lxc.mount.entry", "/proc no/target none bind 0 0", "mounts",
             ENOENT, "no/target"},
        Case{"UnknownFileSystem", "lxc.mount.entry", "none proc nosuchfs defaults 0 0", "mounts",
             ENODEV, "nosuchfs"},
        Case{"StartHookThatIsNotThere", "lxc.hook.start", "/no/hook", "environment", ENOENT,
             "/no/hook"},
        Case{"NoCommand", "lxc.init.cmd", "/no/command", "exec", ENOENT, "/no/command"},
        Case{"CommandThatIsNone", "lxc.init.cmd", "/dev", "exec", EACCES, "/dev"}),
    [](const auto& info) { return info.param.name; });

TEST_F(StartFailureTest, HalfAMountEntryIsRefusedWhereItIsSet) {
  const auto container = Container();
  EXPECT_FALSE(container->Set("lxc.mount.entry", "half"));
  EXPECT_EQ(container->get()->error_num, EINVAL);
  EXPECT_THAT(container->error(), AllOf(HasSubstr("lxc.mount.entry"), HasSubstr("half")));
}

TEST_F(StartFailureTest, OverlappingIdMapsFailAtTheIdMaps) {
  const auto container = Container();
  for (const char* map : {"u 0 100000 1000", "u 500 200000 1000", "g 0 100000 65536"}) {
    ASSERT_TRUE(container->Set("lxc.idmap", map));
  }
  ExpectFailure(*container, "id maps", EINVAL, "uid_map");
}

TEST_F(StartFailureTest, AnIdMapThatCannotBeHadSaysWhatToDo) {
  // The maps' root finds its way to its root file system.
  fs::permissions(folder(), fs::perms{0755});
  const auto container = Container();
  for (const char* map : {"u 0 100000 65536", "g 0 100000 65536"}) {
    ASSERT_TRUE(container->Set("lxc.idmap", map));
  }
  ASSERT_TRUE(container->Set("lxc.mount.entry", "/proc proc none bind,idmap=container 0 0"));
  ExpectFailure(*container, "mounts", EINVAL, "proc cannot be id-mapped on this kernel");
  EXPECT_THAT(container->error(), HasSubstr("give the files to the ids that lxc.idmap maps to"));
}

TEST_F(StartFailureTest, ABridgeThatIsNotThereFailsAtTheNetwork) {
  const auto container = Container();
  // The first interface is on the host already when the second one fails.
  for (const auto& [key, value] :
       {std::pair("lxc.net.0.type", "veth"), std::pair("lxc.net.0.flags", "up"),
        std::pair("lxc.net.1.type", "veth"), std::pair("lxc.net.1.link", "nobridge0")}) {
    ASSERT_TRUE(container->Set(key, value));
  }
  ExpectFailure(*container, "network", ENODEV, "nobridge0");
  EXPECT_THAT(Logged(), AllOf(HasSubstr("start: network: "), HasSubstr("nobridge0")));
}

TEST_F(StartFailureTest, AnUpScriptThatFailsFailsAtTheNetwork) {
  const auto container = Container();
  ASSERT_TRUE(container->Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(container->Set("lxc.net.0.script.up", "echo because; exit 3"));
  ExpectFailure(*container, "network", ECANCELED, "exited with 3: because");
}

TEST_F(StartFailureTest, AnUnknownKeyInTheFileIsNamedWithItsLine) {
  const auto container = Container();
  ASSERT_TRUE(container->get()->save_config(container->get(), nullptr));
  const fs::path file = lxcpath() / mark() / "config";
  {
    std::ofstream config(file, std::ios::app);
    config << "lxc.no.such.key = 1\n";
  }
  const std::string config = ReadFile(file);
  const auto line = std::count(config.begin(), config.end(), '\n');
  const auto where = fmt::format("{}:{}: ", file.string(), line);

  EXPECT_FALSE(container->get()->load_config(container->get(), nullptr));
  EXPECT_EQ(container->get()->error_num, EINVAL);
  EXPECT_THAT(container->error(), AllOf(HasSubstr(where), HasSubstr("lxc.no.such.key")));

  // A client that comes now gets no container, and why stands in the log.
  const ClientContainer late(mark(), lxcpath());
  EXPECT_EQ(late.get(), nullptr);
  EXPECT_THAT(Logged(), AllOf(HasSubstr(where), HasSubstr("lxc.no.such.key")));
}

TEST_F(StartFailureTest, AFullRunDirectoryFailsAtTheMonitor) {
  const auto container = Container();
  {
    const FullDisk disk("/run/lxc");
    disk.Fill("full");
    ExpectFailure(*container, "monitor", ENOSPC, "/run/lxc/");
  }
  ExpectItStarts(*container);
}

TEST_F(StartFailureTest, AFullRootFileSystemFailsAtTheMounts) {
  const auto container = Container();
  const fs::path root = folder() / "full";
  fs::create_directory(root);
  const FullDisk disk(root);
  // The set-up has to make what the root has not, and there is no inode left for it.
  ASSERT_EQ(mount(nullptr, root.c_str(), nullptr, MS_REMOUNT, "nr_inodes=1"), 0);
  ASSERT_TRUE(container->Set("lxc.rootfs.path", "dir:" + root.string()));
  ExpectFailure(*container, "mounts", ENOSPC, "mkdir");
}

TEST_F(StartFailureTest, AFullDiskKeepsTheConfigurationThatWasThere) {
  const FullDisk disk(lxcpath());
  const auto container = Container();
  ASSERT_TRUE(container->get()->save_config(container->get(), nullptr));
  const std::string before = ReadFile(lxcpath() / mark() / "config");
  disk.Fill("full");
  const auto files = Tree(folder());

  ASSERT_TRUE(container->Set("lxc.uts.name", "other"));
  EXPECT_FALSE(container->get()->save_config(container->get(), nullptr));

  EXPECT_EQ(container->get()->error_num, ENOSPC);
  EXPECT_THAT(container->error(), HasSubstr("/config"));
  EXPECT_EQ(ReadFile(lxcpath() / mark() / "config"), before);
  EXPECT_EQ(Tree(folder()), files);
}

TEST_F(StartFailureTest, AFullLogStopsNoStart) {
  const auto container = Container();
  const fs::path logs = folder() / "logs";
  fs::create_directory(logs);
  const FullDisk disk(logs);
  ASSERT_TRUE(container->Set("lxc.log.file", (logs / "own.log").string()));
  ASSERT_TRUE(container->Set("lxc.log.level", "TRACE"));
  ASSERT_TRUE(container->Set("lxc.console.logfile", (logs / "console.log").string()));
  ExpectItStarts(*container);
  disk.Fill("full");
  ExpectItStarts(*container);
}

}  // namespace
}  // namespace lxcspec::runtime
