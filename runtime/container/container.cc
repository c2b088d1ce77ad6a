// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/container.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/config/parser.h"
#include "runtime/config/writer.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

// A name becomes a folder's, so it must not lead elsewhere.
bool IsName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

}  // namespace

Container::Container(std::string name, std::string lxcpath)
    : name_(std::move(name)), lxcpath_(std::move(lxcpath)) {}

Result<Container> Container::Open(std::string name, std::string lxcpath) {
  if (!IsName(name)) return Failure(EINVAL, fmt::format("\"{}\" is no container's name", name));
  Container container(std::move(name), std::move(lxcpath));
  if (container.IsDefined()) TRY(container.Load(std::nullopt));
  return container;
}

std::string Container::ConfigFile() const { return fmt::format("{}/{}/config", lxcpath_, name_); }

bool Container::IsDefined() const { return access(ConfigFile().c_str(), F_OK) == 0; }

Status Container::Load(const std::optional<std::string>& file) {
  return LoadFile(file.value_or(ConfigFile()), config_);
}

Status Container::Save(const std::optional<std::string>& file) const {
  if (file) return SaveFile(config_, *file);
  const fs::path own = ConfigFile();
  std::error_code error;
  const bool made = fs::create_directories(own.parent_path(), error);
  if (error) return Failure(error.value(), fmt::format("mkdir({})", own.parent_path().string()));
  auto saved = SaveFile(config_, own);
  // What was made for a file that could not be written goes with it.
  if (!saved && made) rmdir(own.parent_path().c_str());
  return saved;
}

Status Container::SetItem(const std::string& key, const std::string& value) {
  if (key == "lxc.include") return Include(value, config_);
  return config_.Set(key, value);
}

Status Container::MoveTo(const std::string& lxcpath) {
  auto moved = Open(name_, lxcpath);
  if (!moved) return Forward(std::move(moved).error());
  *this = *std::move(moved);
  return {};
}

}  // namespace lxcspec::runtime
