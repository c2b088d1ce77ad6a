// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/base/scope_exit.h"
#include "runtime/config/parser.h"
#include "runtime/container/listing.h"
#include "runtime/container/rootfs_mount.h"
#include "runtime/container/storage/child.h"
#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/marker.h"
#include "runtime/container/storage/small_file.h"
#include "runtime/container/storage/template.h"
#include "runtime/kernel/file_tree.h"

namespace lxcspec::runtime {
namespace {

constexpr char kRootfsPath[] = "lxc.rootfs.path";
constexpr char kRootfsManaged[] = "lxc.rootfs.managed";
constexpr mode_t kFolderMode = 0770;
constexpr mode_t kRootfsMode = 0755;
constexpr std::array<std::string_view, 4> kStorageTypes = {"dir", "best", "overlay", "overlayfs"};

Place PlaceOf(const Container& container) {
  return {.lxcpath = container.lxcpath(), .name = container.name()};
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string ConfiguredRootfs(const Config& config) {
  const auto& values = config.Values(kRootfsPath);
  return values.empty() ? "" : values.front();
}

Status LoadDefaults(Container& container, const std::string& file) {
  if (file.empty() || !container.config().Saved().empty()) return {};
  if (!Exists(file)) return {};
  return container.Load(file);
}

// Where the template's files go: an overlay's lower side, which other containers may share.
std::string FolderToFill(const RootfsPath& rootfs) {
  return rootfs.kind == RootfsKind::kOverlay ? rootfs.lower.front() : rootfs.path;
}

// What one creation makes, and takes back if it does not come to its end.
class Creation {
 public:
  Creation(Container& container, const CreateRequest& request)
      : container_(container),
        request_(request),
        folder_(PlaceOf(container).ToString()),
        was_defined_(container.IsDefined()) {}

  ~Creation() {
    if (!complete_) Undo();
  }
  Creation(const Creation&) = delete;
  Creation& operator=(const Creation&) = delete;

  Status Run(const std::optional<std::string>& program) {
    auto before = container_.config();
    Status done = MakeFolder();
    if (done) done = LoadDefaults(container_, request_.default_config);
    if (done) done = program ? ByTemplate(*program) : AsItIs();
    if (done && marker_) done = marker_->Remove();
    complete_ = done.has_value();
    if (!complete_) container_.config() = std::move(before);
    return done;
  }

 private:
  Status MakeFolder() {
    constexpr mode_t kAbove = 0755;
    TRY(MakeFolders(container_.lxcpath(), kAbove));
    made_folder_ = mkdir(folder_.c_str(), kFolderMode) == 0;
    if (!made_folder_ && errno != EEXIST) return ErrnoFailure(fmt::format("mkdir({})", folder_));
    auto marker = Marker::Take(folder_, Made());
    if (!marker) return Forward(std::move(marker).error());
    marker_ = *std::move(marker);
    if (!was_defined_) return {};
    auto text = ReadSmallFile(container_.ConfigFile());
    if (!text) return Forward(std::move(text).error());
    config_before_ = *std::move(text);
    return {};
  }

  Remains Made() const { return {.folder = made_folder_, .paths = made_}; }

  Status AsItIs() {
    const std::string configured = ConfiguredRootfs(container_.config());
    if (!configured.empty()) {
      auto rootfs = ParseRootfsPath(configured);
      if (!rootfs) return Forward(std::move(rootfs).error());
      const std::string& files = FolderToFill(*rootfs);
      if (!Exists(files)) return ErrnoFailure(fmt::format("{}: {}", kRootfsPath, files));
      if (container_.config().Values(kRootfsManaged).empty()) {
        TRY(container_.SetItem(kRootfsManaged, "0"));
      }
    }
    return container_.Save(std::nullopt);
  }

  Status ByTemplate(const std::string& program) {
    if (ConfiguredRootfs(container_.config()).empty()) TRY(ChooseRootfs());
    auto rootfs = ParseRootfsPath(ConfiguredRootfs(container_.config()));
    if (!rootfs) return Forward(std::move(rootfs).error());
    const std::string files = FolderToFill(*rootfs);
    TRY(MakeRootfs(files));
    if (rootfs->kind == RootfsKind::kOverlay) TRY(MakeRootfs(rootfs->path));
    TRY(container_.Save(std::nullopt));
    TRY(RunTemplate({.program = program,
                     .name = container_.name(),
                     .folder = folder_,
                     .rootfs = files,
                     .arguments = request_.arguments,
                     .quiet = request_.quiet},
                    container_.config()));
    // The template has added to the file.
    Config written;
    TRY(LoadFile(container_.ConfigFile(), written));
    container_.config() = std::move(written);
    return {};
  }

  Status ChooseRootfs() {
    const std::string files = request_.directory.value_or(folder_ + "/rootfs");
    const bool overlay = request_.backing.starts_with("overlay");
    return container_.SetItem(
        kRootfsPath,
        overlay ? fmt::format("overlay:{}:{}/overlay/delta", files, folder_) : "dir:" + files);
  }

  Status MakeRootfs(const std::string& path) {
    if (Exists(path)) return {};
    // The topmost of the folders that are missing is what is to be removed.
    std::string top = path;
    for (std::string above = path; !above.empty() && !Exists(above);
         above = above.substr(0, above.rfind('/'))) {
      top = above;
    }
    made_.push_back(top);
    TRY(marker_->Name(Made()));
    return MakeFolders(path, kRootfsMode);
  }

  void Undo() {
    if (!marker_) {
      if (made_folder_) rmdir(folder_.c_str());
      return;
    }
    const ChildNamespaces namespaces = ForFilesOf(container_.config());
    bool gone = true;
    for (const std::string& path : made_) gone = RemoveAs(namespaces, path).has_value() && gone;
    if (made_folder_)
      gone = gone && RemoveContainerFolder(namespaces, folder_).has_value();
    else
      gone = PutConfigBack() && gone;
    // What cannot be removed now is removed by who comes next: the marker stays.
    if (gone && !made_folder_) static_cast<void>(marker_->Remove());
  }

  bool PutConfigBack() const {
    const std::string path = container_.ConfigFile();
    if (!was_defined_) return unlink(path.c_str()) == 0 || errno == ENOENT;
    return !config_before_ || WriteSmallFile(path, *config_before_).has_value();
  }

  Container& container_;
  const CreateRequest& request_;
  std::string folder_;
  bool was_defined_;
  bool complete_ = false;
  std::optional<std::string> config_before_;
  std::optional<Marker> marker_;
  bool made_folder_ = false;
  // What was made beside the folder or in it.
  std::vector<std::string> made_;
};

}  // namespace

bool IsStorageType(std::string_view type) {
  return std::find(kStorageTypes.begin(), kStorageTypes.end(), type) != kStorageTypes.end();
}

Status Create(Container& container, const CreateRequest& request) {
  if (!IsStorageType(request.backing)) {
    return Failure(ENOTSUP, fmt::format("create: backing store \"{}\"", request.backing));
  }
  std::optional<std::string> program;
  if (request.template_name) {
    auto found = FindTemplate(*request.template_name);
    if (!found) return Forward(std::move(found).error());
    program = *std::move(found);
  }
  if (IsActive(PlaceOf(container))) {
    return Failure(EBUSY, fmt::format("create: {} is running", container.name()));
  }
  if (container.IsDefined() && program) {
    const auto rootfs = ParseRootfsPath(ConfiguredRootfs(container.config()));
    if (rootfs && !rootfs->path.empty() && Exists(FolderToFill(*rootfs))) {
      return Failure(EEXIST, fmt::format("create: {} is there already", container.name()));
    }
  }
  return Creation(container, request).Run(program);
}

Status RemoveInterrupted(const Place& place) {
  const std::string folder = place.ToString();
  const auto state = LookAtMarker(folder);
  if (!state) return Forward(state.error());
  if (*state != MarkerState::kAbandoned) return {};
  auto paths = PathsInMarker(folder);
  // Somebody else was quicker.
  if (!paths && paths.error().code == ENOENT) return {};
  if (!paths) return Forward(std::move(paths).error());
  const bool whole = std::find(paths->begin(), paths->end(), folder) != paths->end();
  std::erase(*paths, folder);
  auto marker = Marker::Take(folder, {.folder = whole, .paths = *paths});
  if (!marker && marker.error().code == EBUSY) return {};
  if (!marker) return Forward(std::move(marker).error());
  Config config;
  static_cast<void>(LoadFile(folder + "/config", config));
  const ChildNamespaces namespaces = ForFilesOf(config);
  for (const std::string& path : *paths) {
    TRY(RemoveAs(namespaces, path));
  }
  if (!whole) return marker->Remove();
  return RemoveContainerFolder(namespaces, folder);
}

}  // namespace lxcspec::runtime
