// SPDX-License-Identifier: Apache-2.0
//
// A folder whose files' owners a mount can map. Which file systems can be mapped, the kernel
// decides: where the folder's own cannot, ext4 takes its place.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_MAPPABLE_FOLDER_H_
#define LXCSPEC_CONFORMANCE_HARNESS_MAPPABLE_FOLDER_H_

#include <filesystem>
#include <string>
#include <utility>

#include "conformance/posix/result.h"

namespace lxcspec {

class MappableFolder {
 public:
  // Finds out by mapping. A new and empty ext4 on a loop device covers the folder where its own
  // file system cannot be mapped. Needs /dev/loop-control and mke2fs then.
  static Result<MappableFolder> Make(const std::filesystem::path& folder);

  // The same with a file system of its own in either case.
  static Result<MappableFolder> MakeMount(const std::filesystem::path& folder);

  MappableFolder(MappableFolder&& other) noexcept
      : file_system_(std::move(other.file_system_)), covered_(std::exchange(other.covered_, "")) {}
  MappableFolder& operator=(MappableFolder&&) = delete;
  // Takes away what covers the folder.
  ~MappableFolder();

  // "tmpfs", "ext4".
  const std::string& file_system() const { return file_system_; }

 private:
  MappableFolder(std::string file_system, std::string covered)
      : file_system_(std::move(file_system)), covered_(std::move(covered)) {}

  static Result<MappableFolder> Ext4(const std::filesystem::path& folder);

  std::string file_system_;
  // Empty where nothing was mounted.
  std::string covered_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_MAPPABLE_FOLDER_H_
